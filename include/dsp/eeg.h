/*
 * EEG features: filtered samples, spectrum, band powers, indices, quality. Pure, streaming,
 * constant memory, each sample filtered once. docs/dsp.md derives each figure.
 */
#ifndef DSP_EEG_H
#define DSP_EEG_H

#include <stdbool.h>
#include <stddef.h>

#include "band/block.h"
#include "dsp/eeg_channels.h"

enum eeg_band { EEG_DELTA, EEG_THETA, EEG_ALPHA, EEG_BETA, EEG_GAMMA, EEG_BANDS };

/* "delta" … "gamma", and lower (inclusive) and upper (exclusive) edge in Hz. */
const char *eeg_band_name(enum eeg_band band);
double eeg_band_lo(enum eeg_band band);
double eeg_band_hi(enum eeg_band band);

enum signal_quality { QUALITY_GOOD, QUALITY_POOR, QUALITY_NO_CONTACT };
const char *signal_quality_name(enum signal_quality quality);

/* Filtered samples in one message: half a second at 500 Hz, and room for a rate that is off. */
#define EEG_FEATURE_SAMPLES_MAX 288

/* Frequencies 1, 1.5 … 45 Hz: the bins of a 2 s segment. */
#define EEG_SPECTRUM_BINS 89

/* What was seen in the half second: bits of one set, told by name. */
enum eeg_artefact {
    ARTEFACT_BLINK = 1,
    ARTEFACT_MUSCLE = 2,
    ARTEFACT_MOVEMENT = 4,
    ARTEFACT_POP = 8,
};
/* NULL for what is none. */
const char *eeg_artefact_name(enum eeg_artefact artefact);

/* Blinks told in one message: more are left out. Each is told 0.4 s after it was over. */
#define EEG_BLINKS_MAX 8
/* The seconds that a figure can rest on: half overlapping, of the last ten. */
#define EEG_SECONDS_MAX 20

/* Messages of the fast lane a second of the band's own. */
#define EEG_BANDS_RATE 10

/* One processed EEG message. What is not known is NAN and becomes null. */
struct eeg_features {
    int64_t arrival_us; /* of the packet that completed the half second */
    double arrival_utc_ms;
    uint32_t lost; /* samples missing in this half second, at the native rate */
    int rate;      /* nominal, Hz */
    double rate_measured;
    double from_ms,
        end_ms;   /* Unix ms, of the half second: its first sample, and its last one's end */
    size_t count; /* filtered samples, delay already taken off their timestamps */
    double timestamps[EEG_FEATURE_SAMPLES_MAX];             /* Unix ms */
    double filtered[EEG_CHANNELS][EEG_FEATURE_SAMPLES_MAX]; /* µV */
    int leadoff[EEG_CHANNELS];                              /* 1: no contact in this half second */
    double sqi[EEG_CHANNELS];                               /* 0..1 */
    double frequencies[EEG_SPECTRUM_BINS];                  /* Hz */
    double power_db[EEG_CHANNELS][EEG_SPECTRUM_BINS];       /* dB re 1 µV²/Hz */
    double band_power[EEG_CHANNELS][EEG_BANDS];             /* µV² */
    double relative_power[EEG_CHANNELS][EEG_BANDS];         /* of the sum of the bands */
    double total_power;                                     /* µV², the bands of channel 1 */
    enum signal_quality quality;
    double good_samples_ratio; /* 0..1 */
    unsigned interpolated;     /* samples bridged for filters and spectrum */
    /* Of channel 1, the last of both; NAN unless each channel it is made of is good. */
    double focus_index, relaxation_index, stress_index, cognitive_load, emotional_stability;
    double hemispheric_balance;
    unsigned artefacts; /* of enum eeg_artefact */
    size_t blink_count;
    double blinks[EEG_BLINKS_MAX]; /* Unix ms, of their peaks */
    /* s of signal that theta rests on: 4, the whole window, or what is free of blinks of the last
     * ten; NAN without theta. */
    double spectrum_seconds[EEG_CHANNELS];
    /* Those free seconds' ends, Unix ms; none where theta rests on the whole window. */
    size_t second_count[EEG_CHANNELS];
    double second_ends[EEG_CHANNELS][EEG_SECONDS_MAX];
    bool second_sways[EEG_CHANNELS][EEG_SECONDS_MAX]; /* not in delta */
    double alpha_frequency[EEG_CHANNELS]; /* Hz, of the last minute; NAN without a peak */
    double muscle[EEG_CHANNELS];          /* gamma over beta of the free seconds of the last ten */
};

/*
 * The fast lane: a tenth of a second of the band's ticks is over. The powers are those of the one
 * second that ends with it, in a single Hann segment; what is not known is NAN and becomes null.
 */
struct eeg_bands {
    int64_t arrival_us; /* of the packet that completed the tenth */
    double arrival_utc_ms;
    uint32_t lost;                         /* samples missing in this tenth, at the native rate */
    double timestamp;                      /* Unix ms, of its last sample */
    double power[EEG_CHANNELS][EEG_BANDS]; /* µV², from EEG_THETA on */
    int leadoff[EEG_CHANNELS];             /* 1: no contact in this tenth */
    unsigned artefacts;                    /* of enum eeg_artefact, seen in that second */
};

/* Who hears what eeg_dsp_push() completes; what a function is told is borrowed for the call. NULL:
 * nobody wants those of this block; what comes later is the same as if somebody had. */
struct eeg_listener {
    void *user;
    void (*features)(void *user, const struct eeg_features *features);
    void (*bands)(void *user, const struct eeg_bands *bands);
    /* For who wants nothing but from_ms, end_ms, artefacts and blinks: no more is set. */
    void (*artefacts)(void *user, const struct eeg_features *features);
};

struct eeg_dsp;

struct eeg_dsp *eeg_dsp_create(int mains_hz);
void eeg_dsp_destroy(struct eeg_dsp *dsp);

/* Takes a block of SENSOR_EEG and tells the listener of each half second, and each tenth of one, of
 * the band's ticks that it completes: of a band with EEG_CHANNELS or more, at a nominal rate of 250
 * or 500 Hz; of others nothing. */
void eeg_dsp_push(struct eeg_dsp *dsp, const struct sample_block *block,
                  const struct eeg_listener *listener);

#endif
