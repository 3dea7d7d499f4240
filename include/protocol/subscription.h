/* What of the broadcasts a client wants; replies and its own errors always come. */
#ifndef PROTOCOL_SUBSCRIPTION_H
#define PROTOCOL_SUBSCRIPTION_H

#include <stdbool.h>

#include "band/sensor.h"

struct subscription {
    sensor_set raw, processed;
    bool events;
};

/* Nothing is computed from the battery. */
#define SENSOR_SET_PROCESSED (SENSOR_SET_ALL & ~SENSOR_BIT(SENSOR_BAT))
#define SUBSCRIPTION_ALL     ((struct subscription){SENSOR_SET_ALL, SENSOR_SET_PROCESSED, true})

#endif
