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

/* What may become due, each at most once at a time. Requests to sensors are the last. */
enum radio_event {
    RADIO_TELL_BLUETOOTH,
    RADIO_SIGHTING,
    RADIO_SCAN_ENDED,
    RADIO_FIND,    /* connecting: the band should be seen now */
    RADIO_REACH,   /* connecting: the attempt ends now */
    RADIO_CANCEL,  /* connecting was cancelled */
    RADIO_REFUSE,  /* what was opened out of turn fails */
    RADIO_RELEASE, /* disconnecting is done */
    RADIO_WRITE,
    RADIO_PROBE,
    RADIO_WORK, /* the hooks' own */
    RADIO_NOTIFY,
    RADIO_EVENTS = RADIO_NOTIFY + SENSOR_COUNT
};

enum radio_state { RADIO_IDLE, RADIO_CONNECTING, RADIO_CONNECTED, RADIO_DISCONNECTING };

struct radio;

/* A link, or what was opened out of turn and is still to be told so. */
struct radio_link {
    struct ble_link link;
    struct radio *radio;
    struct radio_link *next; /* of radio->refused_links */
};

struct radio_hooks {
    const struct backend_ops *ops;
    void (*identify)(const struct radio *radio, int which, struct band_identity *band);
    bool (*in_air)(const struct radio *radio, int which);
    /* Whether this attempt to reach a band that was seen succeeds. */
    bool (*reached)(struct radio *radio, int which);
    /* The link is made: fills battery, firmware and anchor. */
    void (*link_up)(struct radio *radio, struct band_link *link);
    void (*link_down)(struct radio *radio, enum link_end end);
    void (*subscribed)(struct radio *radio, enum sensor sensor);
    /* Something of the hooks' own is due; sets the next time with radio_work_at(). */
    void (*work)(struct radio *radio);
    /* The last call: lets go of what is the owner's, frees it, and calls radio->done. */
    void (*close)(struct radio *radio);
};

struct radio {
    struct backend backend;
    const struct radio_hooks *hooks;
    uv_timer_t timer;
    struct sim_random random;
    int64_t due[RADIO_EVENTS]; /* boot time, µs */
    void (*happen)(struct radio *radio, enum radio_event event);
    void (*ended)(struct radio *radio);
    int64_t sight[RADIO_BANDS_MAX]; /* when each band advertises next */
    double pace;                    /* 1, or how much of the time a radio takes */
    const struct band_model *model; /* of the bands */
    int bands;
    int rssi;
    bool available, powered;
    bool scanning;
    enum radio_state state;
    struct radio_link *link; /* NULL only while idle */
    struct radio_link *refused_links;
    int target;                /* which band, -1: none of ours */
    bool wanted[SENSOR_COUNT]; /* as asked for, until it is acknowledged */
    bool notifying[SENSOR_COUNT];
    bool control; /* whether EEG control can be written */
    bool wants_start, started;
    bool control_known; /* what was written was start or stop */
    sensor_set refused;
    bool closing;
    void (*done)(void *user);
    void *done_user;
};

#endif
