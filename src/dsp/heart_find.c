/* From light to beats: which channel, which edge, and by rhythm or by counting. */
#include <math.h>

#include "heart_state.h"

#define CHANNEL_BETTER 0.1
#define PERIOD_QUALITY 0.3
/* Of the autocorrelation, from which a rhythm may explain the pulses: a clean pulse has 0.6 to
 * 0.95, AF 0.2 to 0.5. */
#define RHYTHM_QUALITY 0.45
#define COUNTED_ON     3
/* Of the better pulses with the template. White noise leaves 0.998 at 16 dB and 0.991 at 10 dB,
 * where it rises as far as small pulses do. */
#define CLEAN_LIKENESS 0.994
/* Counting is given up for some seconds where what it finds does not look like pulses. */
#define TRUST_GAIN  0.1
#define TRUST_LEAST 0.7
#define TRUST_BACK  0.03
/* A rise is whole so long after its steepest point. */
#define CYCLE_LATE_S 0.3
/* Samples about a beat that its time rests on: the template's and the filter's. */
#define SPOILT_BEFORE 20
#define SPOILT_AFTER  30

/* Another edge or another light: its beats are not comparable with those before. */
static void start_templates(struct heart *heart)
{
    heart_breath_start(&heart->breath); /* nor their levels and heights */
    heart_timing_start(&heart->timing);
    heart_cycles_start(&heart->cycles);
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

/* Pulses are counted where they part clearly from noise and no rhythm explains them; once counted,
 * they go on being so through a doubtful second or two. */
static bool is_counted(struct heart *heart, double period)
{
    const struct heart_pulses *p = &heart->pulses;
    bool regular = heart_period_quality(&heart->period[heart->channel]) >= RHYTHM_QUALITY &&
                   isfinite(period) &&
                   heart_pulses_follow(p, period * heart->signal.fs, heart->regular);
    heart->explained = p->count == 0 || regular;
    heart->trust = fmin(1.0, heart->trust + TRUST_BACK);
    if (p->count == 0 || regular || heart->trust < TRUST_LEAST ||
        !(heart_timing_likeness(&heart->timing) >= CLEAN_LIKENESS))
        heart->counted = 0;
    else if (p->sure)
        heart->counted = COUNTED_ON;
    else if (heart->counted > 0)
        heart->counted--;
    return heart->counted > 0;
}

/* What breath and perfusion are read from; a beat that is not good tells nothing of them. */
static void note_beat(struct heart *heart, double at, double amplitude)
{
    const struct heart_beat *beat = &heart->nn.beats[heart->nn.count - 1];
    if (!beat->good)
        return;
    const double value[HEART_BREATH_SIGNS] = {
        [HEART_BREATH_BASE] =
            heart_signal_low(&heart->signal, HEART_8HZ, heart->channel, (int64_t)floor(at + 0.5)),
        [HEART_BREATH_HEIGHT] = amplitude,
        [HEART_BREATH_INTERVAL] = beat->rr};
    heart_breath_add(&heart->breath, beat->at_s, value);
    heart_perfusion_add(&heart->perfusion, &heart->signal, heart->polarity.sign, at, beat->at_s);
}

/* The beats to be told now, oldest first; NAN: no period is known, so none are. */
static size_t choose_beats(struct heart *heart, double out[HEART_BEATS_COMMITTED_MAX],
                           double *period, bool *joined)
{
    *period = heart_period_median(&heart->period[heart->channel], PERIOD_QUALITY, 1);
    *joined = heart->follows;
    heart_pulses_find(&heart->pulses, &heart->signal, heart->channel, heart->polarity.sign);
    heart_cycles_add(&heart->cycles, &heart->pulses,
                     (double)heart_signal_end(&heart->signal) - CYCLE_LATE_S * heart->signal.fs);
    if (is_counted(heart, *period)) {
        /* The part of a pulse that is fitted stays the rhythm's, where there was one. */
        if (!isfinite(*period))
            *period = heart->pulses.period;
        return heart_beats_count(&heart->beats, &heart->signal, &heart->pulses, out, joined);
    }
    if (!isfinite(*period))
        return 0;
    return heart_beats_commit(&heart->beats, &heart->signal, heart->channel, heart->polarity.sign,
                              *period, out, joined);
}

/* Does what was missing reach into the beat? */
static bool is_spoilt(const struct heart *heart, double at)
{
    return heart_signal_filled(&heart->signal, (int64_t)at - SPOILT_BEFORE,
                               (int64_t)at + SPOILT_AFTER);
}

/* Was something missing since the beat before? */
static bool is_parted(const struct heart *heart, double at)
{
    if (heart->nn.count == 0)
        return false;
    double before = heart->nn.beats[heart->nn.count - 1].at_s * heart->signal.fs;
    return heart_signal_filled(&heart->signal, (int64_t)before, (int64_t)at);
}

static void add_beat(struct heart *heart, const struct heart_timed *t)
{
    struct ppg_features *f = &heart->features;
    bool still = !heart->motion.moving;
    struct heart_beat beat = {.at_s = t->at / heart->signal.fs,
                              .sigma = (float)t->sigma,
                              .good = t->good && still && (heart->counted == 0 || !t->doubtful),
                              .alike = t->alike && still,
                              .doubtful = heart->doubt,
                              .counted = heart->counted > 0};
    heart_nn_add(&heart->nn, beat, heart->follows && !is_parted(heart, t->at), heart->stretch);
    note_beat(heart, t->at, t->amplitude);
    heart->follows = true;
    heart->doubt = false;
    if (f->beat_count < PPG_FEATURE_BEATS_MAX)
        f->beats[f->beat_count++] = heart_signal_ms(&heart->signal, t->at);
}

static void find_beats(struct heart *heart)
{
    double out[HEART_BEATS_COMMITTED_MAX];
    double period;
    bool joined;
    size_t count = choose_beats(heart, out, &period, &joined);
    heart->follows = heart->follows && joined;
    for (size_t i = 0; i < count; i++) {
        if (is_spoilt(heart, out[i])) {
            heart->follows = false;
            continue;
        }
        struct heart_timed t = heart_timing_fit(&heart->timing, &heart->signal, heart->channel,
                                                heart->polarity.sign, period, out[i]);
        heart->doubt = heart->doubt || t.doubtful;
        if (heart->counted > 0)
            heart->trust += TRUST_GAIN * ((t.alike ? 1.0 : 0.0) - heart->trust);
        if (heart->counted == 0 || !t.refused)
            add_beat(heart, &t);
    }
}

void heart_find(struct heart *heart)
{
    choose_channel(heart);
    if (heart_polarity_update(&heart->polarity, &heart->signal, heart->channel))
        start_templates(heart);
    find_beats(heart);
}
