/*
 * Bands through BlueZ: a backend over org.bluez on D-Bus.
 *
 * Never blocks: each method call is asynchronous and has a time limit of its own. It outlives
 * everything it talks to: bands, adapters, bluetoothd and the bus may go and come back at any time.
 */
#ifndef BLE_BLUEZ_H
#define BLE_BLUEZ_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "ble/backend.h"

#define BLUEZ_ADAPTERS_MAX 16
#define BLUEZ_KNOWN_MAX    8
#define BLUEZ_LINKS_MAX    4 /* that an adapter carries, unless told otherwise: cheap ones do 5 */

/* All strings are copied. */
struct bluez_options {
    /* Adapters by their addresses or names, hciN, at most BLUEZ_ADAPTERS_MAX; none: one, the first
     * that is powered. A band goes by the one that carries the fewest. */
    const char *const *adapters;
    size_t adapter_count;
    unsigned most;           /* links an adapter may carry; 0: BLUEZ_LINKS_MAX */
    bool acquire;            /* take notifications over AcquireNotify's socket, not as signals */
    const char *bus_address; /* NULL: the system bus */
    /*
     * Addresses of the bands that our state file names, at most BLUEZ_KNOWN_MAX: a link to one that
     * we find is one that a crashed run of ours left, and may be dropped where a link of another
     * program may not.
     */
    const char *const *known;
    size_t known_count;
};

/* NULL: no memory. The listener is to be set before the loop runs. */
struct backend *bluez_create(uv_loop_t *loop, const struct bluez_options *options);

#endif
