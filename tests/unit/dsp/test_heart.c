#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../assert_that.h"

#include <math.h>

#include "dsp/heart.h"

#define STEP 657.0 /* ticks: 49.875 Hz */

struct told {
    unsigned messages, rates, variabilities, no_contact;
    size_t samples;
    double last_time; /* Unix ms */
    bool backwards;
    uint32_t lost;
    struct ppg_features last;
};

static void on_features(void *user, const struct ppg_features *f)
{
    struct told *told = user;
    told->messages++;
    told->rates += isfinite(f->bpm);
    told->variabilities += isfinite(f->rmssd);
    told->no_contact += f->quality == QUALITY_NO_CONTACT;
    told->lost += f->lost;
    for (size_t i = 0; i < f->count; i++) {
        told->backwards = told->backwards || f->timestamps[i] <= told->last_time;
        told->last_time = f->timestamps[i];
    }
    told->samples += f->count;
    told->last = *f;
}

/* A pulse of 72 bpm that rises in a quarter of its period. */
static uint32_t pulse(double s)
{
    double phase = fmod(s * 1.2, 1.0);
    double height = phase < 0.25 ? 0.5 - 0.5 * cos(4.0 * M_PI * phase)
                                 : 0.5 + 0.5 * cos(4.0 / 3.0 * M_PI * (phase - 0.25));
    return (uint32_t)(1500000.0 + 5000.0 * height);
}

static uint32_t flat(double s)
{
    (void)s;
    return 1500000;
}

static uint32_t off_head(double s)
{
    return 2000 + (uint32_t)fmod(s * 7.0, 5.0);
}

static uint32_t extreme(double s)
{
    return fmod(s * 25.0, 2.0) < 1.0 ? 0 : 0xFFFFFF;
}

static void feed(struct heart *heart, uint32_t (*counts)(double), long first, long packets,
                 uint32_t lost, bool restart, struct told *told)
{
    for (long k = 0; k < packets; k++) {
        long n = first + 28 * k;
        struct sample_block block = {.first_tick = (double)n * STEP,
                                     .tick_step = STEP,
                                     .first_ms = (double)n * STEP / 32.768,
                                     .step_ms = STEP / 32.768,
                                     .rate = 50,
                                     .rate_measured = 32768.0 / STEP,
                                     .lost = k == 0 ? lost : 0,
                                     .restart = k == 0 && restart};
        block.samples.sensor = SENSOR_PPG;
        block.samples.as = &model_default()->sensors[SENSOR_PPG];
        block.samples.count = 28;
        for (long i = 0; i < 28; i++) {
            uint32_t value = counts((double)(n + i) * STEP / 32768.0);
            block.samples.ppg[i] = (struct ppg_sample){.red = value, .ir = value};
        }
        heart_push(heart, &block, on_features, told);
    }
}

static struct told after(uint32_t (*counts)(double), long packets)
{
    struct told told = {.last_time = -1.0};
    struct heart *heart = heart_create();
    assert_non_null(heart);
    feed(heart, counts, 0, packets, 0, true, &told);
    heart_destroy(heart);
    return told;
}

static void a_steady_pulse_is_told_once_a_second(void **state)
{
    (void)state;
    struct told told = after(pulse, 160);
    assert_in_range(told.messages, 88, 90);
    assert_that(fabs(told.last.bpm - 72.0), <, 0.2);
    assert_that(told.last.rmssd, <, 5.0);
    assert_true(isnan(told.last.lf)); /* not before 120 s */
    assert_false(told.backwards);
    assert_int_equal(told.last.quality, QUALITY_GOOD);
}

static void a_flat_line_is_silent(void **state)
{
    (void)state;
    struct told told = after(flat, 160);
    assert_int_equal(told.rates, 0);
    assert_int_equal(told.variabilities, 0);
    assert_int_equal(told.last.quality, QUALITY_POOR);
}

static void off_the_head_is_no_contact(void **state)
{
    (void)state;
    struct told told = after(off_head, 60);
    assert_int_equal(told.no_contact, told.messages);
    assert_int_equal(told.rates, 0);
}

static void extreme_counts_stay_within_the_arrays(void **state)
{
    (void)state;
    struct told told = after(extreme, 160);
    assert_that(told.last.beat_count, <=, PPG_FEATURE_BEATS_MAX);
    assert_that(told.last.count, <=, PPG_FEATURE_SAMPLES_MAX);
}

static void one_lost_sample_is_bridged(void **state)
{
    (void)state;
    struct told told = {.last_time = -1.0};
    struct heart *heart = heart_create();
    feed(heart, pulse, 0, 80, 0, true, &told);
    unsigned rates = told.rates;
    unsigned messages = told.messages;
    feed(heart, pulse, 80 * 28 + 1, 20, 1, false, &told);
    assert_int_equal(told.rates - rates, told.messages - messages);
    assert_int_equal(told.lost, 1);
    heart_destroy(heart);
}

static void check_dropped(long missing, uint32_t lost, bool restart)
{
    struct told told = {.last_time = -1.0};
    struct heart *heart = heart_create();
    feed(heart, pulse, 0, 140, 0, true, &told);
    assert_true(isfinite(told.last.rmssd));
    unsigned rates = told.rates;
    unsigned variabilities = told.variabilities;
    feed(heart, pulse, 140 * 28 + missing, 8, lost, restart, &told);
    assert_that(told.rates - rates, <=, 1);
    assert_that(told.variabilities - variabilities, <=, 1);
    assert_true(isnan(told.last.bpm));
    assert_false(told.backwards);
    heart_destroy(heart);
}

/* Ten packets are 5.6 s. */
static void after_a_gap_under_ten_seconds_the_figures_go_on(void **state)
{
    (void)state;
    struct told told = {.last_time = -1.0};
    struct heart *heart = heart_create();
    feed(heart, pulse, 0, 140, 0, true, &told);
    unsigned messages = told.messages;
    unsigned rates = told.rates;
    unsigned variabilities = told.variabilities;
    size_t samples = told.samples;
    feed(heart, pulse, 150 * 28, 20, 280, false, &told);
    assert_int_equal(told.rates - rates, told.messages - messages);
    assert_int_equal(told.variabilities - variabilities, told.messages - messages);
    assert_that(fabs(told.last.bpm - 72.0), <, 0.2);
    assert_that(told.last.rmssd, <, 5.0);
    /* What was missing is not made up; what the filters still held is told. */
    assert_that(told.samples - samples, <=, 20 * 28 + 80);
    assert_false(told.backwards);
    heart_destroy(heart);
}

static void a_gap_over_ten_seconds_drops_what_was_learned(void **state)
{
    (void)state;
    check_dropped(18 * 28, 18 * 28, false);
}

static void a_restart_drops_what_was_learned(void **state)
{
    (void)state;
    check_dropped(10, 0, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_steady_pulse_is_told_once_a_second),
        cmocka_unit_test(a_flat_line_is_silent),
        cmocka_unit_test(off_the_head_is_no_contact),
        cmocka_unit_test(extreme_counts_stay_within_the_arrays),
        cmocka_unit_test(one_lost_sample_is_bridged),
        cmocka_unit_test(after_a_gap_under_ten_seconds_the_figures_go_on),
        cmocka_unit_test(a_gap_over_ten_seconds_drops_what_was_learned),
        cmocka_unit_test(a_restart_drops_what_was_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
