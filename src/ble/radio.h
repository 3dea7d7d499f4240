/*
 * What sim and replay share: a backend whose scan, connection and acknowledgements take the time of
 * a radio, on one timer. Who the bands are and what they send is told through hooks.
 */
#ifndef BLE_RADIO_H
#define BLE_RADIO_H

#include "radio_internal.h"

/* The owner has zeroed *radio, and set its model unless it is the first of the table; false: no
 * timer. Sets up what every backend has alike. */
bool radio_init(struct radio *radio, uv_loop_t *loop, const struct radio_hooks *hooks,
                uint64_t seed);

/* The operations, for the owner's struct backend_ops. */
void radio_scan_start(struct backend *backend);
void radio_scan_stop(struct backend *backend);
struct ble_link *radio_open(struct backend *backend, const struct band_identity *band,
                            const struct link_listener *listener);
void radio_destroy(struct backend *backend, void (*done)(void *user), void *user);

/* For hooks, from `work` only: listeners are called. */
void radio_work_at(struct radio *radio, int64_t boot_us);
void radio_lose_link(struct radio *radio, enum link_end end);
void radio_set_power(struct radio *radio, bool powered);

#endif
