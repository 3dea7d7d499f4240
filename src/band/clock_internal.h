/* The clock's state, for clock.c which works on it and clock_state.c which writes it down. */
#ifndef BAND_CLOCK_INTERNAL_H
#define BAND_CLOCK_INTERNAL_H

#include "band/clock.h"

#include "envelope.h"
#include "line_fit.h"
#include "rate.h"

/* A sensor's stream. Its line fit and what was told of it outlive a reboot of the band. */
struct sensor_clock {
    bool known;   /* the next two are of its last packet in this boot of the band */
    int64_t tick; /* of the first sample, unwrapped */
    uint32_t count;
    bool fresh;  /* the next packet does not continue the last */
    bool paused; /* on purpose: what is missing until then is not lost */
    bool told;   /* the next is where its last sample ended, in boot time */
    int64_t told_end_us;
    double told_ms; /* UTC of the last sample told in this connection, -1e18 before one */
    struct line_fit fit;
};

struct clock {
    const struct band_model *model;
    double hz, ticks_a_us; /* of its counter */
    struct clock_anchor anchor;
    bool
        running; /* the band's counter has been seen since its boot, the rest of this block holds */
    bool judge;  /* the next packet is the first after a connection */
    bool reveal; /* the next stamp tells the reboot */
    int64_t zero_tick, zero_boot_us; /* one instant: the origin of x and of all doubles below */
    int64_t end_tick, arrival_us;    /* of the newest packet accepted: its end */
    int64_t eeg_arrival_us;          /* of the last EEG, or the beginning */
    double offset_x;                 /* s: end of the newest packet that moved the offset */
    double offset_us;                /* in use: boot time = zero + x + offset */
    struct envelope envelope;
    struct rate_detector eeg_rate;
    struct {
        bool held;
        enum sensor sensor;
        uint32_t tick;
        int64_t end_ticks; /* from its tick to its end */
        int64_t arrival_us;
    } suspect;
    struct sensor_clock sensor[SENSOR_STREAMED];
};

#define CLOCK_TOLD_NOTHING (-1e18)

void clock_reset(struct clock *clock, const struct band_model *model);

#endif
