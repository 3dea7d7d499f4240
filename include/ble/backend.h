/*
 * A backend: where bands come from. bluez is the real one; sim and replay are the same to all
 * above.
 *
 * The manager calls the operations, the backend answers through the listener. Everything is
 * asynchronous: no operation blocks, and none calls the listener before it has returned. At most
 * one scan, one connection attempt or link, and one pending request a sensor exist at a time; the
 * manager sees to that. An operation that makes no sense in the backend's state is ignored with its
 * completion still given. The end of a link voids what is pending on it: of that no completion is
 * told, for nothing was refused.
 */
#ifndef BLE_BACKEND_H
#define BLE_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "band/clock.h"
#include "band/packet.h"
#include "band/sensor.h"
#include "base/error.h"

#define BAND_NAME_SIZE     32 /* with the terminating zero */
#define BAND_ADDRESS_SIZE  18 /* "AA:BB:CC:DD:EE:FF" */
#define BAND_FIRMWARE_SIZE 32
#define RSSI_UNKNOWN       127 /* as in HCI */
#define RSSI_LEAST         (-127)
#define BATTERY_UNKNOWN    (-1)

/* A band: as advertised, upper-case address. Either may be "" where only the other is known. */
struct band_identity {
    char name[BAND_NAME_SIZE];
    char address[BAND_ADDRESS_SIZE];
};

struct band_sighting {
    struct band_identity band;
    int rssi; /* dBm, or RSSI_UNKNOWN */
};

/* A link just made: GATT is resolved and every characteristic was checked. */
struct band_link {
    struct band_identity band; /* both fields known */
    int rssi;
    int battery_level;                 /* %, or BATTERY_UNKNOWN */
    char firmware[BAND_FIRMWARE_SIZE]; /* "" where the band does not tell */
    struct clock_anchor anchor; /* taken now, on the clock that packets' arrivals are given in */
};

enum link_end {
    LINK_END_ASKED,     /* by disconnect() */
    LINK_END_LOST,      /* the band is gone, or the stack says so */
    LINK_END_BLUETOOTH, /* adapter off or gone, bluetoothd or the bus gone */
};

/* Pointers are borrowed for the call. */
struct backend_listener {
    void *user;
    /* Whether a scan or a connection has a chance; told once at start and on each change. */
    void (*bluetooth)(void *user, bool available, bool powered, const char *message);
    /* A band was seen while scanning; again whenever its RSSI was told anew. */
    void (*seen)(void *user, const struct band_sighting *sighting);
    /* Scanning ended: NULL after scan_stop(), else why it can't go on. */
    void (*scan_ended)(void *user, const struct failure *failure);
    void (*connected)(void *user, const struct band_link *link);
    /* connect() failed, or was cancelled by disconnect() (ERROR_CANCELLED). */
    void (*connect_failed)(void *user, const struct failure *failure);
    void (*disconnected)(void *user, enum link_end end);
    /* Completion of notify(): failure is NULL on success. A failed one leaves notifications off. */
    void (*notified)(void *user, enum sensor sensor, bool on, const struct failure *failure);
    /* Completion of control(). */
    void (*controlled)(void *user, const struct failure *failure);
    /* Completion of probe(): whether the band itself has answered. */
    void (*probed)(void *user, bool alive);
    /* One notification, or a battery level read (SENSOR_BAT, one byte). */
    void (*packet)(void *user, const struct packet *packet);
};

struct backend;

struct backend_ops {
    const char *name;
    void (*scan_start)(struct backend *backend);
    void (*scan_stop)(struct backend *backend);
    /*
     * Looks for the band while it must (by address if that is known, else by name), connects,
     * resolves and checks GATT, reads battery and firmware. It tries until disconnect() cancels it:
     * the time limit is the manager's; but ERROR_BLUETOOTH and the like end it at once. `seen`
     * tells whether it was in the air.
     */
    void (*connect)(struct backend *backend, const struct band_identity *band);
    /* Cancels a connect() (then connect_failed) or ends the link (then disconnected). */
    void (*disconnect)(struct backend *backend);
    /* Turns a data characteristic's notifications on or off. */
    void (*notify)(struct backend *backend, enum sensor sensor, bool on);
    /* Writes ASCII (the model's start or stop) to EEG control, with response. */
    void (*control)(struct backend *backend, const char *text);
    /*
     * Asks the band for something that only it can answer, over the link. None of it is told where
     * the link ends first; one at a time.
     */
    void (*probe)(struct backend *backend);
    /*
     * Lets go of everything and frees itself, then calls `done`; the listener is not called any
     * more. It takes what its protocol takes (bluez: a Disconnect), the caller has its own limit.
     */
    void (*destroy)(struct backend *backend, void (*done)(void *user), void *user);
};

/* The head of every backend's own struct. */
struct backend {
    const struct backend_ops *ops;
    struct backend_listener listener; /* set by the manager before the loop runs */
};

#endif
