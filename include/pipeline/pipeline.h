/*
 * The pipeline: packets in, timed sample blocks and features out. One per band. Pure: the same code
 * for live, simulated, replayed and offline data; it knows no clock of the host, no socket, bus or
 * file.
 *
 *   packet → decode → clock → block → listener.samples
 *                                   ↘ dsp → listener.eeg, .ppg, .acc, .bands
 */
#ifndef PIPELINE_PIPELINE_H
#define PIPELINE_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "band/block.h"
#include "band/clock.h"
#include "band/packet.h"
#include "band/sensor.h"
#include "dsp/eeg.h"
#include "dsp/heart.h"
#include "dsp/motion.h"

/* What the pipeline tells; every pointer is borrowed for the call. Any member may be NULL. */
struct pipeline_listener {
    void *user;
    void (*samples)(void *user, const struct sample_block *block);
    /* Whether somebody wants the sensor's features now; NULL: always. Where nobody does they need
     * not be told, and what comes later is the same as if somebody had wanted them. */
    bool (*wants_features)(void *user, enum sensor sensor);
    /* The features of dsp/, each after the block that completed it. */
    void (*eeg)(void *user, const struct eeg_features *features);
    void (*ppg)(void *user, const struct ppg_features *features);
    void (*acc)(void *user, const struct acc_features *features);
    /* The EEG's fast lane, where `wants_bands` says that somebody does; NULL: nobody. */
    bool (*wants_bands)(void *user);
    void (*bands)(void *user, const struct eeg_bands *bands);
    /* The nominal EEG rate is known, or turned out to be another than was taken. */
    void (*eeg_rate)(void *user, int rate);
    /* The band's counter started anew within its boot: its samples before are cut off from those
     * after. */
    void (*rebooted)(void *user);
    void (*bad_packet)(void *user, const struct packet *packet, enum packet_fault fault);
};

/* Counts since the sensor's stream was last started, in samples but where said. */
struct pipeline_counts {
    uint64_t received;
    uint64_t packets;         /* that `received` came in */
    uint64_t skipped_by_band; /* gaps shorter than a packet: the band's own */
    uint64_t lost_link;       /* longer gaps */
    uint64_t late_packets;    /* duplicate or late, dropped */
    uint64_t bad_packets;     /* not decodable, dropped */
    double rate_measured;     /* Hz, NAN before the fit */
    int64_t last_arrival_us;  /* of the newest packet accepted; INT64_MIN before one */
};

struct pipeline_config {
    const struct band_model *model; /* the band's kind; NULL: the first of the table */
    int mains_hz;                   /* 50 or 60: where the notch is */
    bool with_features;             /* false: samples only */
};

struct pipeline;

/* NULL if memory runs out. The listener is copied. */
struct pipeline *pipeline_create(const struct pipeline_config *config,
                                 const struct pipeline_listener *listener);
void pipeline_destroy(struct pipeline *pipeline);

/* The kind of band that it was made for. */
const struct band_model *pipeline_model(const struct pipeline *pipeline);

/* A connection begins. Packets before the first of these are dropped. */
void pipeline_link_up(struct pipeline *pipeline, struct clock_anchor anchor);

/* The link is gone. What was held back is delivered now. */
void pipeline_link_down(struct pipeline *pipeline);

/*
 * The sensors wanted from `now_us` on. One that leaves the set is paused: its samples missing until
 * it comes back are not lost; but where it leaves without a connection, those that it should have
 * brought until then are, and are told with its next block. Packets of sensors outside the set are
 * dropped. The counts of one that enters start at zero.
 */
void pipeline_stream(struct pipeline *pipeline, sensor_set sensors, int64_t now_us);

void pipeline_packet(struct pipeline *pipeline, const struct packet *packet);

/*
 * EEG packets are held back until the nominal rate is known: two steps between packets agree, or 1
 * s has passed since the first. Offline the arrival times tell; live, this tells the time where no
 * packet comes.
 */
void pipeline_time(struct pipeline *pipeline, int64_t now_us);

/* The nominal EEG rate, 0 while unknown. It is kept across connections. */
int pipeline_eeg_rate(const struct pipeline *pipeline);

const struct pipeline_counts *pipeline_counts(const struct pipeline *pipeline, enum sensor sensor);

/* UTC in Unix ms that the band's anchor gives for this boot time; what timestamps are told in. */
double pipeline_utc_ms(const struct pipeline *pipeline, int64_t boot_us);

/* The clock's state, for a capture that begins now: see clock_save() and clock_load(). */
size_t pipeline_clock_save(const struct pipeline *pipeline, int64_t origin_us, char *out);
bool pipeline_clock_load(struct pipeline *pipeline, int64_t origin_us, const char *text);

#endif
