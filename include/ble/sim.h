/*
 * Simulated bands: packets as real ones make them, from a simulated wearer each, with the real
 * ones' flaws and faults on order. Scan, connection and acknowledgements take a radio's time; any
 * number of the bands can be connected at a time.
 *
 * A band powers on at its first connection. From there on its packets are decided by the options
 * alone, byte for byte, whenever they are asked for: what a client does only chooses which of them
 * are sent. Its counter runs on while the link is down; only a reboot begins it anew.
 */
#ifndef BLE_SIM_H
#define BLE_SIM_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "band/sensor.h"
#include "base/error.h"
#include "ble/backend.h"

#define SIM_BANDS_MAX   32
#define SIM_MOMENTS_MAX 8
#define SIM_PATH_SIZE   256
#define SIM_OWN_SIZE    1024

/* The first band, number 0; of band N the last two digits are N, in hexadecimal. */
#define SIM_NAME    "LXB-51A00000"
#define SIM_ADDRESS "AA:BB:CC:DD:EE:FF"

/* What the event adds to both channels of EEG, µV. */
#define SIM_EVENT_UV 10000.0

/* Something that begins at a time and lasts, s. */
struct sim_moment {
    double at, lasts;
};

struct sim_moments {
    size_t count;
    struct sim_moment moment[SIM_MOMENTS_MAX];
};

enum sim_adapter { SIM_ADAPTER_ON, SIM_ADAPTER_OFF, SIM_ADAPTER_NONE };

/* sim_options_help() says what each is for, what is allowed and what is assumed. */
struct sim_options {
    /* the wearer and the band */
    int rate;
    double heart, hrv;
    uint64_t seed;
    int mains;
    bool skip, leadoff;
    double battery, drain;
    uint32_t boot;
    double ppm;
    /* the air */
    int bands;
    int rssi;
    double absent; /* s from the start */
    int connectfail;
    enum sim_adapter bluetooth;
    struct sim_moments adapter_off; /* s from the start */
    bool radio_fast;
    /* faults, s from the band's power-on */
    double loss, duplicate, jitter;
    struct sim_moment drop; /* at: mean time between drops, 0: none */
    struct sim_moments drops, reboots;
    struct sim_moments silent[SENSOR_COUNT];
    double stall[SENSOR_COUNT]; /* s after each subscription, 0: never */
    sensor_set refuse;
    bool control;
    bool orderly; /* sends only what goes on after all was off, and a second of quiet */
    /* for tests */
    double speed;
    /* From this time on the EEG of all bands is SIM_EVENT_UV higher; the sample in whose interval
     * it falls by its share of that. s from the start, of a band alone from its power-on;
     * INFINITY: never. */
    double event;
    char truth[SIM_PATH_SIZE]; /* of band N, from the second on, with ".N" behind */
    /* "N:key=value,…": what only band N has so. */
    char own[SIM_OWN_SIZE];
    uint64_t given; /* a bit a key of the table */
};

void sim_options_init(struct sim_options *options);

/* Reads `key=value,…` over what is in *options, N:key=value where it is of band N alone; false, and
 * *failure says what is allowed. */
bool sim_options_parse(const char *text, struct sim_options *options, struct failure *failure);

/* Whether this key was read, for all bands. */
bool sim_options_gave(const struct sim_options *options, const char *key);

/*
 * What band `which` has: what was given for it alone, else for all. From the second on, each has a
 * pulse, a crystal and delays on the air of its own, where these were not given: they are drawn
 * from `seed`, and are the same in every run.
 */
void sim_options_of_band(const struct sim_options *options, int which, struct sim_options *own);

/* One line a key, for --help. */
const char *sim_options_help(void);

/*
 * The backend; `options` are copied. NULL, and *failure says why: no memory, or `truth` can't be
 * written. With `speed` the bands' seconds pass that much faster, and so do arrivals and anchors,
 * which are of one clock: it leaves the host's at the first power-on. At speed 1 arrivals are read
 * off the clock, above it they are when they were due.
 */
struct backend *sim_create(uv_loop_t *loop, const struct sim_options *options,
                           struct failure *failure);

#endif
