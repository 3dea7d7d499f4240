/*
 * The simulated band behind its radio: one packet after the other in the order of their arrival.
 * Pure: times are µs since its power-on.
 */
#ifndef BLE_SIM_BAND_H
#define BLE_SIM_BAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/model.h"
#include "band/sensor.h"
#include "ble/sim.h"

struct sim_packet {
    enum sensor sensor;
    int64_t complete_us; /* its last sample was taken */
    int64_t arrival_us;  /* after `jitter` */
    bool lost;           /* on purpose, on the air */
    bool duplicate;      /* arrives twice */
    size_t len;
    uint8_t bytes[BAND_PACKET_MAX];
};

struct sim_band;

/* `which` band of the scan: each has a wearer of its own. `event` is s since its power-on. NULL: no
 * memory. */
struct sim_band *sim_band_create(const struct sim_options *options, int which);
void sim_band_destroy(struct sim_band *band);

/* The next packet; valid until sim_band_advance(), which makes the one after it. */
const struct sim_packet *sim_band_next(const struct sim_band *band);
void sim_band_advance(struct sim_band *band);

/*
 * Nobody listened until `time_us`: leaves out what would have come before. More than a minute is
 * left out without being made, so the wearer stands still for that long.
 */
void sim_band_skip_to(struct sim_band *band, int64_t time_us);

/* The counter begins at 0 again; what is under way is dropped. */
void sim_band_reboot(struct sim_band *band, int64_t time_us);

/* %, at this time. */
int sim_band_battery(const struct sim_band *band, int64_t time_us);

#endif
