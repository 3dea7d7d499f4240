/* The clock's state as one line of text, and back: for a capture that begins within a
 * connection. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock_internal.h"

/* The first word: a state of another layout is refused, not misread. */
#define LAYOUT 1

/* Far beyond what any band comes to, far within what the clock's sums can hold. */
#define TICK_MAX    (INT64_C(1) << 50)
#define INSTANT_MAX (INT64_C(1) << 58)
#define REAL_MAX    1e18
#define OFFSET_MAX  1e15 /* µs, s */
#define MEAN_MAX    1e10 /* samples, ticks */

/*
 * Goes over the fields one by one, writing them down or reading them back: one list of fields for
 * both, which can't come apart. Reals are hexadecimal: exact, whatever the locale.
 */
struct passage {
    bool reading, failed;
    const char *in;
    char *out;
    size_t room;
    int64_t origin_us;
};

__attribute__((format(printf, 2, 3))) static void put(struct passage *passage, const char *format,
                                                      ...)
{
    va_list args;

    va_start(args, format);
    const int len = vsnprintf(passage->out, passage->room, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= passage->room) {
        passage->failed = true;
        return;
    }
    passage->out += len;
    passage->room -= (size_t)len;
}

/* strtoll and strtod pass over any white space; here words are parted by single spaces. */
static bool at_word(const struct passage *passage)
{
    return !passage->failed && *passage->in > ' ' && *passage->in < 0x7f;
}

static void end_word(struct passage *passage, const char *end)
{
    if (end == passage->in || (*end != ' ' && *end != '\0'))
        passage->failed = true;
    else
        passage->in = *end == ' ' ? end + 1 : end;
}

static int64_t pass_integer(struct passage *passage, int64_t value, int64_t least, int64_t most)
{
    char *end;

    if (!passage->reading) {
        put(passage, "%" PRId64 " ", value);
        return value;
    }
    if (!at_word(passage)) {
        passage->failed = true;
        return least;
    }
    errno = 0;
    const int64_t read = strtoll(passage->in, &end, 10);
    end_word(passage, end);
    if (errno != 0 || read < least || read > most)
        passage->failed = true;
    return passage->failed ? least : read;
}

static void pass_real(struct passage *passage, double *value, double most)
{
    char *end;

    if (!passage->reading) {
        put(passage, "%a ", *value);
        return;
    }
    if (!at_word(passage)) {
        passage->failed = true;
        return;
    }
    const double read = strtod(passage->in, &end);
    end_word(passage, end);
    if (!(fabs(read) <= most))
        passage->failed = true;
    else
        *value = read;
}

static void pass_bool(struct passage *passage, bool *value)
{
    *value = pass_integer(passage, *value, 0, 1) != 0;
}

static void pass_tick(struct passage *passage, int64_t *value)
{
    *value = pass_integer(passage, *value, -TICK_MAX, TICK_MAX);
}

static void pass_u32(struct passage *passage, uint32_t *value)
{
    *value = (uint32_t)pass_integer(passage, *value, 0, UINT32_MAX);
}

static void pass_small(struct passage *passage, int *value, int most)
{
    *value = (int)pass_integer(passage, *value, 0, most);
}

/* A boot time, written relative to the origin. */
static void pass_instant(struct passage *passage, int64_t *value)
{
    *value = passage->origin_us +
             pass_integer(passage, *value - passage->origin_us, -INSTANT_MAX, INSTANT_MAX);
}

static void pass_fit(struct passage *passage, struct line_fit *fit, double hz)
{
    pass_real(passage, &fit->prior, hz);
    pass_real(passage, &fit->weight, REAL_MAX);
    pass_real(passage, &fit->mean_i, MEAN_MAX);
    pass_real(passage, &fit->mean_t, MEAN_MAX);
    pass_real(passage, &fit->var_i, REAL_MAX);
    pass_real(passage, &fit->cov_it, REAL_MAX);
    pass_real(passage, &fit->points, REAL_MAX);
    if (!(fit->prior >= 1) || fit->weight < 0 || fit->var_i < 0)
        passage->failed = true;
}

static void pass_sensor(struct passage *passage, struct sensor_clock *sensor, double hz)
{
    pass_bool(passage, &sensor->known);
    pass_tick(passage, &sensor->tick);
    sensor->count = (uint32_t)pass_integer(passage, sensor->count, 0, BAND_SAMPLES_MAX);
    pass_bool(passage, &sensor->fresh);
    pass_bool(passage, &sensor->paused);
    pass_bool(passage, &sensor->told);
    pass_instant(passage, &sensor->told_end_us);
    pass_real(passage, &sensor->told_ms, REAL_MAX);
    pass_fit(passage, &sensor->fit, hz);
}

static void pass_envelope(struct passage *passage, struct envelope *envelope)
{
    envelope->count = (size_t)pass_integer(passage, (int64_t)envelope->count, 0, ENVELOPE_BUCKETS);
    pass_real(passage, &envelope->width, OFFSET_MAX);
    if (!(envelope->width >= 0.1))
        passage->failed = true;
    for (size_t i = 0; i < envelope->count; i++) {
        pass_real(passage, &envelope->point[i].x, OFFSET_MAX);
        pass_real(passage, &envelope->point[i].y, OFFSET_MAX);
        if (i > 0 && !(envelope->point[i].x > envelope->point[i - 1].x))
            passage->failed = true;
    }
}

static bool is_eeg_rate(const struct band_model *model, int rate)
{
    return rate == 0 ||
           model->sensors[SENSOR_EEG].nominal_rates[rate_index(model, SENSOR_EEG, rate)] == rate;
}

static void pass_rate(struct passage *passage, struct rate_detector *detector,
                      const struct band_model *model)
{
    pass_small(passage, &detector->rate, 10000);
    pass_small(passage, &detector->candidate, 10000);
    pass_small(passage, &detector->agreeing, 1000);
    pass_bool(passage, &detector->seen);
    pass_u32(passage, &detector->tick);
    pass_u32(passage, &detector->count);
    if (!is_eeg_rate(model, detector->rate) || !is_eeg_rate(model, detector->candidate))
        passage->failed = true;
}

static void pass_suspect(struct passage *passage, struct clock *clock)
{
    int sensor = (int)clock->suspect.sensor;

    pass_bool(passage, &clock->suspect.held);
    pass_small(passage, &sensor, SENSOR_STREAMED - 1);
    clock->suspect.sensor = (enum sensor)sensor;
    pass_u32(passage, &clock->suspect.tick);
    pass_tick(passage, &clock->suspect.end_ticks);
    pass_instant(passage, &clock->suspect.arrival_us);
}

static void pass_clock(struct passage *passage, struct clock *clock)
{
    if (pass_integer(passage, LAYOUT, 0, INT32_MAX) != LAYOUT)
        passage->failed = true;
    pass_instant(passage, &clock->anchor.boot_us);
    clock->anchor.utc_us = pass_integer(passage, clock->anchor.utc_us, -INSTANT_MAX, INSTANT_MAX);
    pass_bool(passage, &clock->running);
    pass_bool(passage, &clock->judge);
    pass_bool(passage, &clock->reveal);
    pass_tick(passage, &clock->zero_tick);
    pass_instant(passage, &clock->zero_boot_us);
    pass_tick(passage, &clock->end_tick);
    pass_instant(passage, &clock->arrival_us);
    pass_instant(passage, &clock->eeg_arrival_us);
    pass_real(passage, &clock->offset_x, OFFSET_MAX);
    pass_real(passage, &clock->offset_us, OFFSET_MAX);
    pass_envelope(passage, &clock->envelope);
    pass_rate(passage, &clock->eeg_rate, clock->model);
    pass_suspect(passage, clock);
    for (int i = 0; i < SENSOR_STREAMED; i++)
        pass_sensor(passage, &clock->sensor[i], clock->hz);
}

size_t clock_save(const struct clock *clock, int64_t origin_us, char *out)
{
    struct clock copy = *clock;
    struct passage passage = {.out = out, .room = CLOCK_STATE_MAX, .origin_us = origin_us};

    out[0] = '\0';
    pass_clock(&passage, &copy);
    if (passage.out > out)
        *--passage.out = '\0'; /* the space behind the last word */
    return (size_t)(passage.out - out);
}

bool clock_load(struct clock *clock, int64_t origin_us, const char *text)
{
    char line[CLOCK_STATE_MAX];
    size_t len = strcspn(text, "\r\n");
    struct passage passage = {.reading = true, .in = line, .origin_us = origin_us};

    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len >= sizeof(line))
        return false;
    memcpy(line, text, len);
    line[len] = '\0';
    const struct clock before = *clock;
    clock_reset(clock, before.model);
    pass_clock(&passage, clock);
    if (!passage.failed && *passage.in == '\0')
        return true;
    *clock = before;
    return false;
}
