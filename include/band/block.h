/* A block: the samples of one packet, put in time. What dsp, messages and recordings work on. */
#ifndef BAND_BLOCK_H
#define BAND_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "band/packet.h"

/* The unit of a block's ticks, whatever the band's counter counts in: 1/32768 s of its time. */
#define BLOCK_TICK_HZ 32768

/*
 * Two time scales. `first_ms` + i·`step_ms` is the UTC of sample i in Unix milliseconds: what
 * people are told. `first_tick` + i·`tick_step` is the same instant on the band's own counter,
 * unwrapped: what windows and grids are cut by, for it is the same live, replayed and offline.
 */
struct sample_block {
    int64_t arrival_us;    /* CLOCK_BOOTTIME of the packet */
    double arrival_utc_ms; /* the same in UTC */
    double first_ms;
    double step_ms;
    double first_tick; /* PPG and ACC: on the fitted line of their ticks */
    double tick_step;  /* ticks between samples: BLOCK_TICK_HZ / measured rate */
    uint32_t lost;     /* samples missing just before this block, at this block's rate */
    uint32_t owed;     /* of these, what an outage cost a stream that was ended in it */
    /*
     * The block does not continue the one before it: first of a stream, after a pause asked for, a
     * reconnect or a reboot of the band. Filters re-settle and no window spans it, whatever `lost`
     * says.
     */
    bool restart;
    int rate;             /* the band's own, nominal, Hz; 0 for the battery */
    int decimation;       /* of these samples, each n-th of the band's; 0 and 1: all */
    double rate_measured; /* fitted, Hz; NAN before the fit and for the battery */
    struct samples samples;
};

/* The nominal rate of these samples, Hz; 0 for the battery. */
static inline double block_sample_rate(const struct sample_block *block)
{
    return block->decimation > 1 ? (double)block->rate / block->decimation : block->rate;
}

/* Who lost what is missing before the block, at the band's own rate: the band itself now and then
 * skips samples, the radio whole packets, so by its length a gap is told from the other kind. One
 * across a connection's end is the link's in any case. */
static inline bool block_lost_by_link(const struct sample_block *block)
{
    return block->lost > 0 && (block->restart || block->lost >= block->samples.as->packet_samples);
}

/* What an EEG channel measures: its first value that is no zero, for the band's zeros are false. */
static inline double block_measured(const struct sample_block *block, size_t channel)
{
    for (size_t i = 0; i < block->samples.count; i++) {
        if (block->samples.eeg[i].uv[channel] != 0)
            return block->samples.eeg[i].uv[channel];
    }
    return 0;
}

#endif
