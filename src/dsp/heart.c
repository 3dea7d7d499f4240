#include "dsp/heart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "heart_beats.h"
#include "heart_hrv.h"
#include "heart_nn.h"
#include "heart_period.h"
#include "heart_polarity.h"
#include "heart_private.h"
#include "heart_rate.h"
#include "heart_signal.h"
#include "heart_stats.h"
#include "heart_timing.h"

/* Between a desk's 25 thousand counts and a head's 1.4 million. */
#define CONTACT_COUNTS 200000.0
/* The templates are counted in samples of a 49.88 Hz band: another rate needs others. */
#define FS_MIN         45.0
#define FS_MAX         55.0
#define CHANNEL_BETTER 0.1
#define PERIOD_QUALITY 0.3
/* The least that 200 records each of white noise, its sum and 1/f noise never reach. */
#define RATE_QUALITY 0.55
#define HRV_SPAN_S   60.0
#define HRV_READY_S  62.0
#define HRV_COVER_S  29.0
#define LF_SPAN_S    120.0

struct heart {
    struct heart_signal signal;
    struct heart_period period[HEART_CHANNELS];
    struct heart_polarity polarity;
    struct heart_beats beats;
    struct heart_timing timing;
    struct heart_nn nn;
    enum heart_channel channel;
    bool running;
    double stretch; /* true seconds in one of the signal's */
    bool follows;   /* the next beat continues the one before */
    double since_s; /* of the signal's time: the oldest that may be used */
    int64_t told;   /* filtered samples given out */
    double last[HEART_CHANNELS];
    double last_ms;
    /* the second under way */
    bool counting;
    double boundary; /* tick */
    double sum[HEART_CHANNELS];
    size_t samples;
    bool contact;
    struct ppg_features features;
};

struct heart *heart_create(void)
{
    return calloc(1, sizeof(struct heart));
}

void heart_destroy(struct heart *heart)
{
    free(heart);
}

const struct heart_nn *heart_intervals(const struct heart *heart)
{
    return &heart->nn;
}

size_t heart_state_bytes(void)
{
    return sizeof(struct heart);
}

static double now_s(const struct heart *heart)
{
    return (double)heart_signal_end(&heart->signal) / heart->signal.fs;
}

/* Nothing learned before counts any more; the filters go on. */
static void forget_pulse(struct heart *heart)
{
    for (int ch = 0; ch < HEART_CHANNELS; ch++)
        heart_period_start(&heart->period[ch]);
    heart_polarity_start(&heart->polarity);
    heart_beats_start(&heart->beats);
    heart_timing_start(&heart->timing);
    heart_nn_start(&heart->nn);
    heart->channel = HEART_IR;
    heart->follows = false;
}

static void start(struct heart *heart, double fs)
{
    heart_signal_start(&heart->signal, fs);
    forget_pulse(heart);
    heart->since_s = 0.0;
    heart->told = 0;
    heart->running = true;
    heart->contact = true; /* until its first second says otherwise */
}

/* Another edge or another light: its beats are not comparable with those before. */
static void start_templates(struct heart *heart)
{
    heart_timing_start(&heart->timing);
    heart->follows = false;
}

static void choose_channel(struct heart *heart)
{
    enum heart_channel other = heart->channel == HEART_IR ? HEART_RED : HEART_IR;
    for (int ch = 0; ch < HEART_CHANNELS; ch++)
        heart_period_update(&heart->period[ch], &heart->signal, (enum heart_channel)ch);
    if (heart->period[other].smoothed <= heart->period[heart->channel].smoothed + CHANNEL_BETTER)
        return;
    heart->channel = other;
    heart_polarity_start(&heart->polarity);
    start_templates(heart);
}

static void find_beats(struct heart *heart)
{
    double out[HEART_BEATS_COMMITTED_MAX];
    double period = heart_period_median(&heart->period[heart->channel], PERIOD_QUALITY, 1);
    bool joined;
    if (!isfinite(period))
        return;
    size_t count = heart_beats_commit(&heart->beats, &heart->signal, heart->channel,
                                      heart->polarity.sign, period, out, &joined);
    heart->follows = heart->follows && joined;
    for (size_t i = 0; i < count; i++) {
        struct heart_timed t = heart_timing_fit(&heart->timing, &heart->signal, heart->channel,
                                                heart->polarity.sign, period, out[i]);
        struct heart_beat beat = {
            .at_s = t.at / heart->signal.fs, .sigma = (float)t.sigma, .good = t.good};
        heart_nn_add(&heart->nn, beat, heart->follows, heart->stretch);
        heart->follows = true;
        if (heart->features.beat_count < PPG_FEATURE_BEATS_MAX)
            heart->features.beats[heart->features.beat_count++] =
                heart_signal_ms(&heart->signal, t.at);
    }
}

static void tell_intervals(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    size_t fresh = f->beat_count < heart->nn.count ? f->beat_count : heart->nn.count;
    for (size_t k = heart->nn.count - fresh; k < heart->nn.count; k++)
        if (heart->nn.beats[k].normal)
            f->rr[f->rr_count++] = heart->nn.beats[k].rr;
}

static double live_rate(const struct heart *heart)
{
    const struct heart_period *period = &heart->period[heart->channel];
    return heart_rate(&heart->nn, now_s(heart),
                      60.0 / heart_period_median(period, RATE_QUALITY, 3));
}

static double good_share(const struct heart *heart)
{
    size_t all = 0;
    size_t good = 0;
    for (size_t k = 0; k < heart->nn.count; k++) {
        if (heart->nn.beats[k].at_s < now_s(heart) - 10.0)
            continue;
        all++;
        good += heart->nn.beats[k].good;
    }
    return all > 0 ? (double)good / (double)all : 0.0;
}

static void measure_variability(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    double now = now_s(heart);
    if (now - heart->since_s < HRV_READY_S)
        return;
    struct heart_hrv hrv = heart_hrv_time(&heart->nn, now - HRV_READY_S, HRV_COVER_S);
    f->sdnn = hrv.sdnn;
    f->rmssd = hrv.rmssd;
    f->sdsd = hrv.sdsd;
    f->hr_mad = hrv.hr_mad;
    f->sd1 = hrv.sd1;
    f->sd2 = hrv.sd2;
    f->pnn50 = hrv.pnn50;
    f->hf = heart_hrv_power(&heart->nn, now - HRV_READY_S, HRV_SPAN_S, 0.15, 0.40);
    if (now - heart->since_s < LF_SPAN_S)
        return;
    f->lf = heart_hrv_power(&heart->nn, now - LF_SPAN_S, LF_SPAN_S, 0.04, 0.15);
    f->lf_hf = f->lf / heart_hrv_power(&heart->nn, now - LF_SPAN_S, LF_SPAN_S, 0.15, 0.40);
    if (!isfinite(f->lf_hf))
        f->lf_hf = NAN;
}

static void analyse(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    choose_channel(heart);
    if (heart_polarity_update(&heart->polarity, &heart->signal, heart->channel))
        start_templates(heart);
    find_beats(heart);
    heart_nn_judge(&heart->nn, now_s(heart));
    tell_intervals(heart);
    f->bpm = live_rate(heart);
    measure_variability(heart);
    f->sqi = 0.5 * heart_period_quality(&heart->period[heart->channel]) + 0.5 * good_share(heart);
    f->quality = isfinite(f->bpm) && f->sqi >= 0.5 ? QUALITY_GOOD : QUALITY_POOR;
}

static void tell_pulse(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    int64_t end = heart_signal_end(&heart->signal) - HEART_BASE_HALF;
    for (; heart->told < end && f->count < PPG_FEATURE_SAMPLES_MAX; heart->told++) {
        f->filtered[f->count] =
            heart->polarity.sign * heart_signal_pulse(&heart->signal, heart->channel, heart->told);
        f->timestamps[f->count++] = heart_signal_ms(&heart->signal, (double)heart->told);
    }
}

static void clear_features(struct ppg_features *f)
{
    memset(f, 0, sizeof *f);
    f->bpm = f->sdnn = f->rmssd = f->sdsd = f->hr_mad = f->sd1 = f->sd2 = NAN;
    f->pnn50 = f->lf = f->hf = f->lf_hf = NAN;
}

static void begin_second(struct heart *heart, double tick)
{
    clear_features(&heart->features);
    heart->boundary = (floor(tick / BAND_TICK_HZ) + 1.0) * BAND_TICK_HZ;
    heart->sum[HEART_IR] = heart->sum[HEART_RED] = 0.0;
    heart->samples = 0;
    heart->counting = true;
}

/* Light through skin, or not: what was learned on the head does not hold after it. */
static void judge_contact(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    bool contact = fmax(f->ir_mean, f->red_mean) >= CONTACT_COUNTS;
    if (contact && !heart->contact) {
        start(heart, heart->signal.fs);
    } else if (!contact) {
        forget_pulse(heart);
        heart->since_s = now_s(heart);
        f->quality = QUALITY_NO_CONTACT;
    }
    heart->contact = contact;
}

static void end_second(struct heart *heart, const struct sample_block *block,
                       void (*emit)(void *user, const struct ppg_features *features), void *user)
{
    struct ppg_features *f = &heart->features;
    heart->counting = false;
    if (heart->samples == 0)
        return;
    f->arrival_us = block->arrival_us;
    f->arrival_utc_ms = block->arrival_utc_ms;
    f->rate = block->rate;
    f->rate_measured = block->rate_measured;
    f->ir_mean = heart->sum[HEART_IR] / (double)heart->samples;
    f->red_mean = heart->sum[HEART_RED] / (double)heart->samples;
    judge_contact(heart);
    if (heart->contact)
        analyse(heart);
    tell_pulse(heart);
    emit(user, f);
}

/* A gap of one sample is bridged by a straight line, for the filters only. */
static void bridge(struct heart *heart, const double next[HEART_CHANNELS], double next_ms)
{
    double middle[HEART_CHANNELS];
    for (int ch = 0; ch < HEART_CHANNELS; ch++)
        middle[ch] = (heart->last[ch] + next[ch]) / 2.0;
    heart_signal_push(&heart->signal, middle, (heart->last_ms + next_ms) / 2.0);
}

static void take(struct heart *heart, const double counts[HEART_CHANNELS], double ms)
{
    heart_signal_push(&heart->signal, counts, ms);
    for (int ch = 0; ch < HEART_CHANNELS; ch++) {
        heart->last[ch] = counts[ch];
        heart->sum[ch] += counts[ch];
    }
    heart->last_ms = ms;
    heart->samples++;
}

/* The second that a gap cuts short is told with what it had; one that a stream's end cuts short is
 * of a session that is over, and never is. */
static void begin_block(struct heart *heart, const struct sample_block *block, double fs,
                        void (*emit)(void *user, const struct ppg_features *features), void *user)
{
    bool gap = block->restart || block->lost > 1 || !heart->running;
    if (block->restart)
        heart->counting = false;
    if (gap && heart->counting && block->first_tick >= heart->boundary)
        end_second(heart, block, emit, user);
    if (gap)
        start(heart, fs);
    /* Sample numbers stay on the rate they began with: a fit that moves must not move old beats. */
    heart->stretch = heart->signal.fs / fs;
}

void heart_push(struct heart *heart, const struct sample_block *block,
                void (*emit)(void *user, const struct ppg_features *features), void *user)
{
    double fs = BAND_TICK_HZ / block->tick_step;
    if (block->samples.count == 0 || !(fs >= FS_MIN && fs <= FS_MAX))
        return;
    begin_block(heart, block, fs, emit, user);
    for (size_t i = 0; i < block->samples.count; i++) {
        const struct ppg_sample *sample = &block->samples.ppg[i];
        double counts[HEART_CHANNELS] = {[HEART_IR] = sample->ir, [HEART_RED] = sample->red};
        double tick = block->first_tick + (double)i * block->tick_step;
        double ms = block->first_ms + (double)i * block->step_ms;
        if (!heart->counting)
            begin_second(heart, tick);
        if (i == 0) {
            heart->features.lost += block->lost;
            if (block->lost == 1 && heart->signal.count > 0)
                bridge(heart, counts, ms);
        }
        take(heart, counts, ms);
        if (tick + block->tick_step >= heart->boundary)
            end_second(heart, block, emit, user);
    }
}
