/*
 * What sim and replay share: a backend whose scan, connections and acknowledgements take the time
 * of a radio, on one timer, for any number of bands. Who the bands are and what they send is told
 * through hooks; a band is known by its number, from 0.
 */
#ifndef BLE_RADIO_H
#define BLE_RADIO_H

#include "radio_internal.h"

/* The owner has zeroed *radio, and set `bands` and their models (NULL: the first of the table);
 * false: no timer. Sets up what every backend has alike. */
bool radio_init(struct radio *radio, uv_loop_t *loop, const struct radio_hooks *hooks,
                uint64_t seed);

/* The operations, for the owner's struct backend_ops. */
void radio_scan_start(struct backend *backend);
void radio_scan_stop(struct backend *backend);
struct ble_link *radio_open(struct backend *backend, const struct band_identity *band,
                            const struct link_listener *listener);
void radio_destroy(struct backend *backend, void (*done)(void *user), void *user);

void radio_work_at(struct radio *radio, int which, int64_t boot_us);
void radio_adapter_at(struct radio *radio, int64_t boot_us);

/* From `work` and `adapter` only: listeners are called. */
void radio_lose_link(struct radio *radio, int which, enum link_end end);
void radio_set_power(struct radio *radio, bool powered);

#endif
