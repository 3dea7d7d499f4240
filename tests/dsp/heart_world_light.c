/* The beats as light and the steps as movement. */
#include <math.h>

#include "heart_world.h"

#define UPSTROKE_S 0.095 /* of the wave below, its steepest point */
/* The band's sensor has eight bits, left-justified in 16 384 counts a g. */
#define ACC_COUNT 256.0

static double bell(double x, double width)
{
    return exp(-0.5 * x * x / (width * width));
}

/* Two waves (Tang 2020): systole with a rise of 75 ms and a fall of 130 ms around its top, and the
 * dicrotic wave 280 ms later; x in units of the record's width, from the beat. */
static double wave(double x, double dicrotic)
{
    return bell(x - 0.17, x < 0.17 ? 0.075 : 0.13) + dicrotic * bell(x - 0.45, 0.09);
}

/* Pulses are as wide as at 75 bpm, and narrower where the rate is higher. */
static double width_of(const struct world_setup *s)
{
    return fmin(1.0, 60.0 / fmax(s->bpm, s->to_bpm) / 0.8);
}

/* world->beat becomes when the pulse is steepest. */
static void render_pulse(struct world *world)
{
    const struct world_setup *s = &world->setup;
    double width = width_of(s);
    for (size_t k = 0; k < world->beats; k++) {
        double t = world->beat[k];
        double height =
            world->height[k] * (1.0 + s->breath_height * world_breath(world, t)) * WORLD_PULSE;
        double dicrotic = s->dicrotic + 0.03 * world_normal(world);
        long first = lround(fmax(0.0, (t - width) * WORLD_PPG_HZ));
        long last = lround(fmin((double)world->samples, (t + 2.0 * width) * WORLD_PPG_HZ));
        for (long i = first; i < last; i++)
            world->pulse[i] += height * wave(((double)i / WORLD_PPG_HZ - t) / width, dicrotic);
        world->beat[k] += UPSTROKE_S * width;
    }
}

static double deviation_of(const double *values, size_t count)
{
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
        squares += values[i] * values[i];
    }
    double mean = sum / (double)count;
    return sqrt(squares / (double)count - mean * mean);
}

/* Steps vary by 2 % in time (Hausdorff 2005: 1 to 3 % of a stride). */
static void make_steps(struct world *world)
{
    const struct world_setup *s = &world->setup;
    for (double t = s->walk_s;
         s->cadence > 0.0 && world->steps < WORLD_STEPS_MAX && t < s->seconds + 2.0;) {
        world->step[world->steps++] = t;
        t += 60.0 / s->cadence * (1.0 + 0.02 * world_normal(world));
    }
}

/* In steps, with its fraction; NAN: not walking. `*at` is where to look on: times ascend. */
static double step_at(const struct world *world, size_t *at, double t)
{
    if (world->steps < 2 || t < world->step[0])
        return NAN;
    while (*at + 2 < world->steps && world->step[*at + 1] <= t)
        ++*at;
    const double *step = world->step + *at;
    return (double)*at + (t - step[0]) / (step[1] - step[0]);
}

/* Blood and band swing with the step, its double and the stride (half of it): the artefact that
 * accelerometers on the head share with the light. −1..1 or thereabouts. */
static double sway(double step)
{
    double x = 2.0 * M_PI * step;
    return isnan(step) ? 0.0
                       : (cos(x) + 0.3 * cos(2.0 * x + 0.8) + 0.15 * cos(x / 2.0 + 0.3)) / 2.2;
}

static double burst_at(const struct world_setup *s, double t)
{
    if (s->burst_s <= 0.0 || t < s->burst_s)
        return 0.0;
    double number = floor(t / s->burst_s);
    double within = t - number * s->burst_s;
    double turn = 4.0 + fmod(number * 2.63 + s->seed, 8.0);
    return within < 3.0 ? 7.0 * 0.5 * (1.0 - cos(2.0 * M_PI * within / 3.0)) * sin(turn * within)
                        : 0.0;
}

static uint32_t counts(double value)
{
    return (uint32_t)lround(fmin(fmax(value, 0.0), 16777215.0));
}

/* The baseline drifts as a captured band's does: smoothly, by some pulses in half a minute. */
static void render_light(struct world *world)
{
    const struct world_setup *s = &world->setup;
    size_t at = 0;
    double noise = deviation_of(world->pulse, world->samples) / pow(10.0, s->snr_db / 20.0);
    double sign = s->upright > 0.0 ? 1.0 : -1.0;
    double drift = 0.0;
    double push = 0.0;
    for (size_t i = 0; i < world->samples; i++) {
        double t = (double)i / WORLD_PPG_HZ;
        push += 0.02 * (0.003 * world_normal(world) - 0.02 * push);
        drift += push - 0.0005 * drift;
        double all = sign * world->pulse[i] / WORLD_PULSE +
                     s->breath_base * world_breath(world, t) + drift + burst_at(s, t) +
                     s->motion * (1.0 + 0.2 * sin(0.3 * t)) * sway(step_at(world, &at, t));
        world->ir[i] = counts(WORLD_LIGHT + WORLD_PULSE * all + noise * world_normal(world));
        world->red[i] = counts(0.8 * WORLD_LIGHT + WORLD_RED_SHARE * WORLD_PULSE * all +
                               noise * world_normal(world));
    }
}

static int16_t g_counts(double g)
{
    return (int16_t)(round(g * 16384.0 / ACC_COUNT) * ACC_COUNT);
}

/* A head that walks goes up and down by 0.2 to 0.3 g (Menz 2003); worn, x points down. */
static void render_movement(struct world *world)
{
    const struct world_setup *s = &world->setup;
    size_t at = 0;
    for (size_t i = 0; i < world->movements; i++) {
        double t = (double)i / WORLD_ACC_HZ;
        double step = step_at(world, &at, t);
        double x = 2.0 * M_PI * step;
        double burst = burst_at(s, t) / 7.0;
        double up = isnan(step) ? 0.0 : 0.25 * cos(x + 0.5) + 0.08 * cos(2.0 * x);
        double side = isnan(step) ? 0.0 : 0.1 * cos(x / 2.0);
        world->acc[i][0] = g_counts(1.0 + up + 0.1 * burst + 0.008 * world_normal(world));
        world->acc[i][1] = g_counts(side + 0.2 * burst + 0.008 * world_normal(world));
        world->acc[i][2] = g_counts(0.1 + 0.4 * up + 0.008 * world_normal(world));
    }
}

void world_render(struct world *world)
{
    world->samples = (size_t)(world->setup.seconds * WORLD_PPG_HZ);
    world->movements = (size_t)(world->setup.seconds * WORLD_ACC_HZ);
    make_steps(world);
    render_pulse(world);
    render_light(world);
    render_movement(world);
}
