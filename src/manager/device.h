/* A device: one band's life, each part of it a machine of its own. */
#ifndef MANAGER_DEVICE_H
#define MANAGER_DEVICE_H

#include <math.h>

#include "flow.h"
#include "ground.h"
#include "sensors.h"
#include "stream.h"
#include "utc.h"

/* Half a second of the promised 20 s is left for the reply's way. */
#define CONNECT_LIMIT_US (20 * SECOND - SECOND / 2)

/* What the backend is at, whatever is wanted. */
enum radio_state { RADIO_FREE, RADIO_TRYING, RADIO_LINKED, RADIO_CLOSING, RADIO_STUCK };

struct radio {
    enum radio_state state;
    struct band_identity band; /* of the attempt */
    int64_t deadline;          /* of the attempt, or of the patience with the backend */
    struct ble_link *handle;   /* while not free */
    struct link_listener listener;
};

/* What a disconnect has still to tell when it is through. */
struct farewell {
    bool connected;    /* device_disconnected is due */
    sensor_set stream; /* stream_stopped is due for these; 0: none */
    struct band_identity band;
};

struct link {
    enum manager_link state;
    struct band_identity band; /* the one wanted, while not idle */
    struct band_link device;   /* as connected last */
    bool known;                /* `device` is of this want: connected now or before the outage */
    bool resumes;              /* waiting: the connection will be one resumed */
    struct replies connects, disconnects;
    int64_t connect_deadline; /* of `connects` */
    int64_t asked_us;         /* when the first of them came */
    int64_t seen_us;          /* when the wanted band was seen last; INT64_MIN: never */
    int64_t connected_us;
    int64_t next_try, backoff;
    bool outage_told; /* device_connection_failed has gone out in this outage */
    bool proven;      /* samples came over this link: an outage begins its back-off anew */
    bool has_next;    /* disconnecting: `connects` want this one afterwards */
    struct band_identity next;
    struct farewell farewell;
    uint64_t reconnects;
    bool has_anchor;
    struct clock_anchor anchor; /* of the newest connection */
};

/* One band's life. */
struct device {
    struct ground *ground;
    char label[BAND_NAME_SIZE]; /* of the band that is wanted, for the log */
    struct radio radio;
    struct link link;
    struct sensors sensors;
    struct stream stream;
    struct replies starts; /* that are owed an answer */
    struct flow flow;
    struct utc utc;
    sensor_set recording; /* the recording's demand */
    struct manager_wants wants_told;
    bool again;        /* settle once more */
    bool info_changed; /* device_info has to be told */
    bool reanchor;     /* samples' times are to follow a step of UTC */
    bool bad_packet_logged;
};

/* How the log names it. */
static inline const char *device_label(const struct device *d)
{
    return d->label;
}

static inline sensor_set device_demand(const struct device *d)
{
    return stream_sensors(&d->stream) | d->recording;
}

/* What its link is to bring now. */
static inline sensor_set device_wanted(const struct device *d)
{
    return d->link.state == LINK_CONNECTED ? device_demand(d) | SENSOR_BIT(SENSOR_BAT) : 0;
}

/* s; NAN where the sensor is not wanted. */
static inline double device_silent_for(const struct device *d, enum sensor sensor)
{
    return device_wanted(d) & SENSOR_BIT(sensor)
               ? sensors_silent_for(&d->sensors, sensor, d->ground->when.now_us)
               : NAN;
}

/* The EEG rate of its band; 0: unknown. */
static inline int device_eeg_rate(const struct device *d)
{
    return d->link.known ? pipeline_eeg_rate(d->flow.pipeline) : 0;
}

const struct band_identity *link_told_band(const struct link *link);

#endif
