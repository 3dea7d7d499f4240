/*
 * A backend: where bands come from. bluez is the real one; sim and replay are the same to all
 * above.
 *
 * What is above calls operations, the backend answers through listeners. Everything is
 * asynchronous: no operation blocks, and none calls a listener before it has returned. There is at
 * most one scan, and on a link one request a sensor, one write and one probe pending at a time:
 * the caller sees to that.
 *
 * A link is the caller's from open() until `down`, whatever comes of it:
 *
 *   open() ──▸ being made ──up──▸ up ──▸ down     asked by close(), lost, Bluetooth gone
 *                  └─────────────────▸ down     failed; cancelled by close()
 *
 * `down` comes once a link and is the last that is heard of it: the handle is no more by then, so
 * it must not be used from there on, and what was pending is void, for nothing was refused. Only
 * destroy() takes links away without a `down`. A backend frees its links itself, nobody else does.
 *
 * Several links may be open at a time. A backend that can't carry one more says so by `down`, as
 * one that failed with ERROR_BUSY, and why: that the band has a link (each has at most one), or
 * that no adapter has room, with how many bands it carries.
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
#define BAND_ADAPTER_SIZE  16
#define RSSI_UNKNOWN       127 /* as in HCI */
#define RSSI_LEAST         (-127)
#define BATTERY_UNKNOWN    (-1)
#define LINK_CLOSE_MS      10000 /* bluetoothd takes 2 s for a Disconnect */

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
    struct band_identity band;      /* both fields known */
    const struct band_model *model; /* what kind it is; NULL: as its name says */
    int rssi;
    int battery_level;                 /* %, or BATTERY_UNKNOWN */
    char firmware[BAND_FIRMWARE_SIZE]; /* "" where the band does not tell */
    char adapter[BAND_ADAPTER_SIZE];   /* that carries it, "hci0"; "" where there is none to name */
    struct clock_anchor anchor; /* taken now, on the clock that packets' arrivals are given in */
};

enum link_end {
    LINK_END_ASKED,     /* by close() */
    LINK_END_LOST,      /* the band is gone, or the stack says so */
    LINK_END_BLUETOOTH, /* adapter off or gone, bluetoothd or the bus gone */
    LINK_END_FAILED,    /* it was never up, and won't be: the failure says why */
    LINK_END_CANCELLED, /* it was never up: close() came first */
};

/* What is told of one link. Pointers are borrowed for the call. */
struct link_listener {
    void *user;
    /* Not after close(). */
    void (*up)(void *user, const struct band_link *made);
    /* Completion of notify(): failure is NULL on success. A failed one leaves notifications off. */
    void (*notified)(void *user, enum sensor sensor, bool on, const struct failure *failure);
    /* Completion of write(). */
    void (*written)(void *user, const struct failure *failure);
    /* Completion of probe(): whether the band itself has answered. */
    void (*probed)(void *user, bool alive);
    /* One notification, or a battery level read (SENSOR_BAT, one byte). */
    void (*packet)(void *user, const struct packet *packet);
    /* `failure` is NULL but for LINK_END_FAILED. */
    void (*down)(void *user, enum link_end end, const struct failure *failure);
};

struct ble_link;

/* Requests are for a link that is up and not closed: else they do nothing, and nothing is told. */
struct ble_link_ops {
    /* Gives it up or ends it: `down` follows within LINK_CLOSE_MS. Again it does nothing. */
    void (*close)(struct ble_link *link);
    /* Turns a data characteristic's notifications on or off. */
    void (*notify)(struct ble_link *link, enum sensor sensor, bool on);
    /* Writes ASCII (its model's `control`) to the band's control characteristic, with response. */
    void (*write)(struct ble_link *link, const char *text);
    /* Asks the band for something that only it can answer, over the link. */
    void (*probe)(struct ble_link *link);
};

/* The head of every backend's own struct of a link. */
struct ble_link {
    const struct ble_link_ops *ops;
    struct link_listener listener;
};

/* What is told of the backend. Pointers are borrowed for the call. */
struct backend_listener {
    void *user;
    /* Whether a scan or a connection has a chance; told once at start and on each change. */
    void (*bluetooth)(void *user, bool available, bool powered, const char *message);
    /* A band was seen, by a scan or in looking for it; again whenever its RSSI was told anew. */
    void (*seen)(void *user, const struct band_sighting *sighting);
    /* Scanning ended: NULL after scan_stop(), else why it can't go on. */
    void (*scan_ended)(void *user, const struct failure *failure);
};

struct backend;

struct backend_ops {
    const char *name;
    void (*scan_start)(struct backend *backend);
    void (*scan_stop)(struct backend *backend);
    /*
     * Looks for the band while it must (by address if that is known, else by name), connects,
     * resolves and checks GATT, reads battery and firmware. It tries until close(): the time limit
     * is the caller's; but ERROR_BLUETOOTH and the like end it at once. `seen` tells whether it was
     * in the air. Band and listener are copied. NULL: no memory, and nothing was begun.
     */
    struct ble_link *(*open)(struct backend *backend, const struct band_identity *band,
                             const struct link_listener *listener);
    /*
     * Lets go of everything and frees itself, then calls `done`; no listener is called any more,
     * and all links are void at once. It takes what its protocol takes (bluez: a Disconnect), the
     * caller has its own limit.
     */
    void (*destroy)(struct backend *backend, void (*done)(void *user), void *user);
};

/* The head of every backend's own struct. */
struct backend {
    const struct backend_ops *ops;
    struct backend_listener listener; /* set by the manager before the loop runs */
};

#endif
