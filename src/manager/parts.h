/* A device's parts, and what is read of them together. device.h has what is done with them. */
#ifndef MANAGER_PARTS_H
#define MANAGER_PARTS_H

#include <math.h>

#include "flow.h"
#include "ground.h"
#include "reach.h"
#include "sensors.h"
#include "stream.h"
#include "utc.h"

/* What a disconnect has still to tell when it is through. */
struct farewell {
    bool connected;    /* device_disconnected is due */
    sensor_set stream; /* stream_stopped is due for these; 0: none */
    struct band_identity band;
};

struct device {
    struct ground *ground;
    unsigned place;
    uint64_t came;                 /* the number of its band's arrival */
    struct link_listener listener; /* for the backend */
    struct ble_link *link;         /* NULL: none is open */
    struct reach reach;
    struct sensors sensors;
    struct stream stream;
    struct flow flow;
    struct utc utc;
    struct replies connects, disconnects, starts; /* that are owed */
    struct farewell farewell;
    sensor_set recording;         /* the recording's demand */
    struct band_identity orderly; /* of which haste has brought nothing */
    struct manager_wants wants_told;
    int64_t wake_us;             /* when it wants to be asked for its next step at the latest */
    bool stirred;                /* it has to be asked now */
    bool untold;                 /* it was asked: what has changed is to be told */
    enum manager_link link_told; /* by device_info */
    bool info_changed;           /* device_info has to be told */
    bool bad_packet_logged;
};

/* How the log names it. */
static inline const char *device_label(const struct device *d)
{
    return d->reach.label;
}

static inline bool device_is_connected(const struct device *d)
{
    return d->reach.state == LINK_CONNECTED;
}

static inline sensor_set device_demand(const struct device *d)
{
    return (stream_sensors(&d->stream) | d->recording | d->ground->config.always) & d->sensors.has;
}

/* What its link is to bring now. */
static inline sensor_set device_wanted(const struct device *d)
{
    return device_is_connected(d) ? device_demand(d) | SENSOR_BIT(SENSOR_BAT) : 0;
}

/* s; NAN where the sensor is not wanted. */
static inline double device_silent_for(const struct device *d, enum sensor sensor)
{
    return device_wanted(d) & SENSOR_BIT(sensor)
               ? sensors_silent_for(&d->sensors, sensor, d->ground->when.now_us)
               : NAN;
}

static inline int64_t device_clock_offset_us(const struct device *d)
{
    const struct clock_anchor *anchor = &d->reach.device.anchor;

    return anchor->utc_us - anchor->boot_us;
}

/* The EEG rate of its band; 0: unknown. */
static inline int device_eeg_rate(const struct device *d)
{
    return d->reach.known ? flow_eeg_rate(&d->flow) : 0;
}

#endif
