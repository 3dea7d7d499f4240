/* What of the broadcasts a client wants; replies and its own errors always come. */
#ifndef PROTOCOL_SUBSCRIPTION_H
#define PROTOCOL_SUBSCRIPTION_H

#include <stdbool.h>

#include "band/sensor.h"

struct subscription {
    sensor_set raw, processed, bands; /* bands: the EEG's fast lane */
    bool events;
};

/* Nothing is computed from the battery. */
#define SENSOR_SET_PROCESSED (SENSOR_SET_ALL & ~SENSOR_BIT(SENSOR_BAT))
#define SENSOR_SET_BANDS     SENSOR_BIT(SENSOR_EEG)
/* What a connection begins with: the bands only on demand. */
#define SUBSCRIPTION_DEFAULT                                                                       \
    ((struct subscription){                                                                        \
        .raw = SENSOR_SET_ALL, .processed = SENSOR_SET_PROCESSED, .events = true})

#endif
