/*
 * PPG features: filtered pulse, beats, heart rate and its variability. Pure, streaming, constant
 * memory. docs/heart.md has the method, its sources and its measured errors.
 */
#ifndef DSP_HEART_H
#define DSP_HEART_H

#include <stddef.h>

#include "band/block.h"
#include "dsp/eeg.h"

/* One second at 50 Hz and two packets more. */
#define PPG_FEATURE_SAMPLES_MAX 128
/* Beats committed in one second, and RR intervals told in one message, at most. */
#define PPG_FEATURE_BEATS_MAX 32

/* Of the last minute. */
enum heart_rhythm { RHYTHM_UNKNOWN = -1, RHYTHM_REGULAR, RHYTHM_IRREGULAR };

/* One processed PPG message. What is not known is NAN and becomes null: never 0, never an old
 * value. */
struct ppg_features {
    int64_t arrival_us; /* of the packet that completed the second */
    double arrival_utc_ms;
    uint32_t lost;
    int rate;
    double rate_measured;
    size_t count;
    double timestamps[PPG_FEATURE_SAMPLES_MAX]; /* Unix ms, the filter's delay taken off */
    double filtered[PPG_FEATURE_SAMPLES_MAX];   /* counts, upright: blood makes it rise */
    double sqi;                                 /* 0..1 */
    size_t beat_count;
    double beats[PPG_FEATURE_BEATS_MAX]; /* Unix ms, the beats committed since the last message */
    double bpm;
    size_t rr_count;
    double rr[PPG_FEATURE_BEATS_MAX]; /* ms, corrected, those that ended since the last message */
    double sdnn, rmssd, sdsd, hr_mad, sd1, sd2; /* ms, over the last 60 s */
    double pnn50;                               /* % */
    double lf, hf;                              /* ms² */
    double lf_hf;
    double red_mean, ir_mean; /* counts, over the second */
    enum heart_rhythm irregular;
    double breath;                      /* a minute */
    double perfusion_ir, perfusion_red; /* a pulse, peak to peak, % of the mean */
    enum signal_quality quality;
};

struct heart;

struct heart *heart_create(void);
void heart_destroy(struct heart *heart);

/* Takes a block of SENSOR_PPG; calls `emit` for each second of the band's ticks that it completes.
 */
void heart_push(struct heart *heart, const struct sample_block *block,
                void (*emit)(void *user, const struct ppg_features *features), void *user);

/* Takes a block of SENSOR_ACC: what of the light is movement. Without any the heart is told as of a
 * head at rest. */
void heart_move(struct heart *heart, const struct sample_block *block);

#endif
