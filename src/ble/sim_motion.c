/* The simulated head's motion, as the accelerometer feels it. */
#include <math.h>
#include <string.h>

#include "ble/sim_body.h"

#define TURN 6.283185307179586

/* Gravity in a worn band, as in the recordings: nearly along x, the front tipped. */
#define REST_PITCH 0.27
#define REST_ROLL  (-0.09)
#define SWAY_RAD   0.02
#define SWAY_HZ    0.1
#define NOISE_G    0.004
#define STEPS_HZ   1.85
#define COUNT_G    (1 / 64.0) /* 8 bits over ±2 g */

void sim_motion_init(struct sim_motion *motion, uint64_t seed, double rate)
{
    memset(motion, 0, sizeof(*motion));
    sim_random_seed(&motion->random, seed, 0x30);
    motion->rate = rate;
    motion->lasts = sim_random_between(&motion->random, 8, 15);
    motion->sway_pole = exp(-TURN * SWAY_HZ / rate);
}

static void activity_change(struct sim_motion *motion)
{
    static const enum sim_activity after_stillness[] = {SIM_NOD, SIM_TILT, SIM_SHAKE, SIM_WALK};
    struct sim_random *random = &motion->random;

    motion->since = 0;
    if (motion->activity != SIM_STILL) {
        motion->activity = SIM_STILL;
        motion->lasts = sim_random_between(random, 8, 30);
        return;
    }
    motion->activity = after_stillness[sim_random_bits(random) % 4];
    motion->lasts = motion->activity == SIM_WALK ? sim_random_between(random, 10, 25)
                                                 : sim_random_between(random, 1.5, 3);
}

/* The pose of the head, rad, and what moves it besides gravity, g. */
struct pose {
    double pitch, roll;
    double up, forth, side;
};

static void gesture(const struct sim_motion *motion, struct pose *pose)
{
    double t = motion->since;
    double bow = sin(TURN / 2 * t / motion->lasts); /* out and back */

    switch (motion->activity) {
    case SIM_STILL:
        break;
    case SIM_NOD:
        pose->pitch += 0.35 * bow * sin(TURN * 1.5 * t);
        break;
    case SIM_TILT:
        pose->roll += 0.6 * bow;
        break;
    case SIM_SHAKE:
        pose->side = 0.3 * bow * sin(TURN * 2 * t);
        break;
    case SIM_WALK:
        pose->up = 0.25 * sin(TURN * STEPS_HZ * t) + 0.08 * sin(TURN * 2 * STEPS_HZ * t + 1);
        pose->forth = 0.1 * sin(TURN * STEPS_HZ * t + 2);
        pose->side = 0.08 * sin(TURN / 2 * STEPS_HZ * t);
        break;
    }
}

static int16_t counts(struct sim_motion *motion, double g)
{
    double steps = round((g + NOISE_G * sim_random_normal(&motion->random)) / COUNT_G);

    return (int16_t)(fmin(fmax(steps, -128), 127) * 256);
}

void sim_motion_next(struct sim_motion *motion, struct acc_sample *sample)
{
    double pole = motion->sway_pole;
    struct pose pose = {REST_PITCH, REST_ROLL, 0, 0, 0};

    for (int i = 0; i < 2; i++)
        motion->sway[i] = pole * motion->sway[i] +
                          SWAY_RAD * sqrt(1 - pole * pole) * sim_random_normal(&motion->random);
    pose.pitch += motion->sway[0];
    pose.roll += motion->sway[1];
    gesture(motion, &pose);
    sample->x = counts(motion, cos(pose.pitch) * cos(pose.roll) + pose.up);
    sample->y = counts(motion, sin(pose.pitch) + pose.forth);
    sample->z = counts(motion, cos(pose.pitch) * sin(pose.roll) + pose.side);
    motion->since += 1 / motion->rate;
    if (motion->since >= motion->lasts)
        activity_change(motion);
}
