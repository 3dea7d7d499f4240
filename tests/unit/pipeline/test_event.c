/*
 * One instant, seen by several bands: what the times told of it differ by. Each band has its own
 * crystal, its own delays and was switched on at another time; the pipeline of each is the real
 * one, in virtual time.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "ble/sim_band.h"
#include "ble/sim_random.h"
#include "pipeline/pipeline.h"

#define UTC_US    INT64_C(1764000000000000) /* at boot time 0 */
#define BANDS     8
#define AROUND_US INT64_C(2000000)
#define NOTED_MAX 1500

struct noted_sample {
    double ms, uv;
};

/* One band's samples about the event. */
struct view {
    int64_t event_us; /* boot time */
    struct noted_sample samples[NOTED_MAX];
    size_t count;
};

static void on_samples(void *user, const struct sample_block *block)
{
    struct view *view = user;

    if (block->samples.sensor != SENSOR_EEG ||
        llabs(block->arrival_us - view->event_us) > AROUND_US)
        return;
    for (size_t i = 0; i < block->samples.count && view->count < NOTED_MAX; i++) {
        const double uv = block->samples.eeg[i].uv[0];
        if (uv != 0) /* the real band's flaw */
            view->samples[view->count++] =
                (struct noted_sample){block->first_ms + (double)i * block->step_ms, uv};
    }
}

/* Everything that arrives of a band that was switched on, and connected, at `on_us`. */
static void play(struct view *view, const struct sim_options *options, int which, int64_t on_us)
{
    const struct pipeline_config config = {.mains_hz = 50, .with_features = false};
    const struct pipeline_listener listener = {.user = view, .samples = on_samples};
    struct pipeline *pipeline = pipeline_create(&config, &listener);
    struct sim_options own;

    sim_options_of_band(options, which, &own);
    own.event = (double)(view->event_us - on_us) * 1e-6;
    struct sim_band *band = sim_band_create(&own, which);
    assert_true(pipeline && band);
    pipeline_link_up(pipeline, (struct clock_anchor){on_us, UTC_US + on_us});
    pipeline_stream(pipeline, SENSOR_SET_ALL, on_us);
    while (on_us + sim_band_next(band)->arrival_us < view->event_us + AROUND_US) {
        const struct sim_packet *sent = sim_band_next(band);
        const struct packet packet = {sent->sensor, on_us + sent->arrival_us, sent->bytes,
                                      sent->len, 0};
        if (!sent->lost)
            pipeline_packet(pipeline, &packet);
        sim_band_advance(band);
    }
    sim_band_destroy(band);
    pipeline_destroy(pipeline);
}

/* The told time of the step, less the true one, ms. A sample of which the step has a share tells
 * how long before it that was. NAN: it was while the band skipped a sample, so that nobody can
 * tell. */
static double told_error(const struct view *view, double step_ms)
{
    const struct noted_sample *at = view->samples;

    for (size_t i = 1; i < view->count; i++) {
        const double share = (at[i].uv - at[i - 1].uv) / SIM_EVENT_UV;
        if (share > 0.1 && at[i].ms - at[i - 1].ms > 1.5 * step_ms)
            return NAN;
        if (share > 0.1)
            return at[i].ms - step_ms * fmin(share, 1) - (double)(UTC_US + view->event_us) / 1e3;
    }
    fail_msg("the event is not in the %zu samples told", view->count);
    return NAN;
}

/* ---- Figures */

struct figures {
    double *differences, *errors;
    size_t pairs, views;
};

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorted. */
static double percentile(const double *values, size_t count, double share)
{
    return values[(size_t)fmin((double)count * share, (double)count - 1)];
}

/* One event in all bands. */
static void add_trial(struct figures *figures, uint64_t seed, double after_s, double delay_ms)
{
    const double step_ms = 1e3 / model_default()->sensors[SENSOR_EEG].initial_rates[0];
    struct sim_random random;
    struct sim_options options;
    struct failure failure;
    double told[BANDS];
    char text[128];

    sim_random_seed(&random, seed, 0xe0);
    sim_options_init(&options);
    snprintf(text, sizeof(text), "seed=%llu,jitter=%g,leadoff=0,bands=%d,0:ppm=50,1:ppm=-50",
             (unsigned long long)seed, delay_ms, BANDS);
    assert_true(sim_options_parse(text, &options, &failure));
    for (int i = 0; i < BANDS; i++) {
        const int64_t on_us = (int64_t)(sim_random_between(&random, 0, 10) * 1e6);
        static struct view view;
        view = (struct view){.event_us =
                                 (int64_t)((10 + after_s) * 1e6) + (int64_t)(seed * 1237 % 100000)};
        play(&view, &options, i, on_us);
        told[i] = told_error(&view, step_ms);
        if (!isnan(told[i]))
            figures->errors[figures->views++] = told[i];
        for (int k = 0; k < i; k++) {
            if (!isnan(told[i]) && !isnan(told[k]))
                figures->differences[figures->pairs++] = fabs(told[i] - told[k]);
        }
    }
}

/* p99 of the differences of pairs of bands, ms. */
static double measure(double after_s, double delay_ms, size_t trials)
{
    struct figures figures = {.differences = calloc(trials * BANDS * BANDS, sizeof(double)),
                              .errors = calloc(trials * BANDS, sizeof(double))};

    for (size_t trial = 0; trial < trials; trial++)
        add_trial(&figures, trial + 1, after_s, delay_ms);
    qsort(figures.differences, figures.pairs, sizeof(double), compare);
    qsort(figures.errors, figures.views, sizeof(double), compare);
    const double p99 = percentile(figures.differences, figures.pairs, 0.99);
    print_message(
        "%4.0f s after the connect, delays to %3.0f ms: %zu pairs differ by %.2f ms (p50), "
        "%.2f (p99), %.2f (most); told %+.2f to %+.2f ms off\n",
        after_s, delay_ms, figures.pairs, percentile(figures.differences, figures.pairs, 0.5), p99,
        figures.differences[figures.pairs - 1], figures.errors[0],
        figures.errors[figures.views - 1]);
    free(figures.differences);
    free(figures.errors);
    return p99;
}

static size_t trials(size_t few)
{
    const char *all = getenv("LINKBANDD_TEST_ALL");

    return all && strcmp(all, "yes") == 0 ? 10 * few : few;
}

/* What a radio is late by as a rule is found out at once; of delays that are anything up to 200 ms
 * the least ones, which tell the offset, are rare: by then it takes five minutes. */
static void an_event_is_told_alike_by_all_bands(void **state)
{
    const double soon = measure(60, 30, trials(8));
    const double soon_late = measure(60, 200, trials(8));
    const double then_late = measure(300, 200, trials(8));

    (void)state;
    assert_that(soon, <, 4);
    assert_that(soon_late, <, 8);
    assert_that(then_late, <, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_told_alike_by_all_bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
