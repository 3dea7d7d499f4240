/* The radio's struct, for its files and for whose head it is. */
#ifndef BLE_RADIO_INTERNAL_H
#define BLE_RADIO_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "ble/backend.h"
#include "ble/sim_random.h"

#define RADIO_BANDS_MAX 32
#define RADIO_NEVER     INT64_MAX
#define RADIO_QUIET_US  INT64_C(1000000)

struct radio;

/* Times at which something is due, each at most once at a time; RADIO_NEVER: it isn't. */
struct radio_dues {
    struct radio_dues *next; /* of radio->dues */
    int64_t *at;             /* boot time, µs */
    int count;
    /* at[which] has come, and is RADIO_NEVER by now. */
    void (*happen)(struct radio *radio, void *subject, int which);
    void *subject;
};

enum radio_event {
    RADIO_TELL_BLUETOOTH,
    RADIO_SCAN_ENDED,
    RADIO_ADAPTER, /* the hooks' own */
    RADIO_EVENTS
};

/* Of a link. Requests to sensors are the last. */
enum radio_link_event {
    RADIO_LINK_FIND,    /* connecting: the band should be seen now */
    RADIO_LINK_REACH,   /* connecting: the attempt ends now */
    RADIO_LINK_CANCEL,  /* connecting was cancelled */
    RADIO_LINK_REFUSE,  /* it fails */
    RADIO_LINK_RELEASE, /* disconnecting is done */
    RADIO_LINK_WRITE,
    RADIO_LINK_PROBE,
    RADIO_LINK_NOTIFY,
    RADIO_LINK_EVENTS = RADIO_LINK_NOTIFY + SENSOR_COUNT
};

enum radio_link_state {
    RADIO_LINK_REFUSED, /* opened where it has no chance: still to be told so */
    RADIO_LINK_CONNECTING,
    RADIO_LINK_CONNECTED,
    RADIO_LINK_DISCONNECTING
};

struct radio_link {
    struct ble_link link; /* first: the two are one address */
    struct radio *radio;
    struct radio_link *next; /* of radio->links */
    enum radio_link_state state;
    int which; /* of the bands, -1: none of ours */
    struct radio_dues dues;
    int64_t due[RADIO_LINK_EVENTS];
    enum error_code refusal;
    bool wanted[SENSOR_COUNT]; /* as asked for, until it is acknowledged */
    bool notifying[SENSOR_COUNT];
    bool wants_start, started;
    bool control_known; /* what was written was start or stop */
    sensor_set put_off; /* that were turned off since the link was made, */
    int64_t quiet_us;   /* the last of them then */
};

/* A band in the air: what its owner says of it, and the link that has it. */
struct radio_band {
    const struct band_model *model;
    int rssi;
    bool control; /* whether EEG control can be written */
    sensor_set refused;
    bool orderly; /* of what goes on before all was off, and RADIO_QUIET_US, it sends nothing */
    struct radio_link *link; /* NULL: it is free */
};

struct radio_hooks {
    const struct backend_ops *ops;
    void (*identify)(const struct radio *radio, int which, struct band_identity *band);
    bool (*in_air)(const struct radio *radio, int which);
    /* Whether this attempt to reach a band that was seen succeeds. */
    bool (*reached)(struct radio *radio, int which);
    /* The link is made: fills battery, firmware and anchor. */
    void (*link_up)(struct radio *radio, int which, struct band_link *link);
    void (*link_down)(struct radio *radio, int which, enum link_end end);
    void (*subscribed)(struct radio *radio, int which, enum sensor sensor);
    /* Something of this band's own is due; sets the next time with radio_work_at(). */
    void (*work)(struct radio *radio, int which);
    /* Something of the adapter's is: as radio_adapter_at() was told. NULL: it never is told. */
    void (*adapter)(struct radio *radio);
    /* The last call: lets go of what is the owner's, frees it, and calls radio->done. */
    void (*close)(struct radio *radio);
};

struct radio {
    struct backend backend;
    const struct radio_hooks *hooks;
    uv_timer_t timer;
    struct sim_random random;
    struct radio_dues *dues;
    void (*ended)(struct radio *radio);
    struct radio_dues own_dues, sight_dues, work_dues;
    int64_t own[RADIO_EVENTS];
    int64_t sight[RADIO_BANDS_MAX]; /* when each band advertises next */
    int64_t work[RADIO_BANDS_MAX];
    double pace; /* 1, or how much of the time a radio takes */
    struct radio_band band[RADIO_BANDS_MAX];
    int bands;
    bool available, powered, scanning;
    struct radio_link *links; /* in the order in which they were opened */
    bool closing;
    void (*done)(void *user);
    void *done_user;
};

#endif
