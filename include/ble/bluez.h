/*
 * Bands through BlueZ: a backend over org.bluez on D-Bus.
 *
 * Never blocks: each method call is asynchronous and has a time limit of its own. It outlives
 * everything it talks to: bands, adapters, bluetoothd and the bus may go and come back at any time.
 */
#ifndef BLE_BLUEZ_H
#define BLE_BLUEZ_H

#include <stdbool.h>
#include <uv.h>

#include "ble/backend.h"

/* All strings are copied. */
struct bluez_options {
    const char *adapter;     /* its address or its name, hciN; NULL: the first that is powered */
    bool acquire;            /* take notifications over AcquireNotify's socket, not as signals */
    const char *bus_address; /* NULL: the system bus */
    /*
     * The band that our state file names, or NULL: a link to it that we find is one that a crashed
     * run of ours left, and may be dropped where a link of another program may not.
     */
    const char *known_address;
};

/* NULL: no memory. The listener is to be set before the loop runs. */
struct backend *bluez_create(uv_loop_t *loop, const struct bluez_options *options);

#endif
