#include "dsp/motion.h"

#include <math.h>
#include <stdlib.h>

#include "dsp/grid.h"

/* Gravity is what changes slower than this; nodding and walking are faster. */
#define GRAVITY_HZ 0.3
/* How far |a| is off its slow mean over the last seconds, in the mean, upper bound of each state: a
 * head that tilts or nods turns gravity, but |a| stays 1 g; steps change it. One count of the
 * band's 8-bit sensor is 0.016 g. */
#define STATIONARY_G 0.02
#define SITTING_G    0.08
#define WALKING_G    0.40
#define STILL_G      0.05
#define SECONDS      3
/* A second of samples. */
#define ACC_LOST_MAX 25

static const double upper[] = {STATIONARY_G, SITTING_G, WALKING_G, INFINITY};

struct motion {
    struct grid grid;
    bool settled; /* gravity is known */
    double gravity[3];
    double weight;    /* |a|, slowly, g */
    double bob;       /* |a| off that, summed over this second */
    double before[3]; /* the sample before */
    bool has_before;
    double sum, sum2, max; /* movement in this second, g */
    size_t moves;          /* samples in them */
    double change[3];      /* |differences|, summed */
    size_t changes;
    double recent[SECONDS]; /* mean bob of the last seconds */
    size_t seconds;
    struct acc_features features;
};

struct motion *motion_create(void)
{
    struct motion *m = calloc(1, sizeof *m);
    if (m)
        m->grid.period = BLOCK_TICK_HZ;
    return m;
}

void motion_destroy(struct motion *motion)
{
    free(motion);
}

static void begin_motion_second(struct motion *m)
{
    m->sum = m->sum2 = m->max = m->bob = 0;
    m->moves = m->changes = 0;
    m->change[0] = m->change[1] = m->change[2] = 0;
    m->features.count = 0;
    m->features.lost = 0;
}

/* Nothing is carried over a gap but what gravity was, and over one of a second not even that: the
 * head may have turned. What was under way at a restart is never completed. */
static void interrupt(struct motion *m, uint32_t lost, bool restart)
{
    m->has_before = false;
    m->seconds = 0;
    m->settled = m->settled && !restart && lost < ACC_LOST_MAX;
    if (restart) {
        m->grid.open = false;
        begin_motion_second(m);
    }
}

static void take_bob(struct motion *m, const double *g, double weight)
{
    const double size = sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
    if (!m->settled)
        m->weight = size;
    m->weight += weight * (size - m->weight);
    m->bob += fabs(size - m->weight);
}

static void take_movement(struct motion *m, const double *g, double rate)
{
    double square = 0, weight = 1 - exp(-2 * M_PI * GRAVITY_HZ / rate);
    take_bob(m, g, weight);
    for (int i = 0; i < 3; i++) {
        if (!m->settled)
            m->gravity[i] = g[i];
        m->gravity[i] += weight * (g[i] - m->gravity[i]);
        square += (g[i] - m->gravity[i]) * (g[i] - m->gravity[i]);
        m->change[i] += m->has_before ? fabs(g[i] - m->before[i]) : 0;
        m->before[i] = g[i];
    }
    m->changes += m->has_before;
    m->settled = m->has_before = true;
    m->moves++;
    m->sum += sqrt(square);
    m->sum2 += square;
    m->max = fmax(m->max, sqrt(square));
}

static void put_sample(struct acc_features *f, double ms, const double *g)
{
    if (f->count == ACC_FEATURE_SAMPLES_MAX)
        return;
    f->timestamps[f->count] = ms;
    f->x[f->count] = g[0];
    f->y[f->count] = g[1];
    f->z[f->count] = g[2];
    f->magnitude[f->count++] = sqrt(g[0] * g[0] + g[1] * g[1] + g[2] * g[2]);
}

static void set_activity(struct motion *m, struct acc_features *f)
{
    m->recent[m->seconds++ % SECONDS] = m->bob / (double)m->moves;
    f->activity = ACTIVITY_UNKNOWN;
    if (m->seconds < SECONDS)
        return;
    double mean = 0;
    for (int i = 0; i < SECONDS; i++)
        mean += m->recent[i] / SECONDS;
    f->activity = ACTIVITY_STATIONARY;
    while (mean >= upper[f->activity])
        f->activity++;
}

static void set_posture(const struct motion *m, struct acc_features *f)
{
    const double *g = m->gravity, degrees = 180 / M_PI;
    bool still = f->max_movement < STILL_G;
    f->pitch = still ? atan2(-g[0], sqrt(g[1] * g[1] + g[2] * g[2])) * degrees : NAN;
    f->roll = still ? atan2(g[1], g[2]) * degrees : NAN;
    f->nod = still ? atan2(g[2], g[0]) * degrees : NAN;
    f->tilt = still ? atan2(g[1], hypot(g[0], g[2])) * degrees : NAN;
}

static void close_second(struct motion *m, const struct sample_block *block,
                         void (*emit)(void *, const struct acc_features *), void *user)
{
    struct acc_features *f = &m->features;
    double n = (double)m->moves, differences = m->changes > 0 ? (double)m->changes : NAN;
    f->arrival_us = block->arrival_us;
    f->arrival_utc_ms = block->arrival_utc_ms;
    f->rate = block->rate;
    f->rate_measured = block->rate_measured;
    f->x_change = m->change[0] / differences;
    f->y_change = m->change[1] / differences;
    f->z_change = m->change[2] / differences;
    f->avg_movement = m->sum / n;
    f->std_movement = sqrt(fmax(0, m->sum2 / n - f->avg_movement * f->avg_movement));
    f->max_movement = m->max;
    set_activity(m, f);
    set_posture(m, f);
    emit(user, f);
    begin_motion_second(m);
}

/* Ends the second under way if it is over at `tick`, and opens the one `tick` is in. */
static void turn_second(struct motion *m, double tick, const struct sample_block *block,
                        void (*emit)(void *, const struct acc_features *), void *user)
{
    if (grid_passed(&m->grid, tick)) {
        if (m->moves > 0)
            close_second(m, block, emit, user);
        m->grid.open = false;
    }
    if (!m->grid.open)
        grid_open(&m->grid, tick);
}

void motion_push(struct motion *m, const struct sample_block *block,
                 void (*emit)(void *user, const struct acc_features *features), void *user)
{
    if (!block_is_timed(block, SENSOR_ACC))
        return;
    const double count = block->samples.as->unit_per_count;
    if (block->restart || block->lost > 0)
        interrupt(m, block->lost, block->restart);
    for (size_t i = 0; i < block->samples.count; i++) {
        const struct acc_sample *s = &block->samples.acc[i];
        double g[3] = {s->x * count, s->y * count, s->z * count};
        turn_second(m, block->first_tick + (double)i * block->tick_step, block, emit, user);
        m->features.lost += i == 0 ? block->lost : 0;
        put_sample(&m->features, block->first_ms + (double)i * block->step_ms, g);
        take_movement(m, g, block_rate(block));
    }
    double next = block->first_tick + (double)block->samples.count * block->tick_step;
    turn_second(m, next, block, emit, user);
}
