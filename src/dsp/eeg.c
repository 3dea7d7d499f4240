#include "dsp/eeg.h"

#include <math.h>
#include <stdlib.h>

#include "dsp/eeg_quality.h"
#include "dsp/filter.h"
#include "dsp/grid.h"
#include "dsp/timeline.h"
#include "eeg_lane.h"
#include "eeg_powers.h"
#include "fir.h"

#define DELAY_MAX      (TIMELINE_RATE_MAX / 2)
#define BLINK_APART_MS 250

/* A slot inside the band-pass, waiting for its filtered value. */
struct waiting {
    double ms;
    bool sample;
    bool known[EEG_CHANNELS];
};

struct eeg_dsp {
    int mains_hz;
    int rate; /* nominal; 0 before the first block */
    struct timeline timeline;
    struct grid grid;
    struct fir *bandpass[EEG_CHANNELS];
    struct eeg_powers powers[EEG_CHANNELS];
    struct eeg_quality quality[EEG_CHANNELS];
    bool sound[EEG_CHANNELS]; /* this half second: struct eeg_verdict */
    bool muscle[EEG_CHANNELS];
    double blink_ms; /* the last one told */
    double tick;     /* of the newest slot */
    size_t delay, inside,
        at; /* of the band-pass, slots: its delay, how many wait, the next place */
    struct waiting waiting[DELAY_MAX + 1];
    unsigned slots; /* of this half second */
    struct eeg_features features;
    struct eeg_lane lane;
    const struct sample_block *block;    /* the one being taken, */
    const struct eeg_listener *listener; /* and who gets what it completes */
};

struct eeg_dsp *eeg_dsp_create(int mains_hz)
{
    struct eeg_dsp *dsp = calloc(1, sizeof *dsp);
    if (dsp)
        dsp->mains_hz = mains_hz;
    return dsp;
}

static void release_filters(struct eeg_dsp *dsp)
{
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        fir_destroy(dsp->bandpass[c]);
        dsp->bandpass[c] = NULL;
        eeg_powers_release(&dsp->powers[c]);
    }
    dsp->rate = 0;
}

void eeg_dsp_destroy(struct eeg_dsp *dsp)
{
    if (!dsp)
        return;
    release_filters(dsp);
    free(dsp);
}

/* Once a stream, not once a sample: filters for the rate. */
static bool make_filters(struct eeg_dsp *dsp, int rate)
{
    double taps[TIMELINE_RATE_MAX + 1];
    release_filters(dsp);
    bandpass_taps(rate, taps);
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        dsp->bandpass[c] = fir_create(taps, (size_t)rate + 1);
        if (!eeg_powers_make(&dsp->powers[c], rate) || !dsp->bandpass[c])
            return false;
    }
    dsp->rate = rate;
    dsp->delay = (size_t)rate / 2;
    timeline_init(&dsp->timeline, rate, (uint32_t)dsp->delay, dsp->mains_hz);
    return true;
}

/* ---- features */

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static void set_powers(struct eeg_dsp *dsp, size_t c, double rate)
{
    struct eeg_features *f = &dsp->features;
    double sum = 0;
    eeg_powers_tell(&dsp->powers[c], f, c, dsp->tick, rate);
    for (int b = 0; b < EEG_BANDS; b++)
        sum += f->band_power[c][b];
    for (int b = 0; b < EEG_BANDS; b++)
        f->relative_power[c][b] = ratio(f->band_power[c][b], sum);
    if (c == 0)
        f->total_power = sum;
}

/* The band's power, if the channel was sound: an index hides from what it was made. */
static double sound_power(const struct eeg_dsp *dsp, size_t c, enum eeg_band band)
{
    const bool drowned = dsp->muscle[c] && (band == EEG_BETA || band == EEG_GAMMA);
    return dsp->sound[c] && !drowned ? dsp->features.band_power[c][band] : NAN;
}

/* Channel 1, as the vendor's; NAN in, NAN out. */
static void set_indices(struct eeg_dsp *dsp)
{
    struct eeg_features *f = &dsp->features;
    double theta = sound_power(dsp, 0, EEG_THETA), alpha = sound_power(dsp, 0, EEG_ALPHA);
    double beta = sound_power(dsp, 0, EEG_BETA), gamma = sound_power(dsp, 0, EEG_GAMMA);
    double other = sound_power(dsp, 1, EEG_ALPHA);
    f->focus_index = ratio(beta, alpha + theta);
    f->relaxation_index = ratio(alpha, alpha + beta);
    f->stress_index = ratio(beta + gamma, alpha + theta);
    f->cognitive_load = ratio(theta, alpha);
    f->emotional_stability = ratio(alpha + theta, gamma);
    f->hemispheric_balance = ratio(alpha - other, alpha + other);
}

/* Both channels see one blink: what lies nearer than two can is the same. */
static void tell_blink(struct eeg_dsp *dsp, double ms)
{
    struct eeg_features *f = &dsp->features;
    if (fabs(ms - dsp->blink_ms) < BLINK_APART_MS || f->blink_count == EEG_BLINKS_MAX)
        return;
    dsp->blink_ms = ms;
    f->blinks[f->blink_count++] = ms;
}

static void set_artefacts(struct eeg_dsp *dsp, size_t c)
{
    static const unsigned artefacts[] = {[WATCH_NOTHING] = 0,
                                         [WATCH_BLINK] = ARTEFACT_BLINK,
                                         [WATCH_MOVEMENT] = ARTEFACT_MOVEMENT,
                                         [WATCH_POP] = ARTEFACT_POP};
    struct eeg_watch *watch = &dsp->powers[c].watch;
    const struct watch_event ended = eeg_watch_ended(watch);
    const enum watch_kind kind = eeg_watch_kind(&ended);
    if (kind == WATCH_BLINK)
        tell_blink(dsp, ended.peak_ms);
    dsp->features.artefacts |= artefacts[kind] | artefacts[eeg_watch_kind(&watch->event)];
    if (dsp->muscle[c])
        dsp->features.artefacts |= ARTEFACT_MUSCLE;
}

static void judge(struct eeg_dsp *dsp)
{
    struct eeg_features *f = &dsp->features;
    unsigned good = 0;
    f->quality = QUALITY_GOOD;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        struct eeg_verdict verdict =
            eeg_quality_close(&dsp->quality[c], eeg_powers_spoilt(&dsp->powers[c], dsp->slots));
        f->leadoff[c] = verdict.leadoff;
        f->sqi[c] = verdict.sqi;
        good += verdict.good;
        dsp->muscle[c] = eeg_powers_muscle(&dsp->powers[c], dsp->tick, &f->muscle[c]);
        if (dsp->muscle[c] && verdict.quality == QUALITY_GOOD)
            verdict.quality = QUALITY_POOR;
        dsp->sound[c] = verdict.sound && verdict.quality != QUALITY_NO_CONTACT;
        if (verdict.quality > f->quality)
            f->quality = verdict.quality;
        if (verdict.flat)
            eeg_powers_void(&dsp->powers[c]);
        set_artefacts(dsp, c);
    }
    f->good_samples_ratio = (double)good / (EEG_CHANNELS * dsp->slots);
}

static void begin_cell(struct eeg_dsp *dsp)
{
    dsp->slots = 0;
    dsp->features.count = 0;
    dsp->features.lost = 0;
    dsp->features.interpolated = 0;
    dsp->features.artefacts = 0;
    dsp->features.blink_count = 0;
}

static void tell(struct eeg_dsp *dsp, double rate)
{
    struct eeg_features *f = &dsp->features;
    for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++)
        f->frequencies[k] = (double)(k + 2) * rate / (2 * dsp->rate);
    for (size_t c = 0; c < EEG_CHANNELS; c++)
        set_powers(dsp, c, rate);
    set_indices(dsp);
    dsp->listener->features(dsp->listener->user, f);
}

static void close_cell(struct eeg_dsp *dsp)
{
    struct eeg_features *f = &dsp->features;
    double rate = block_rate(dsp->block);
    f->arrival_us = dsp->block->arrival_us;
    f->arrival_utc_ms = dsp->block->arrival_utc_ms;
    f->rate = dsp->rate;
    f->rate_measured = dsp->block->rate_measured;
    judge(dsp);
    if (dsp->listener->artefacts)
        dsp->listener->artefacts(dsp->listener->user, f);
    if (dsp->listener->features)
        tell(dsp, rate);
    for (size_t c = 0; c < EEG_CHANNELS && !dsp->listener->features; c++)
        eeg_powers_pass(&dsp->powers[c], dsp->tick);
    begin_cell(dsp);
}

static void close_tenth(struct eeg_dsp *dsp, double tick)
{
    const struct eeg_listener *listener = dsp->listener;
    struct eeg_bands bands;
    eeg_lane_close(&dsp->lane, tick, dsp->powers, dsp->muscle, listener->bands ? &bands : NULL);
    if (!listener->bands)
        return;
    bands.arrival_us = dsp->block->arrival_us;
    bands.arrival_utc_ms = dsp->block->arrival_utc_ms;
    listener->bands(listener->user, &bands);
}

/* Ends what is over at `tick`, and begins what that is in. */
static void turn_over(struct eeg_dsp *dsp, double tick)
{
    if (grid_passed(&dsp->grid, tick)) {
        if (dsp->slots > 0)
            close_cell(dsp);
        grid_open(&dsp->grid, tick);
    }
    if (eeg_lane_is_over(&dsp->lane, tick))
        close_tenth(dsp, tick);
}

/* ---- slots */

/* The oldest slot inside has its filtered value now. */
static void put_filtered(struct eeg_dsp *dsp, const float *filtered)
{
    struct eeg_features *f = &dsp->features;
    const struct waiting *out = &dsp->waiting[dsp->at];
    if (!out->sample || f->count == EEG_FEATURE_SAMPLES_MAX)
        return;
    f->timestamps[f->count] = out->ms;
    for (size_t c = 0; c < EEG_CHANNELS; c++)
        f->filtered[c][f->count] = out->known[c] ? filtered[c] : NAN;
    f->count++;
}

static void filter_slot(struct eeg_dsp *dsp, const struct slot *slot)
{
    struct waiting in = {.ms = slot->ms, .sample = slot->sample};
    float filtered[EEG_CHANNELS];
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        in.known[c] = slot->channel[c].state != SLOT_HELD && !slot->channel[c].saturated;
        filtered[c] = fir_step(dsp->bandpass[c], (float)slot->channel[c].uv);
    }
    dsp->waiting[dsp->at] = in;
    dsp->at = (dsp->at + 1) % (dsp->delay + 1);
    if (dsp->inside < dsp->delay)
        dsp->inside++;
    else
        put_filtered(dsp, filtered);
}

/* A new line begins: windows and filters know nothing of the old one. */
static void resettle(struct eeg_dsp *dsp)
{
    dsp->inside = 0;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        fir_reset(dsp->bandpass[c]);
        eeg_powers_break(&dsp->powers[c]);
    }
}

static void take_slot(void *user, const struct slot *slot)
{
    struct eeg_dsp *dsp = user;
    turn_over(dsp, slot->tick);
    if (!dsp->grid.open)
        grid_open(&dsp->grid, slot->tick);
    if (slot->jump)
        resettle(dsp);
    dsp->features.lost += slot->extra + !slot->sample;
    bool bridged = false;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        bool measured = eeg_quality_take(&dsp->quality[c], slot, c);
        bridged |= slot->channel[c].state == SLOT_BRIDGED;
        eeg_powers_take(&dsp->powers[c], slot, c, measured);
    }
    dsp->features.interpolated += bridged;
    if (dsp->slots++ == 0)
        dsp->features.from_ms = slot->ms;
    dsp->features.end_ms = slot->ms + 1000.0 / dsp->rate;
    dsp->tick = slot->tick;
    eeg_lane_take(&dsp->lane, slot);
    filter_slot(dsp, slot);
}

/* What was under way when a stream ended is never completed. */
static void start_over(struct eeg_dsp *dsp)
{
    timeline_reset(&dsp->timeline);
    dsp->grid = (struct grid){.period = GRID_EEG_TICKS};
    eeg_lane_start(&dsp->lane);
    dsp->blink_ms = -INFINITY;
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        dsp->quality[c] = (struct eeg_quality){0};
        eeg_powers_forget(&dsp->powers[c]);
    }
    begin_cell(dsp);
}

void eeg_dsp_push(struct eeg_dsp *dsp, const struct sample_block *block,
                  const struct eeg_listener *listener)
{
    if (!block_is_timed(block, SENSOR_EEG) || block->samples.as->channel_count < EEG_CHANNELS ||
        (block->rate != 250 && block->rate != 500))
        return;
    bool other_rate = block->rate != dsp->rate;
    if (other_rate && !make_filters(dsp, block->rate))
        return;
    if (other_rate || block->restart)
        start_over(dsp);
    dsp->block = block;
    dsp->listener = listener;
    timeline_push(&dsp->timeline, block, take_slot, dsp);
    if (dsp->timeline.count == 0)
        turn_over(dsp, dsp->timeline.tick + block->tick_step);
}
