/* The simulated heart: beats with their variability, and the pulse that they make in PPG. */
#include <math.h>
#include <string.h>

#include "ble/sim_body.h"

#define TURN 6.283185307179586

#define LF_HZ 0.1

/* Counts. The real band's pulse is 200 of 1.7 million. */
#define RED_COUNTS    1420000.0
#define IR_COUNTS     1690000.0
#define RED_PULSE     130.0
#define IR_PULSE      230.0
#define BREATH_COUNTS 40.0
#define WANDER_COUNTS 500.0
#define WANDER_HZ     0.01
/* Above this the wander falls as 1/f⁴, as the real band's does: 1/f² would jitter the pulse. */
#define SMOOTH_HZ    0.3
#define NOISE_COUNTS 3.0

/* RMSSD that a unit of RMS modulation at this frequency makes in intervals of this length. */
static double difference_gain(double hz, double rr)
{
    return 2 * fabs(sin(TURN / 2 * hz * rr));
}

void sim_beats_init(struct sim_beats *beats, uint64_t seed, double bpm, double rmssd_ms)
{
    double rmssd = rmssd_ms / 1000;

    sim_random_seed(&beats->random, seed, 0x20);
    beats->mean = 60 / bpm;
    beats->hf = rmssd * sqrt(2 * 0.70) / difference_gain(SIM_BREATHS_HZ, beats->mean);
    beats->lf = rmssd * sqrt(2 * 0.15) / difference_gain(LF_HZ, beats->mean);
    beats->noise = rmssd * sqrt(0.15 / 2);
    beats->lf_phase = sim_random_between(&beats->random, 0, TURN);
    beats->hf_phase = sim_random_between(&beats->random, 0, TURN);
    beats->time = sim_random_between(&beats->random, 0, beats->mean);
}

double sim_beats_next(struct sim_beats *beats)
{
    double beat = beats->time;
    double rr = beats->mean + beats->lf * sin(TURN * LF_HZ * beat + beats->lf_phase) +
                beats->hf * sin(TURN * SIM_BREATHS_HZ * beat + beats->hf_phase) +
                beats->noise * sim_random_normal(&beats->random);

    /* No heart beats twice as fast for one beat, whatever variability was asked for. */
    rr = fmin(fmax(rr, 0.55 * beats->mean), 1.6 * beats->mean);
    beats->time = beat + rr;
    return beat;
}

void sim_heart_init(struct sim_heart *heart, uint64_t seed, double bpm, double rmssd_ms,
                    double rate)
{
    memset(heart, 0, sizeof(*heart));
    sim_beats_init(&heart->beats, seed, bpm, rmssd_ms);
    sim_random_seed(&heart->random, seed, 0x21);
    heart->rate = rate;
    heart->wander_pole = exp(-TURN * WANDER_HZ / rate);
    heart->smooth_pole = exp(-TURN * SMOOTH_HZ / rate);
    for (int i = 0; i < SIM_PULSES; i++)
        heart->pulses[i] = i < SIM_PULSES - 1 ? -1e9 : sim_beats_next(&heart->beats);
}

/* x² e^(2 − 2x): rises from its foot, 1 at x = 1, leaves slowly. */
static double surge(double x)
{
    return x > 0 ? x * x * exp(2 - 2 * x) : 0;
}

/* Volume of blood `t` seconds after the foot: the systolic wave and the dicrotic one. */
static double pulse_wave(double t)
{
    return surge(t / 0.14) + 0.25 * surge((t - 0.26) / 0.12);
}

static double blood_at(struct sim_heart *heart, double t)
{
    double sum = 0;

    while (heart->pulses[SIM_PULSES - 1] <= t) {
        memmove(heart->pulses, heart->pulses + 1, sizeof(heart->pulses) - sizeof(double));
        heart->pulses[SIM_PULSES - 1] = sim_beats_next(&heart->beats);
    }
    for (int i = 0; i < SIM_PULSES - 1; i++)
        sum += pulse_wave(t - heart->pulses[i]);
    return sum;
}

static double wander_next(struct sim_heart *heart, int channel)
{
    double pole = heart->wander_pole;

    heart->wander[channel] = pole * heart->wander[channel] + WANDER_COUNTS * sqrt(1 - pole * pole) *
                                                                 sim_random_normal(&heart->random);
    heart->smooth[channel] +=
        (1 - heart->smooth_pole) * (heart->wander[channel] - heart->smooth[channel]);
    return heart->smooth[channel] + NOISE_COUNTS * sim_random_normal(&heart->random);
}

void sim_heart_next(struct sim_heart *heart, struct ppg_sample *sample)
{
    double t = (double)heart->count++ / heart->rate;
    double breath = sin(TURN * SIM_BREATHS_HZ * t + heart->beats.hf_phase);
    double blood = blood_at(heart, t) * (1 + 0.08 * breath);
    double red = RED_COUNTS + wander_next(heart, 0) + BREATH_COUNTS * breath - RED_PULSE * blood;
    double ir = IR_COUNTS + wander_next(heart, 1) + BREATH_COUNTS * breath - IR_PULSE * blood;

    sample->red = (uint32_t)lround(red);
    sample->ir = (uint32_t)lround(ir);
}
