/*
 * Blocks to an unbroken line of slots, one a sampling instant, for filters: samples that are
 * missing are bridged up to 20 ms, and beyond that held, with the level carried over, so that no
 * filter ever sees a step that the head did not make. Pure, constant memory.
 *
 * Missing are samples that were lost on the way or skipped by the band, and per channel what is no
 * measurement: saturation, NaN, and a zero on its own in a signal that is elsewhere (docs/band.md:
 * they occur, and must not become a step of the whole electrode offset).
 */
#ifndef DSP_TIMELINE_H
#define DSP_TIMELINE_H

#include "band/block.h"
#include "dsp/eeg_channels.h"
#include "dsp/filter.h"

enum slot_state {
    SLOT_GOOD,
    SLOT_BRIDGED, /* between good ones at most 20 ms apart: on the line between them */
    SLOT_HELD,    /* in a longer hole: the last good value */
    SLOT_PENDING, /* inside the timeline only: not yet known which */
};

struct slot_channel {
    /* µV: baseline and mains off. The baseline is the first good sample; after a hole it is chosen
     * so that the signal goes on from the value held. */
    double uv;
    double mains; /* what the notch took off, µV */
    enum slot_state state;
    bool saturated;
};

struct slot {
    double tick, ms;
    bool sample;    /* false: no such sample came */
    bool jump;      /* does not continue the slot before: the first of all, or after a long gap */
    uint32_t extra; /* at a jump: samples lost before it that got no slot */
    uint8_t leadoff;
    struct slot_channel channel[EEG_CHANNELS];
    int rate; /* nominal, Hz */
};

typedef void slot_sink(void *user, const struct slot *slot);

/* Nominal rates that are known of the band, Hz. */
#define TIMELINE_RATE_MAX 500
/* 20 ms at the highest rate. */
#define TIMELINE_BRIDGE_MAX 10

struct timeline_channel {
    bool started, held;
    unsigned run; /* slots since the last good one */
    double last;  /* uv of the last good one */
    double raw;   /* µV of the last good one as it came */
    double level;
    struct notch notch;
};

struct timeline {
    int rate;         /* nominal, Hz */
    unsigned limit;   /* slots: the longest run bridged */
    uint32_t tail;    /* slots: how much of a gap is held before the line breaks */
    bool broken;      /* the next slot is a jump */
    uint32_t extra;   /* for that slot */
    double saturated; /* µV, either sign: full scale less half a count */
    double tick, ms;  /* of the newest slot */
    size_t count;     /* slots pending */
    struct slot pending[TIMELINE_BRIDGE_MAX + 1];
    struct timeline_channel channel[EEG_CHANNELS];
};

/* `tail`: how many slots the filter behind needs to let go of its last sample. `mains_hz` 0: none.
 */
void timeline_init(struct timeline *timeline, int rate, uint32_t tail, double mains_hz);

/* Forgets everything; the next slot is a jump. */
void timeline_reset(struct timeline *timeline);

/* Takes a block (block_is_timed, of the timeline's rate) and hands its slots to the sink. */
void timeline_push(struct timeline *timeline, const struct sample_block *block, slot_sink *sink,
                   void *user);

#endif
