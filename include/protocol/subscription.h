/* What of the broadcasts a client wants; replies and its own errors always come. */
#ifndef PROTOCOL_SUBSCRIPTION_H
#define PROTOCOL_SUBSCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "band/sensor.h"

/* Bands whose data a client may name: as many as there are at a time. */
#define SUBSCRIPTION_DEVICES_MAX 8
#define SUBSCRIPTION_NAME_SIZE   32

struct subscription {
    sensor_set raw, processed, bands; /* bands: the EEG's fast lane */
    bool events;
    /* Whose data: of no others; none named: of all. Without regard to case. */
    char devices[SUBSCRIPTION_DEVICES_MAX][SUBSCRIPTION_NAME_SIZE];
    size_t device_count;
};

/* Nothing is computed from the battery. */
#define SENSOR_SET_PROCESSED (SENSOR_SET_ALL & ~SENSOR_BIT(SENSOR_BAT))
#define SENSOR_SET_BANDS     SENSOR_BIT(SENSOR_EEG)
/* What a connection begins with: the bands only on demand. */
#define SUBSCRIPTION_DEFAULT                                                                       \
    ((struct subscription){                                                                        \
        .raw = SENSOR_SET_ALL, .processed = SENSOR_SET_PROCESSED, .events = true})

#endif
