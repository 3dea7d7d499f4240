/*
 * The band's clock: packets' ticks to UTC, gaps, wrap, reboot. Pure: no clock of the host is read.
 *
 * All sensors of a band stamp their packets with one counter, so there is one mapping
 * from ticks to the host's boot time for all of them. A radio only ever adds delay: the mapping
 * follows the lower envelope of (arrival − end of packet), a line under the points that allows for
 * the drift of the band's crystal (Moon, Skelly & Towsley 1999, "Estimation and removal of clock
 * skew from network delay measurements"). UTC is laid over boot time by an anchor taken at each
 * connection.
 */
#ifndef BAND_CLOCK_H
#define BAND_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/packet.h"
#include "band/sensor.h"

/* One instant on both of the host's clocks, µs: CLOCK_BOOTTIME and UTC. */
struct clock_anchor {
    int64_t boot_us;
    int64_t utc_us;
};

enum clock_verdict {
    CLOCK_ACCEPTED, /* *stamp is filled */
    CLOCK_LATE,     /* a duplicate or a late packet: count and drop */
    CLOCK_SUSPECT,  /* the tick makes no sense yet: hold the packet until the next is judged */
    /*
     * The tick makes no sense, but agrees with the suspect one before: the band has rebooted. The
     * clock has begun anew; offer the one held, then this one again.
     */
    CLOCK_REBOOTED,
};

/* Where and when the samples of an accepted packet are; the fields of struct sample_block. */
struct clock_stamp {
    double first_ms, step_ms;
    double first_tick, tick_step;
    uint32_t lost;
    bool restart;
    bool rebooted; /* this packet revealed a reboot of the band */
    int rate;
    double rate_measured;
};

struct clock;

/* Of a band of this kind. */
struct clock *clock_create(const struct band_model *model);
void clock_destroy(struct clock *clock);

/* A connection begins: UTC is anchored anew, the next packet is judged against the time elapsed. */
void clock_link_up(struct clock *clock, struct clock_anchor anchor);

/* The sensor was stopped on purpose: what is missing until its next packet is not lost. */
void clock_pause(struct clock *clock, enum sensor sensor);

/*
 * The nominal rate of the EEG, 0 while unknown. Until it is known, EEG packets are only to be shown
 * to clock_observe(), held, and stamped once two steps between them agreed: true then. A rate that
 * does not show in time is assumed by clock_assume_rate(). Stamping goes on observing, and a stamp
 * may tell another rate than those before.
 */
int clock_eeg_rate(const struct clock *clock);
bool clock_observe(struct clock *clock, const struct samples *samples);
void clock_assume_rate(struct clock *clock);

/* UTC in Unix ms of a boot time, by the anchor of the connection. */
double clock_utc_ms(const struct clock *clock, int64_t boot_us);

/* Puts a decoded packet in time. Not for the battery, which has no tick. */
enum clock_verdict clock_stamp(struct clock *clock, const struct samples *samples,
                               int64_t arrival_us, struct clock_stamp *stamp);

/*
 * The clock's whole state as one word-separated line of text, for `#! clock` of a capture, so that
 * what is computed from the capture is what was computed live. Boot times in it are relative to
 * `origin_us`. save: returns the length, at most CLOCK_STATE_MAX with the terminating zero. load:
 * false, and the clock as it was, its anchor too, if the text is no such state.
 */
#define CLOCK_STATE_MAX 8000
size_t clock_save(const struct clock *clock, int64_t origin_us, char *out);
bool clock_load(struct clock *clock, int64_t origin_us, const char *text);

#endif
