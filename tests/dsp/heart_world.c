/* When the heart beats. */
#include "heart_world.h"

#include <math.h>
#include <string.h>

static uint64_t next_random(struct world *world)
{
    /* SplitMix64 (Steele 2014). */
    uint64_t z = (world->random += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double world_uniform(struct world *world)
{
    return ((double)(next_random(world) >> 11) + 0.5) / 9007199254740992.0;
}

double world_normal(struct world *world)
{
    double radius = sqrt(-2.0 * log(world_uniform(world)));
    return radius * cos(2.0 * M_PI * world_uniform(world));
}

double world_breath(const struct world *world, double t)
{
    return sin(2.0 * M_PI * world->setup.breath / 60.0 * t + world->setup.seed);
}

/* The breath's hold on the rate falls above 7.2 a minute by 20 dB a decade (Hirsch & Bishop 1981);
 * `rsa` is said of 12 a minute and slower ones. */
static double sinus_swing(const struct world *world, double t)
{
    const struct world_setup *s = &world->setup;
    double rsa = s->rsa * fmin(1.0, s->breath > 0.0 ? 12.0 / s->breath : 0.0);
    return rsa * world_breath(world, t) + s->slow * sin(2.0 * M_PI * 0.1 * t + 1.7 * s->seed);
}

static double mean_interval(const struct world_setup *s, double t)
{
    if (s->to_bpm <= 0.0 || t <= s->from_s)
        return 60.0 / s->bpm;
    double part = fmin(1.0, (t - s->from_s) / (s->to_s - s->from_s));
    return 60.0 / (s->bpm + part * (s->to_bpm - s->bpm));
}

/* Intervals in AF follow no order (Tateno & Glass 2001: 24 % of the mean); gamma distributed, by
 * the sum of exponentials, none under 0.28 s. */
static double af_interval(struct world *world, double mean)
{
    double cv = world->setup.af_cv;
    long order = lround(1.0 / (cv * cv));
    double sum = 0.0;
    for (long i = 0; i < order; i++)
        sum -= log(world_uniform(world));
    return fmax(0.28, mean * sum / (double)order);
}

/* Of beats n that come early, every second, third, fourth, or one in twenty at random: the interval
 * before them short, the one after long, together two usual ones (a compensatory pause). */
static bool comes_early(struct world *world, long n, bool was_early)
{
    switch ((int)world->setup.rhythm) {
    case WORLD_BIGEMINY:
        return n % 2 == 1;
    case WORLD_TRIGEMINY:
        return n % 3 == 2;
    case WORLD_QUADRIGEMINY:
        return n % 4 == 3;
    case WORLD_PVC:
        return !was_early && world_uniform(world) < 1.0 / 20.0;
    default:
        return false;
    }
}

/* The stroke grows with the time the heart had to fill, and levels off (in AF and after early
 * beats: Sološenko 2017); one of the ventricle's own is weaker yet. */
static double stroke(double interval, bool early)
{
    double filled = 1.0 - exp(-fmax(interval - 0.15, 0.05) / 0.25);
    return (early ? 0.85 : 1.0) * filled / (1.0 - exp(-0.65 / 0.25));
}

/* An earlier one finds the ventricle empty, and is no pulse. */
static double coupling(const struct world_setup *s, double mean)
{
    return fmax(s->coupling, 0.42 / mean);
}

static void make_beats(struct world *world)
{
    const struct world_setup *s = &world->setup;
    double t = -3.0 - world_uniform(world) * 60.0 / s->bpm;
    bool early = false;
    bool was_early = false;
    for (long n = 0; world->beats < WORLD_BEATS_MAX && t < s->seconds + 3.0; n++) {
        double mean = mean_interval(s, t);
        double share = 1.0;
        was_early = early;
        early = comes_early(world, n, was_early);
        if (early)
            share = coupling(s, mean) * (1.0 + 0.02 * world_normal(world));
        else if (was_early)
            share = 2.0 - coupling(s, mean);
        double interval = mean * (share + sinus_swing(world, t) + s->white * world_normal(world));
        if (s->rhythm == WORLD_AF)
            interval = af_interval(world, mean);
        t += interval;
        world->beat[world->beats] = t;
        world->height[world->beats] = stroke(interval, early);
        world->normal[world->beats++] = !early && !was_early && s->rhythm != WORLD_AF;
    }
}

void world_make(struct world *world, const struct world_setup *setup)
{
    memset(world, 0, sizeof *world);
    world->setup = *setup;
    world->random = (uint64_t)setup->seed * 7919 + 17;
    make_beats(world);
    world_render(world);
}
