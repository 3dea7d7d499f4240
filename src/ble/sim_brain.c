/* The simulated EEG: rhythms, blinks, the head's electrodes, what the mains adds. */
#include <math.h>
#include <string.h>

#include "ble/sim_body.h"

#define TURN 6.283185307179586

/* Corner frequencies of the background, Hz, each with the same variance: close to 1/f between. */
static const double pink_corner[SIM_PINK_POLES] = {0.3, 1, 3, 9, 27, 81};
#define PINK_UV     4.0
#define WHITE_UV    0.5
#define DRIFT_UV    150.0
#define DRIFT_HZ    0.02
#define ALPHA_HZ    10.0
#define ALPHA_WIDTH 1.2
#define ALPHA_UV    18.0
#define BLINK_S     0.35
#define FLOATING_UV 180000.0

static const double mains_uv[SIM_ELECTRODES] = {3, 5};
static const double alpha_share[SIM_ELECTRODES] = {1, 0.9};
static const double blink_share[SIM_ELECTRODES] = {1, 0.92};

/* Alpha as a second-order resonance driven by noise, of variance 1 (Box & Jenkins, AR(2)). */
static void alpha_init(struct sim_brain *brain)
{
    double r = exp(-TURN / 2 * ALPHA_WIDTH / brain->rate);
    double angle = TURN * ALPHA_HZ / brain->rate;
    double variance =
        (1 + r * r) / ((1 - r * r) * (1 + r * r * r * r - 2 * r * r * cos(2 * angle)));

    brain->alpha_feedback[0] = 2 * r * cos(angle);
    brain->alpha_feedback[1] = -r * r;
    brain->alpha_gain = 1 / sqrt(variance);
}

static double pole_of(double corner_hz, double rate)
{
    return exp(-TURN * corner_hz / rate);
}

static void electrode_init(struct sim_electrode *electrode, uint64_t seed, uint64_t channel)
{
    struct sim_random *random = &electrode->random;

    sim_random_seed(random, seed, 0x100 + channel);
    electrode->offset = sim_random_between(random, 1e3, 80e3);
    if (sim_random_chance(random, 0.5))
        electrode->offset = -electrode->offset;
    electrode->drift = DRIFT_UV * sim_random_normal(random);
    for (int i = 0; i < SIM_PINK_POLES; i++)
        electrode->pink[i] = PINK_UV * sim_random_normal(random);
}

void sim_brain_init(struct sim_brain *brain, uint64_t seed, double rate, double mains_hz,
                    bool leadoff)
{
    memset(brain, 0, sizeof(*brain));
    sim_random_seed(&brain->random, seed, 0x10);
    brain->rate = rate;
    brain->mains_hz = mains_hz;
    brain->leadoff = leadoff;
    for (uint64_t channel = 0; channel < SIM_ELECTRODES; channel++)
        electrode_init(&brain->electrode[channel], seed, channel);
    for (int i = 0; i < SIM_PINK_POLES; i++)
        brain->pink_pole[i] = pole_of(pink_corner[i], rate);
    brain->drift_pole = pole_of(DRIFT_HZ, rate);
    alpha_init(brain);
    brain->alpha_left = sim_random_between(&brain->random, 2, 5);
    brain->quiet_left = 2 + sim_random_wait(&brain->random, 4);
    brain->off_left = -(20 + sim_random_wait(&brain->random, 100));
}

/* Alpha goes on for 4 to 12 s, is away for 3 to 10 s, and swells or fades within a second. */
static double alpha_next(struct sim_brain *brain)
{
    double y = brain->alpha_feedback[0] * brain->alpha[0] +
               brain->alpha_feedback[1] * brain->alpha[1] +
               brain->alpha_gain * sim_random_normal(&brain->random);

    brain->alpha[1] = brain->alpha[0];
    brain->alpha[0] = y;
    brain->alpha_left -= 1 / brain->rate;
    if (brain->alpha_left <= 0) {
        brain->alpha_target = 1 - brain->alpha_target;
        brain->alpha_left = brain->alpha_target > 0 ? sim_random_between(&brain->random, 4, 12)
                                                    : sim_random_between(&brain->random, 3, 10);
    }
    brain->alpha_level += (brain->alpha_target - brain->alpha_level) * 3 / brain->rate;
    return ALPHA_UV * brain->alpha_level * y;
}

/* Alpha is that of closed eyes, and those do not blink. */
static double blink_next(struct sim_brain *brain)
{
    if (brain->blink_left <= 0) {
        if (brain->alpha_target == 0)
            brain->quiet_left -= 1 / brain->rate;
        if (brain->quiet_left > 0)
            return 0;
        brain->blink_left = BLINK_S;
        brain->blink_size = sim_random_between(&brain->random, 100, 220);
        brain->quiet_left = 0.6 + sim_random_wait(&brain->random, 4);
    }
    double lid = sin(TURN / 2 * brain->blink_left / BLINK_S);
    brain->blink_left -= 1 / brain->rate;
    return brain->blink_size * lid * lid;
}

/* `off_left` counts down while an electrode is off, up from below zero while all are on. */
static void leadoff_next(struct sim_brain *brain)
{
    static const uint8_t patterns[] = {0x01, 0x02, 0x03, 0x04, 0x08, 0x0C, 0x0F};
    double step = 1 / brain->rate;

    if (!brain->leadoff)
        return;
    if (brain->off) {
        brain->off_left -= step;
        if (brain->off_left <= 0) {
            brain->off = 0;
            brain->off_left = -(20 + sim_random_wait(&brain->random, 100));
        }
        return;
    }
    brain->off_left += step;
    if (brain->off_left >= 0) {
        brain->off = patterns[sim_random_bits(&brain->random) % sizeof(patterns)];
        brain->off_left = sim_random_between(&brain->random, 2, 6);
    }
}

static double background_next(struct sim_brain *brain, struct sim_electrode *electrode)
{
    struct sim_random *random = &electrode->random;
    double sum = WHITE_UV * sim_random_normal(random);

    for (int i = 0; i < SIM_PINK_POLES; i++) {
        double pole = brain->pink_pole[i];
        electrode->pink[i] =
            pole * electrode->pink[i] + PINK_UV * sqrt(1 - pole * pole) * sim_random_normal(random);
        sum += electrode->pink[i];
    }
    electrode->drift =
        brain->drift_pole * electrode->drift +
        DRIFT_UV * sqrt(1 - brain->drift_pole * brain->drift_pole) * sim_random_normal(random);
    return sum + electrode->drift;
}

/* An electrode in the air drifts off to one side within a second, full of hum, and comes back so.
 */
static double electrode_next(struct sim_brain *brain, size_t channel, double hum)
{
    struct sim_electrode *electrode = &brain->electrode[channel];
    bool off = brain->off & EEG_LEADOFF_MASK(channel);
    double side = electrode->offset < 0 ? -FLOATING_UV : FLOATING_UV;

    electrode->floating += ((off ? side : 0) - electrode->floating) * 4 / brain->rate;
    return electrode->offset + electrode->floating + background_next(brain, electrode) +
           mains_uv[channel] * hum * (off ? 200 : 1);
}

void sim_brain_next(struct sim_brain *brain, struct eeg_sample *sample)
{
    double alpha = alpha_next(brain);
    double blink = blink_next(brain);
    double hum = sin(TURN * brain->mains_phase);

    brain->mains_phase += brain->mains_hz / brain->rate;
    brain->mains_phase -= floor(brain->mains_phase);
    leadoff_next(brain);
    sample->leadoff = brain->off;
    for (size_t channel = 0; channel < SIM_ELECTRODES; channel++)
        sample->uv[channel] = electrode_next(brain, channel, hum) + alpha_share[channel] * alpha +
                              blink_share[channel] * blink;
    /* The real band's flaw: one sample of nothing, about twice a minute. */
    if (sim_random_chance(&brain->random, 1 / (30 * brain->rate)))
        sample->uv[0] = sample->uv[1] = 0;
}
