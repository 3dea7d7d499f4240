#include "dsp/decimator.h"

#include "dsp/mend.h"

#include <liquid/liquid.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/*
 * Kaiser's estimate for 60 dB and a transition from 0.4 to 0.5 of the output rate: 37 taps for each
 * step of the factor. The stop band begins at the output's Nyquist frequency: nothing folds back
 * above -60 dB.
 */
#define TAPS_PER_FACTOR 37
#define FACTOR_MAX      4
#define TAPS_MAX        (TAPS_PER_FACTOR * FACTOR_MAX + 1)
#define STOP_BAND_DB    60.0f
#define CUTOFF          0.45f /* middle of the transition, of the output rate */

/* Inputs whose outputs are still to come: those inside the filter's delay. */
#define RING 128

/* A block has one step between its samples, that of its first two: where a sample is further off
 * that, ms, another block begins with it. For each has its packet's time, and the band's fit moves
 * from packet to packet. */
#define OFF_STEP_MS 0.05

/* Gaps up to this are bridged for the filter. */
#define BRIDGE_S 0.020

struct input {
    double time_ms;
    bool present; /* false: bridged, or past the end */
    uint16_t leadoff;
};

struct decimator {
    int factor;
    int delay; /* of the filter, in inputs */
    size_t channels;
    firfilt_rrrf filters[MODEL_CHANNELS_MAX];
    bool running;                    /* a stretch of samples is inside */
    int64_t begin;                   /* index of its first input */
    int64_t index;                   /* of the next input, gaps counted */
    double base[MODEL_CHANNELS_MAX]; /* µV taken off in double before the single-precision filter */
    double last[MODEL_CHANNELS_MAX]; /* newest input, µV */
    struct input ring[RING];
    struct mend mend;
    uint32_t lost; /* outputs missing before the next one */
    struct sample_block block;
    /* Where blocks go, during a call. */
    void (*emit)(void *user, const struct sample_block *block);
    void *user;
};

int decimator_factor(int rate, double asked)
{
    if (asked <= 0 || asked >= rate)
        return 1;
    return rate / asked >= FACTOR_MAX ? FACTOR_MAX : 2;
}

struct decimator *decimator_create(int factor, size_t channels)
{
    struct decimator *d = calloc(1, sizeof(*d));
    float taps[TAPS_MAX];
    const unsigned count = (unsigned)(TAPS_PER_FACTOR * factor) | 1;
    float sum = 0;

    if (!d)
        return NULL;
    d->factor = factor;
    d->channels = channels;
    d->delay = (int)(count - 1) / 2;
    liquid_firdes_kaiser(count, CUTOFF / (float)factor, STOP_BAND_DB, 0, taps);
    for (unsigned i = 0; i < count; i++)
        sum += taps[i];
    for (unsigned i = 0; i < count; i++)
        taps[i] /= sum;
    for (size_t c = 0; c < d->channels; c++)
        d->filters[c] = firfilt_rrrf_create(taps, count);
    return d;
}

void decimator_destroy(struct decimator *d)
{
    for (size_t c = 0; c < d->channels; c++)
        firfilt_rrrf_destroy(d->filters[c]);
    free(d);
}

/* Lead-off of the inputs that one output stands for: itself and those up to the next. */
static uint16_t leadoff_of(const struct decimator *d, int64_t k)
{
    uint16_t leadoff = 0;

    for (int64_t i = k; i < k + d->factor && i < d->index; i++)
        leadoff |= d->ring[i % RING].leadoff;
    return leadoff;
}

static void emit_block(struct decimator *d)
{
    if (d->block.samples.count == 0)
        return;
    d->emit(d->user, &d->block);
    d->block.samples.count = 0;
    d->block.restart = false;
}

static bool is_off_step(const struct sample_block *block, double time_ms)
{
    const double due_ms = block->first_ms + (double)block->samples.count * block->step_ms;

    return block->samples.count > 1 && fabs(time_ms - due_ms) > OFF_STEP_MS;
}

static void output(struct decimator *d, int64_t k)
{
    struct samples *out = &d->block.samples;
    const struct input *input = &d->ring[k % RING];

    if (!input->present) {
        emit_block(d); /* what is lost is lost before a block, never within */
        d->lost++;
        return;
    }
    if (is_off_step(&d->block, input->time_ms))
        emit_block(d);
    if (out->count == 0) {
        d->block.first_ms = input->time_ms;
        d->block.lost = d->lost;
        d->lost = 0;
    }
    if (out->count == 1)
        d->block.step_ms = input->time_ms - d->block.first_ms;
    struct eeg_sample *sample = &out->eeg[out->count++];
    for (size_t c = 0; c < d->channels; c++) {
        float y;
        firfilt_rrrf_execute(d->filters[c], &y);
        sample->uv[c] = (double)y + d->base[c];
    }
    sample->leadoff = leadoff_of(d, k);
}

/* One input into the filters; the output whose turn it is comes out. */
static void input(struct decimator *d, const double uv[MODEL_CHANNELS_MAX],
                  const struct input *meta)
{
    for (size_t c = 0; c < d->channels; c++) {
        firfilt_rrrf_push(d->filters[c], (float)(uv[c] - d->base[c]));
        d->last[c] = uv[c];
    }
    d->ring[d->index % RING] = *meta;
    d->index++;
    int64_t k = d->index - 1 - d->delay;
    if (k >= d->begin && k % d->factor == 0)
        output(d, k);
}

/* What the block's outputs share, taken from the input block that completes them. */
static void describe(struct decimator *d, const struct sample_block *in)
{
    struct sample_block *out = &d->block;

    out->arrival_us = in->arrival_us;
    out->arrival_utc_ms = in->arrival_utc_ms;
    out->step_ms = in->step_ms * d->factor;
    out->first_tick = in->first_tick;
    out->tick_step = in->tick_step * d->factor;
    out->rate = in->rate;
    out->decimation = d->factor;
    out->rate_measured = in->rate_measured / d->factor;
    out->samples.sensor = SENSOR_EEG;
    out->samples.as = in->samples.as;
    out->samples.tick = in->samples.tick;
}

static void take_mended(void *user, const struct mend_sample *sample)
{
    const struct input meta = {sample->time_ms, sample->present, sample->eeg.leadoff};

    input(user, sample->eeg.uv, &meta);
}

static void flush(struct decimator *d)
{
    if (!d->running)
        return;
    mend_finish(&d->mend, take_mended, d);
    const int64_t end = d->index;
    const struct input beyond = {0};
    double held[MODEL_CHANNELS_MAX];
    memcpy(held, d->last, sizeof(held));
    for (int i = 0; i < d->delay; i++)
        input(d, held, &beyond);
    d->index = end;
    d->running = false;
    emit_block(d);
}

void decimator_flush(struct decimator *d,
                     void (*emit)(void *user, const struct sample_block *block), void *user)
{
    d->emit = emit;
    d->user = user;
    flush(d);
}

/* Grid points among the `count` indices from `index` on. */
static uint32_t grid_points(int64_t index, int64_t count, int factor)
{
    return (uint32_t)((index + count + factor - 1) / factor - (index + factor - 1) / factor);
}

/* A new stretch. Zeros are in the filter: with the base taken off, its first value held. */
static void begin_run(struct decimator *d, const struct sample_block *block)
{
    d->lost += grid_points(d->index, block->lost, d->factor);
    d->index += block->lost;
    d->begin = d->index;
    d->running = true;
    d->block.restart = true;
    mend_begin(&d->mend, block);
    for (size_t c = 0; c < d->channels; c++) {
        firfilt_rrrf_reset(d->filters[c]);
        d->base[c] = d->mend.last[c];
    }
}

/* A short gap: a straight line from the last sample to the next, for the filter only. */
static void bridge_run(struct decimator *d, const struct sample_block *block)
{
    const struct mend_sample missing = {0};

    for (uint32_t i = 0; i < block->lost; i++)
        mend_take(&d->mend, &missing, take_mended, d);
}

void decimator_push(struct decimator *d, const struct sample_block *block,
                    void (*emit)(void *user, const struct sample_block *block), void *user)
{
    const bool continues = d->running && !block->restart && block->lost <= block->rate * BRIDGE_S;

    d->emit = emit;
    d->user = user;
    if (!continues)
        flush(d);
    describe(d, block);
    if (continues)
        bridge_run(d, block);
    else
        begin_run(d, block);
    for (size_t i = 0; i < block->samples.count; i++) {
        const struct mend_sample sample = {block->first_ms + (double)i * block->step_ms, true,
                                           block->samples.eeg[i]};
        mend_take(&d->mend, &sample, take_mended, d);
    }
    emit_block(d);
}
