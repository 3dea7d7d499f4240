/*
 * Held against a heart known beat by beat. Each line of stdin is a setup, "name=value …"; each
 * second that the pipeline tells of it becomes a line: what was told, and what was true.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "heart_world.h"

#define PPG_PACKET 28
#define ACC_PACKET 30
/* A filtered sample is this much older than the newest; a beat is told one second later. */
#define FILTER_S  (25.0 / WORLD_PPG_HZ)
#define COMMIT_S  (1.0 + 2.0 / WORLD_PPG_HZ)
#define DISPLAY_S (75.0 / WORLD_PPG_HZ)
#define RATE_S    17.0
#define HRV_S     62.0

struct knob {
    const char *name;
    size_t offset;
};

#define KNOB(field)                                                                                \
    {                                                                                              \
#field, offsetof(struct world_setup, field)                                                \
    }

static const struct knob knobs[] = {
    KNOB(seed),        KNOB(seconds),       KNOB(rhythm),   KNOB(bpm),      KNOB(to_bpm),
    KNOB(from_s),      KNOB(to_s),          KNOB(coupling), KNOB(af_cv),    KNOB(rsa),
    KNOB(slow),        KNOB(white),         KNOB(breath),   KNOB(dicrotic), KNOB(snr_db),
    KNOB(breath_base), KNOB(breath_height), KNOB(upright),  KNOB(cadence),  KNOB(motion),
    KNOB(acc),         KNOB(walk_s),        KNOB(burst_s),  KNOB(lose_s),   KNOB(gap_s),
};

static bool turn_knob(struct world_setup *setup, const char *word)
{
    const char *equals = strchr(word, '=');
    for (size_t k = 0; equals && k < sizeof knobs / sizeof *knobs; k++)
        if (strlen(knobs[k].name) == (size_t)(equals - word) &&
            strncmp(knobs[k].name, word, (size_t)(equals - word)) == 0) {
            *(double *)((char *)setup + knobs[k].offset) = strtod(equals + 1, NULL);
            return true;
        }
    return false;
}

/* --- what was true --- */

struct span {
    size_t first, end; /* beats */
};

static struct span beats_between(const struct world *world, double from, double to)
{
    struct span span = {0, 0};
    while (span.first < world->beats && world->beat[span.first] <= from)
        span.first++;
    for (span.end = span.first; span.end < world->beats && world->beat[span.end] <= to;)
        span.end++;
    return span;
}

/* Beats a minute, with the parts of the intervals that the ends cut. */
static double true_rate(const struct world *world, double from, double to)
{
    struct span s = beats_between(world, from, to);
    if (s.end - s.first < 2 || s.first == 0 || s.end >= world->beats)
        return NAN;
    const double *b = world->beat;
    double before = (b[s.first] - from) / (b[s.first] - b[s.first - 1]);
    double after = (to - b[s.end - 1]) / (b[s.end] - b[s.end - 1]);
    return 60.0 * ((double)(s.end - s.first - 1) + before + after) / (to - from);
}

/* The lowest and the highest rate of four intervals that ended in the last five seconds. */
static void true_range(const struct world *world, double now, double *low, double *high)
{
    struct span s = beats_between(world, now - 5.0, now);
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t k = s.first; k < s.end; k++) {
        if (k < 4)
            continue;
        double rate = 240.0 / (world->beat[k] - world->beat[k - 4]);
        *low = fmin(*low, rate);
        *high = fmax(*high, rate);
    }
}

/* Of neighbouring intervals that are both of sinus rhythm. */
static double true_rmssd(const struct world *world, double from, double to)
{
    struct span s = beats_between(world, from, to);
    double sum = 0.0;
    size_t pairs = 0;
    for (size_t k = s.first + 2; k < s.end; k++) {
        if (!world->normal[k] || !world->normal[k - 1])
            continue;
        double change = world->beat[k] - 2.0 * world->beat[k - 1] + world->beat[k - 2];
        sum += change * change;
        pairs++;
    }
    return pairs > 0 ? 1000.0 * sqrt(sum / (double)pairs) : NAN;
}

/* Peak to peak of a usual pulse, by the light's mean, %. */
static double true_perfusion(const struct world *world, double from, double to)
{
    struct span s = beats_between(world, fmax(from, 0.0), to);
    double sum = 0.0;
    size_t beats = 0;
    for (size_t k = s.first; k + 1 < s.end; k++) {
        double top = -INFINITY;
        double foot = INFINITY;
        for (size_t i = (size_t)(world->beat[k] * WORLD_PPG_HZ);
             i < (size_t)(world->beat[k + 1] * WORLD_PPG_HZ); i++) {
            top = fmax(top, world->pulse[i]);
            foot = fmin(foot, world->pulse[i]);
        }
        sum += top - foot;
        beats++;
    }
    return beats > 0 ? 100.0 * sum / (double)beats / WORLD_LIGHT : NAN;
}

/* --- what was told --- */

static void print_truth(const struct world *world, double now)
{
    double until = now - FILTER_S - COMMIT_S;
    double low;
    double high;
    true_range(world, now, &low, &high);
    printf(" | %.3f %.2f %.2f %.3f %.3f\n", true_rate(world, now - FILTER_S - RATE_S, until), low,
           high, true_rmssd(world, now - FILTER_S - HRV_S, until),
           true_perfusion(world, now - FILTER_S - 10.0, until));
}

static void on_second(void *user, const struct ppg_features *f)
{
    const struct world *world = user;
    if (f->count == 0)
        return;
    double now = f->timestamps[f->count - 1] / 1000.0 + DISPLAY_S;
    printf("%.2f %.3f %d %.3f %.3f %.3f", now, f->bpm, f->quality == QUALITY_GOOD, f->sqi, f->rmssd,
           f->sdnn);
#ifdef HEART_OLD
    printf(" -1 nan nan nan %.3f", f->hf);
#else
    printf(" %d %.3f %.4f %.4f %.3f", (int)f->irregular, f->breath, f->perfusion_ir,
           f->perfusion_red, f->hf);
#endif
    print_truth(world, now);
}

static void on_movement(void *user, const struct acc_features *f)
{
    (void)user;
    (void)f;
}

/* --- the packets --- */

static struct sample_block make_block(enum sensor sensor, double rate, size_t first, size_t count)
{
    struct sample_block block = {.arrival_us = (int64_t)(1e6 * (double)(first + count) / rate),
                                 .first_ms = 1000.0 * (double)first / rate,
                                 .step_ms = 1000.0 / rate,
                                 .first_tick = BLOCK_TICK_HZ * (double)first / rate,
                                 .tick_step = BLOCK_TICK_HZ / rate,
                                 .rate = sensor == SENSOR_PPG ? 50 : 25,
                                 .rate_measured = rate,
                                 .restart = first == 0};
    block.samples.sensor = sensor;
    block.samples.as = &model_default()->sensors[sensor];
    block.samples.count = count;
    return block;
}

static bool is_lost(struct world *world, size_t first)
{
    const struct world_setup *s = &world->setup;
    double at = (double)first / WORLD_PPG_HZ;
    if (s->gap_s > 0.0 && at >= s->seconds / 2.0 && at < s->seconds / 2.0 + s->gap_s)
        return true;
    return s->lose_s > 0.0 && first > 0 &&
           world_uniform(world) < PPG_PACKET / WORLD_PPG_HZ / s->lose_s;
}

static void push_light(struct analysis *analysis, struct world *world, size_t first, uint32_t *lost)
{
    if (is_lost(world, first)) {
        *lost += PPG_PACKET;
        return;
    }
    struct sample_block block = make_block(SENSOR_PPG, WORLD_PPG_HZ, first, PPG_PACKET);
    for (size_t i = 0; i < PPG_PACKET; i++)
        block.samples.ppg[i] =
            (struct ppg_sample){.red = world->red[first + i], .ir = world->ir[first + i]};
    block.lost = *lost;
    *lost = 0;
    analysis_push(analysis, &block);
}

static void push_movement(struct analysis *analysis, const struct world *world, size_t first)
{
    struct sample_block block = make_block(SENSOR_ACC, WORLD_ACC_HZ, first, ACC_PACKET);
    for (size_t i = 0; i < ACC_PACKET; i++)
        block.samples.acc[i] = (struct acc_sample){
            world->acc[first + i][0], world->acc[first + i][1], world->acc[first + i][2]};
    analysis_push(analysis, &block);
}

/* In the order in which they arrive: each when its last sample is there. */
static void run(struct world *world)
{
    const struct pipeline_listener listener = {.user = world, .ppg = on_second, .acc = on_movement};
    struct analysis *analysis = analysis_create(50, &listener);
    uint32_t lost = 0;
    size_t moved = 0;
    if (analysis == NULL)
        abort();
    for (size_t n = 0; n + PPG_PACKET <= world->samples; n += PPG_PACKET) {
        double arrival = (double)(n + PPG_PACKET) / WORLD_PPG_HZ;
        for (; world->setup.acc > 0.0 && moved + ACC_PACKET <= world->movements &&
               (double)(moved + ACC_PACKET) / WORLD_ACC_HZ <= arrival;
             moved += ACC_PACKET)
            push_movement(analysis, world, moved);
        push_light(analysis, world, n, &lost);
    }
    analysis_destroy(analysis);
}

int main(void)
{
    static struct world world;
    char line[1024];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct world_setup setup = {0};
        for (char *word = strtok(line, " \n"); word != NULL; word = strtok(NULL, " \n"))
            if (!turn_knob(&setup, word)) {
                fprintf(stderr, "heart_truth: no such setting: %s\n", word);
                return 2;
            }
        world_make(&world, &setup);
        puts("record");
        run(&world);
    }
    return 0;
}
