#include "dsp/timeline.h"

#include <math.h>
#include <string.h>

#include "dsp/grid.h"
#include "dsp/mend.h"

/* The rate's fit settles by parts per million: what is less isn't worth new coefficients. */
#define RETUNE 1e-5

void timeline_init(struct timeline *timeline, int rate, uint32_t tail, double mains_hz)
{
    *timeline = (struct timeline){.rate = rate, .limit = (unsigned)rate / 50, .tail = tail};
    for (size_t c = 0; c < EEG_CHANNELS; c++)
        notch_init(&timeline->channel[c].notch, mains_hz, rate);
    timeline_reset(timeline);
}

void timeline_reset(struct timeline *timeline)
{
    timeline->count = 0;
    timeline->broken = true;
    timeline->extra = 0;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        struct notch notch = timeline->channel[c].notch;
        notch_settle(&notch, 0);
        timeline->channel[c] = (struct timeline_channel){.notch = notch};
    }
}

static void retune(struct timeline *timeline, double rate)
{
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        struct notch *notch = &timeline->channel[c].notch;
        if (fabs(rate / notch->rate - 1) > RETUNE)
            notch_retune(notch, rate);
    }
}

/* ---- one channel of one slot */

static bool is_measurement(const struct timeline_channel *channel, double saturated, double uv,
                           double elsewhere)
{
    if (!isfinite(uv) || fabs(uv) >= saturated)
        return false;
    return !zero_is_false(uv, channel->started ? channel->raw : elsewhere);
}

/* The channel's pending run ends in a good value: the line between the two. */
static void bridge(struct timeline *timeline, size_t c, double to)
{
    struct timeline_channel *channel = &timeline->channel[c];
    for (unsigned i = 1; i <= channel->run; i++) {
        size_t at = timeline->count - channel->run + i - 1;
        struct slot_channel *missing = &timeline->pending[at].channel[c];
        missing->uv = channel->last + (to - channel->last) * i / (channel->run + 1);
        missing->state = SLOT_BRIDGED;
    }
}

static void take_good(struct timeline *timeline, size_t c, struct slot_channel *out, double uv)
{
    struct timeline_channel *channel = &timeline->channel[c];
    if (channel->started && !channel->held) {
        out->uv = notch_step(&channel->notch, uv - channel->level);
        bridge(timeline, c, out->uv);
    } else {
        out->uv = channel->last;
        channel->level = uv - notch_coast(&channel->notch, channel->last);
    }
    out->mains = uv - channel->level - out->uv;
    out->state = SLOT_GOOD;
    channel->started = true;
    channel->held = false;
    channel->run = 0;
    channel->last = out->uv;
    channel->raw = uv;
}

/* The run has become a hole: what waited to be bridged is held. */
static void give_up(struct timeline *timeline, size_t c)
{
    struct timeline_channel *channel = &timeline->channel[c];
    channel->held = true;
    for (size_t i = 0; i < timeline->count; i++) {
        struct slot_channel *slot = &timeline->pending[i].channel[c];
        if (slot->state == SLOT_PENDING)
            slot->state = SLOT_HELD;
    }
}

static void take_missing(struct timeline *timeline, size_t c, struct slot_channel *out)
{
    struct timeline_channel *channel = &timeline->channel[c];
    if (channel->run < UINT32_MAX)
        channel->run++;
    /* Half a second is as long as the mains' phase is worth keeping. */
    if (channel->run <= (unsigned)timeline->rate / 2)
        notch_coast(&channel->notch, channel->last);
    else
        notch_settle(&channel->notch, channel->last);
    if (!channel->held && (!channel->started || channel->run > timeline->limit))
        give_up(timeline, c);
    out->uv = channel->last;
    out->mains = 0;
    out->state = channel->held ? SLOT_HELD : SLOT_PENDING;
}

/* ---- slots */

static bool is_resolved(const struct slot *slot)
{
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        if (slot->channel[c].state == SLOT_PENDING)
            return false;
    }
    return true;
}

/* Hands out the slots at the head whose channels are all known. */
static void release(struct timeline *timeline, slot_sink *sink, void *user)
{
    size_t done = 0;
    while (done < timeline->count && is_resolved(&timeline->pending[done]))
        sink(user, &timeline->pending[done++]);
    timeline->count -= done;
    memmove(timeline->pending, timeline->pending + done,
            timeline->count * sizeof timeline->pending[0]);
}

static struct slot slot_of(struct timeline *timeline, const struct sample_block *block)
{
    struct slot slot = {
        .jump = timeline->broken,
        .extra = timeline->extra,
        .rate = block->rate,
    };
    timeline->broken = false;
    timeline->extra = 0;
    return slot;
}

static void append(struct timeline *timeline, const struct slot *slot, slot_sink *sink, void *user)
{
    timeline->tick = slot->tick;
    timeline->ms = slot->ms;
    timeline->pending[timeline->count++] = *slot;
    release(timeline, sink, user);
}

static void append_missing(struct timeline *timeline, struct slot *slot, slot_sink *sink,
                           void *user)
{
    slot->leadoff = 0;
    for (size_t c = 0; c < EEG_CHANNELS; c++)
        take_missing(timeline, c, &slot->channel[c]);
    append(timeline, slot, sink, user);
}

/* The slots of a gap, evenly between the samples around it. */
static void fill_gap(struct timeline *timeline, const struct sample_block *block, slot_sink *sink,
                     void *user)
{
    uint32_t slots = block->lost < timeline->tail ? block->lost : timeline->tail;
    double tick = timeline->tick, ms = timeline->ms, parts = (double)block->lost + 1;
    for (uint32_t i = 1; i <= slots; i++) {
        struct slot slot = slot_of(timeline, block);
        slot.tick = tick + (block->first_tick - tick) * i / parts;
        slot.ms = ms + (block->first_ms - ms) * i / parts;
        append_missing(timeline, &slot, sink, user);
    }
    if (block->lost > slots) {
        timeline_reset(timeline);
        timeline->extra = block->lost - slots;
    }
}

static void take_sample(struct timeline *timeline, const struct sample_block *block, size_t i,
                        struct slot *slot)
{
    const struct eeg_sample *sample = &block->samples.eeg[i];
    slot->leadoff = (uint8_t)sample->leadoff;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        double uv = sample->uv[c], elsewhere = uv;
        if (uv == 0 && !timeline->channel[c].started)
            elsewhere = block_measured(block, c);
        if (is_measurement(&timeline->channel[c], timeline->saturated, uv, elsewhere))
            take_good(timeline, c, &slot->channel[c], uv);
        else
            take_missing(timeline, c, &slot->channel[c]);
        slot->channel[c].saturated = fabs(uv) >= timeline->saturated;
    }
}

void timeline_push(struct timeline *timeline, const struct sample_block *block, slot_sink *sink,
                   void *user)
{
    const struct model_sensor *as = block->samples.as;

    timeline->saturated = as->unit_per_count * (as->full_scale - 0.5);
    retune(timeline, block_rate(block));
    if (timeline->broken)
        timeline->extra += block->lost;
    else
        fill_gap(timeline, block, sink, user);
    for (size_t i = 0; i < block->samples.count; i++) {
        struct slot slot = slot_of(timeline, block);
        slot.tick = block->first_tick + (double)i * block->tick_step;
        slot.ms = block->first_ms + (double)i * block->step_ms;
        slot.sample = true;
        take_sample(timeline, block, i, &slot);
        append(timeline, &slot, sink, user);
    }
}
