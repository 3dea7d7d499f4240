/*
 * The simulated wearer: brain, heart and motion, one sample a call, at the pace of the sensor that
 * asks. Pure and seeded: the n-th sample is the same in every run, and what truly was (the beats,
 * alpha, the activity) can be asked, so that what is computed from the samples can be held against
 * it.
 */
#ifndef BLE_SIM_BODY_H
#define BLE_SIM_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/packet.h"
#include "ble/sim_random.h"

#define SIM_ELECTRODES 2
#define SIM_PINK_POLES 6

/* A channel of EEG: what sits on its electrodes, µV. */
struct sim_electrode {
    struct sim_random random;
    double offset; /* 1 to 80 mV of either sign: electrochemical */
    double drift;
    double pink[SIM_PINK_POLES];
    double floating; /* what an electrode that hangs in the air picks up */
};

/*
 * EEG: 1/f background as a sum of first-order processes an octave or two apart, alpha at 10 Hz that
 * comes and goes by seconds, blinks, mains hum, drift on a DC offset; now and then an electrode
 * comes off, and a single sample is exactly 0.
 */
struct sim_brain {
    struct sim_random random;
    double rate, mains_hz;
    bool leadoff;
    struct sim_electrode electrode[SIM_ELECTRODES];
    double pink_pole[SIM_PINK_POLES], drift_pole;
    double alpha[2], alpha_feedback[2], alpha_gain; /* a resonance driven by noise */
    double alpha_level, alpha_target;               /* 0 to 1 */
    double alpha_left, blink_left, blink_size, quiet_left, off_left; /* s */
    double mains_phase;                                              /* turns */
    uint8_t off;                                                     /* the lead-off byte */
};

/* `rate` is the true one inside packets, Hz. */
void sim_brain_init(struct sim_brain *brain, uint64_t seed, double rate, double mains_hz,
                    bool leadoff);
void sim_brain_next(struct sim_brain *brain, struct eeg_sample *sample);

/*
 * Beats: mean RR of 60 / bpm, modulated by blood pressure waves (LF, 0.1 Hz) and by breathing (HF,
 * 0.25 Hz) and a little noise. Of RMSSD², HF has 70 %, LF and noise 15 % each, the gain of a
 * difference at each frequency allowed for: |2 sin(π f RR)|.
 */
struct sim_beats {
    struct sim_random random;
    double mean, lf, hf, noise; /* s */
    double lf_phase, hf_phase;  /* rad */
    double time;                /* of the last beat, s */
};

#define SIM_BREATHS_HZ 0.25

void sim_beats_init(struct sim_beats *beats, uint64_t seed, double bpm, double rmssd_ms);
/* The next beat's foot in the PPG, s from the first sample. */
double sim_beats_next(struct sim_beats *beats);

#define SIM_PULSES 4

/*
 * PPG of these beats, upside down as the real band's: counts fall as blood comes. Baseline,
 * wander, breathing (the one that modulates the beats), noise. A heart and a sim_beats of one seed
 * have the same beats.
 */
struct sim_heart {
    struct sim_beats beats;
    struct sim_random random;
    double rate;
    uint64_t count;            /* samples made */
    double pulses[SIM_PULSES]; /* the last beats and, as the last, the next one; s */
    double wander[2], wander_pole;
    double smooth[2], smooth_pole; /* of the wander */
};

void sim_heart_init(struct sim_heart *heart, uint64_t seed, double bpm, double rmssd_ms,
                    double rate);
void sim_heart_next(struct sim_heart *heart, struct ppg_sample *sample);

enum sim_activity { SIM_STILL, SIM_NOD, SIM_TILT, SIM_SHAKE, SIM_WALK };

/* Accelerometer: gravity in the pose of a worn band, stillness with gestures in it, and walks. */
struct sim_motion {
    struct sim_random random;
    double rate;
    enum sim_activity activity;
    double since, lasts; /* s: of this activity */
    double sway[2], sway_pole;
};

void sim_motion_init(struct sim_motion *motion, uint64_t seed, double rate);
/* In counts as the band has them: 8 bits left-justified, so the low byte is 0. */
void sim_motion_next(struct sim_motion *motion, struct acc_sample *sample);

#endif
