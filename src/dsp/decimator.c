#include "dsp/decimator.h"

#include <math.h>
#include <stdlib.h>

#include <liquid/liquid.h>

#include "dsp/filter.h"
#include "dsp/grid.h"
#include "dsp/timeline.h"

/*
 * Kaiser's formulas for 80 dB and 25 outputs either side: flat to
 * 0.4 of the output's rate, down from its Nyquist frequency on, so that nothing aliases.
 */
#define HALF_OUTPUTS 25
#define BETA         7.857
#define CUTOFF       0.45 /* of the output's rate */
#define FACTOR_MAX   4
#define DELAY_MAX    (HALF_OUTPUTS * FACTOR_MAX)

typedef void block_sink(void *user, const struct sample_block *block);

struct decimator {
    unsigned factor;
    int rate; /* nominal, in; 0 before the first block */
    struct timeline timeline;
    firfilt_rrrf lowpass[EEG_CHANNELS];
    size_t delay, inside, at;
    struct slot waiting[DELAY_MAX + 1];
    unsigned phase;   /* of the next slot to leave: 0 is on the grid */
    uint32_t missing; /* grid points since the last output whose sample never came */
    uint8_t leadoff;  /* of the inputs since the last grid point */
    double flat[EEG_CHANNELS];
    bool restart;
    struct sample_block out;
    block_sink *emit;
    void *user;
};

struct decimator *decimator_create(int factor)
{
    struct decimator *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->factor = (unsigned)factor;
    d->delay = HALF_OUTPUTS * d->factor;
    double taps[2 * DELAY_MAX + 1];
    float single[2 * DELAY_MAX + 1];
    lowpass_taps(d->delay, CUTOFF / factor, BETA, taps);
    for (size_t i = 0; i < 2 * d->delay + 1; i++)
        single[i] = (float)taps[i];
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        d->lowpass[c] = firfilt_rrrf_create(single, (unsigned)(2 * d->delay + 1));
        if (!d->lowpass[c]) {
            decimator_destroy(d);
            return NULL;
        }
    }
    return d;
}

void decimator_destroy(struct decimator *d)
{
    if (!d)
        return;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        if (d->lowpass[c])
            firfilt_rrrf_destroy(d->lowpass[c]);
    }
    free(d);
}

static void send(struct decimator *d)
{
    if (d->out.samples.count > 0)
        d->emit(d->user, &d->out);
    d->out.samples.count = 0;
}

/* The first output from a block of inputs: its header. */
static void begin_block(struct decimator *d, const struct slot *slot)
{
    struct sample_block *out = &d->out;
    out->arrival_us = slot->arrival_us;
    out->arrival_utc_ms = slot->arrival_utc_ms;
    out->first_ms = slot->ms;
    out->first_tick = slot->tick;
    out->step_ms = slot->step_ms * d->factor;
    out->tick_step = slot->tick_step * d->factor;
    out->rate = slot->rate / (int)d->factor;
    out->rate_measured = slot->rate_measured / d->factor;
    out->lost = d->missing;
    out->restart = d->restart;
    out->samples.sensor = SENSOR_EEG;
    out->samples.tick = (uint32_t)(int64_t)llround(slot->tick);
    d->missing = 0;
    d->restart = false;
}

static void put_output(struct decimator *d, const struct slot *slot, const float *filtered)
{
    if (!slot->sample) {
        d->missing++;
        return;
    }
    if (d->out.samples.count == 0)
        begin_block(d, slot);
    struct eeg_sample *sample = &d->out.samples.eeg[d->out.samples.count++];
    sample->leadoff = d->leadoff;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        const struct slot_channel *channel = &slot->channel[c];
        sample->uv[c] = channel->state == SLOT_HELD ? 0 : filtered[c] + channel->level;
        if (d->flat[c] != 0)
            sample->uv[c] = d->flat[c];
    }
}

static void leave(struct decimator *d, const struct slot *slot, const float *filtered)
{
    d->leadoff |= slot->leadoff;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        if (slot->channel[c].saturated != 0)
            d->flat[c] = slot->channel[c].saturated;
    }
    if (d->phase == 0) {
        put_output(d, slot, filtered);
        d->leadoff = 0;
        for (size_t c = 0; c < EEG_CHANNELS; c++)
            d->flat[c] = 0;
    }
    d->phase = (d->phase + 1) % d->factor;
    if (slot->last)
        send(d);
}

/* The line broke: `lost` samples that got no slot move the grid on. */
static void jump(struct decimator *d, uint32_t lost)
{
    unsigned before = (d->factor - d->phase) % d->factor; /* slots to the next grid point */
    if (lost > before)
        d->missing += (lost - before - 1) / d->factor + 1;
    d->phase = (unsigned)(((uint64_t)d->phase + lost) % d->factor);
    d->inside = 0;
    for (size_t c = 0; c < EEG_CHANNELS; c++)
        firfilt_rrrf_reset(d->lowpass[c]);
}

static void take_slot(void *user, const struct slot *slot)
{
    struct decimator *d = user;
    float filtered[EEG_CHANNELS];
    if (slot->jump)
        jump(d, slot->extra);
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        firfilt_rrrf_push(d->lowpass[c], (float)slot->channel[c].uv);
        firfilt_rrrf_execute(d->lowpass[c], &filtered[c]);
    }
    d->waiting[d->at] = *slot;
    d->at = (d->at + 1) % (d->delay + 1);
    if (d->inside < d->delay)
        d->inside++;
    else
        leave(d, &d->waiting[d->at], filtered);
}

static void end(struct decimator *d)
{
    if (d->rate != 0)
        timeline_end(&d->timeline, take_slot, d);
    send(d);
}

void decimator_push(struct decimator *d, const struct sample_block *block,
                    void (*emit)(void *user, const struct sample_block *block), void *user)
{
    if (!block_is_timed(block, SENSOR_EEG) || block->rate <= 0 || block->rate > TIMELINE_RATE_MAX)
        return;
    d->emit = emit;
    d->user = user;
    if (block->restart || block->rate != d->rate) {
        end(d);
        if (block->rate != d->rate)
            timeline_init(&d->timeline, block->rate, (uint32_t)d->delay, 0);
        d->rate = block->rate;
        d->restart = true;
    }
    timeline_push(&d->timeline, block, take_slot, d);
}

void decimator_flush(struct decimator *d,
                     void (*emit)(void *user, const struct sample_block *block), void *user)
{
    d->emit = emit;
    d->user = user;
    end(d);
}
