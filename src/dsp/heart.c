#include "dsp/heart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/grid.h"
#include "heart_hrv.h"
#include "heart_internal.h"
#include "heart_irregular.h"
#include "heart_rate.h"
#include "heart_state.h"

/* Between a desk's 25 thousand counts and a head's 1.4 million. */
#define CONTACT_COUNTS 200000.0
/* The templates are counted in samples of a 49.88 Hz band: another rate needs others. */
#define FS_MIN 45.0
#define FS_MAX 55.0
/* Seconds that a doubt outlasts what raised it: beats are told a second late, lines are of ten. */
#define HIDDEN_ON    3
#define AMBIGUOUS_ON 5
/* Never `good`. */
#define AMBIGUOUS_SQI 0.4
/* The least that 200 records each of white noise, its sum and 1/f noise never reach. */
#define RATE_QUALITY 0.55
/* Faster ones are not told: no figure of these was ever tested. */
#define RATE_MAX    220.0
#define HRV_SPAN_S  60.0
#define HRV_READY_S 62.0
#define HRV_COVER_S 29.0
#define LF_SPAN_S   120.0
/* Ten seconds: the pulse, its shape and rhythm are still the same after them. */
#define GAP_MAX 499

struct heart *heart_create(void)
{
    struct heart *heart = calloc(1, sizeof(struct heart));
    if (heart)
        heart_motion_start(&heart->motion);
    return heart;
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
    heart_cycles_start(&heart->cycles);
    heart_nn_start(&heart->nn);
    heart_swing_start(&heart->swing);
    heart_breath_start(&heart->breath);
    heart_perfusion_start(&heart->perfusion);
    heart->channel = HEART_IR;
    heart->follows = false;
    heart->trust = 1.0;
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

static void tell_intervals(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    size_t fresh = f->beat_count < heart->nn.count ? f->beat_count : heart->nn.count;
    for (size_t k = heart->nn.count - fresh; k < heart->nn.count; k++)
        if (heart->nn.beats[k].normal)
            f->rr[f->rr_count++] = heart->nn.beats[k].rr;
}

static double live_rate(struct heart *heart)
{
    const struct heart_period *period = &heart->period[heart->channel];
    bool hidden = heart->pulses.hidden;
    heart->hidden = hidden ? HIDDEN_ON : heart->hidden - (heart->hidden > 0);
    if (heart->features.irregular == RHYTHM_IRREGULAR) {
        double from = (now_s(heart) - HEART_RATE_SPAN_S) * heart->signal.fs;
        double rate = heart_cycles_rate(&heart->cycles, from, heart->signal.fs) / heart->stretch;
        if (isfinite(rate))
            return rate;
    }
    return heart_rate(&heart->nn, now_s(heart), 60.0 / heart_period_median(period, RATE_QUALITY, 3),
                      heart->features.irregular, heart->hidden > 0);
}

static double filtered_tick(const struct heart *heart)
{
    return heart->tick - HEART_HALF * BLOCK_TICK_HZ / heart->signal.fs;
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
    bool hides = heart->hidden > 0 && isnan(f->bpm); /* beats: no interval is sure */
    if (heart->motion.moving || heart->swing.jumped || hides || heart->fast)
        return;
    if (now - heart->since_s < HRV_READY_S || f->irregular == RHYTHM_IRREGULAR)
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

/* Neither is known where the rate is not, nor the pulse's while the head moves; an irregular rhythm
 * has its own modulations. */
static void tell_breath_and_perfusion(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    if (heart->motion.moving || heart->swing.jumped || isnan(f->bpm))
        return;
    f->perfusion_ir = heart_perfusion_index(&heart->perfusion, HEART_IR, f->ir_mean, now_s(heart));
    f->perfusion_red =
        heart_perfusion_index(&heart->perfusion, HEART_RED, f->red_mean, now_s(heart));
    if (f->irregular != RHYTHM_IRREGULAR)
        f->breath = heart_breath_rate(&heart->breath, now_s(heart));
}

/* While the head moves to a rhythm, only the pulse's own line beside the movement's. */
static void tell_rate(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    f->irregular = heart_irregular(&heart->nn, now_s(heart));
    heart->regular = f->irregular == RHYTHM_REGULAR;
    f->bpm = live_rate(heart);
    heart->fast = f->bpm > RATE_MAX;
    if (heart->fast)
        f->bpm = NAN;
    if (!heart->motion.moving)
        return;
    double line =
        heart_motion_rate(&heart->motion, &heart->signal, heart->channel, filtered_tick(heart));
    if (isfinite(heart->motion.line))
        f->bpm = line;
}

/* Without an accelerometer a second line in the light may be steps, or the first. */
static bool is_ambiguous(struct heart *heart)
{
    if (heart->swing.jumped)
        return true;
    if (!heart_motion_is_known(&heart->motion, filtered_tick(heart)) &&
        heart_motion_ambiguous(&heart->signal, heart->channel))
        heart->ambiguous = AMBIGUOUS_ON;
    else if (heart->ambiguous > 0)
        heart->ambiguous--;
    return heart->ambiguous > 0 && heart->counted == 0;
}

static double judge_quality(struct heart *heart)
{
    if (heart->motion.moving && isfinite(heart->motion.line))
        return isfinite(heart->features.bpm) ? heart->motion.agreement : 0.0;
    double sqi =
        0.5 * heart_period_quality(&heart->period[heart->channel]) + 0.5 * good_share(heart);
    bool steady = heart->features.irregular != RHYTHM_UNKNOWN ||
                  heart_rate_is_steady(&heart->nn, now_s(heart));
    return is_ambiguous(heart) || !steady ? fmin(sqi, AMBIGUOUS_SQI) : sqi;
}

static void analyse(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    heart_motion_judge(&heart->motion, filtered_tick(heart));
    heart_find(heart);
    heart_nn_judge(&heart->nn, now_s(heart));
    tell_intervals(heart);
    tell_rate(heart);
    if (heart_motion_is_known(&heart->motion, filtered_tick(heart)))
        heart_swing_start(&heart->swing);
    else
        heart_swing_update(&heart->swing, heart->pulses.usual, f->bpm);
    measure_variability(heart);
    tell_breath_and_perfusion(heart);
    f->sqi = judge_quality(heart);
    f->quality = isfinite(f->bpm) && f->sqi >= 0.5 ? QUALITY_GOOD : QUALITY_POOR;
}

static void tell_pulse(struct heart *heart)
{
    struct ppg_features *f = &heart->features;
    int64_t end = heart_signal_end(&heart->signal) - HEART_BASE_HALF;
    for (; heart->told < end && f->count < PPG_FEATURE_SAMPLES_MAX; heart->told++) {
        if (heart_signal_filled(&heart->signal, heart->told, heart->told))
            continue;
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
    f->irregular = RHYTHM_UNKNOWN;
    f->breath = f->perfusion_ir = f->perfusion_red = NAN;
}

static void begin_second(struct heart *heart, double tick)
{
    clear_features(&heart->features);
    heart->boundary = (floor(tick / BLOCK_TICK_HZ) + 1.0) * BLOCK_TICK_HZ;
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

static void take_counts(struct heart *heart, const double counts[HEART_CHANNELS], double ms)
{
    heart_signal_push(&heart->signal, counts, ms);
    for (int ch = 0; ch < HEART_CHANNELS; ch++)
        heart->sum[ch] += counts[ch];
    heart->samples++;
}

/* The second that a gap cuts short is told with what it had; one that a stream's end cuts short is
 * of a session that is over, and never is. */
static void begin_block(struct heart *heart, const struct sample_block *block, double fs,
                        void (*emit)(void *user, const struct ppg_features *features), void *user)
{
    bool afresh = block->restart || block->lost > GAP_MAX || !heart->running;
    if (block->restart)
        heart->counting = false;
    if (block->lost > 1 && heart->counting && block->first_tick >= heart->boundary)
        end_second(heart, block, emit, user);
    if (afresh)
        start(heart, fs);
    /* Sample numbers stay on the rate they began with: a fit that moves must not move old beats. */
    heart->stretch = heart->signal.fs / fs;
}

void heart_push(struct heart *heart, const struct sample_block *block,
                void (*emit)(void *user, const struct ppg_features *features), void *user)
{
    double fs = BLOCK_TICK_HZ / block->tick_step;
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
            if (block->lost > 0 && heart->signal.count > 0)
                heart_signal_bridge(&heart->signal, counts, ms, block->lost);
        }
        heart->tick = tick;
        take_counts(heart, counts, ms);
        if (tick + block->tick_step >= heart->boundary)
            end_second(heart, block, emit, user);
    }
}

void heart_move(struct heart *heart, const struct sample_block *block)
{
    if (block_is_timed(block, SENSOR_ACC))
        heart_motion_push(&heart->motion, block);
}
