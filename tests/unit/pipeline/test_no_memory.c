/* What is made of several allocations, when each of them in turn finds no memory: NULL, and nothing
 * left behind (which the sanitizers see). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "ble/sim_band.h"
#include "pipeline/pipeline.h"

static int left = -1; /* allocations that still succeed; below 0: all */

/* In the place of calloc and malloc, by the linker's --wrap: of what is linked here, not of libc.
 */
void *__real_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);

static bool refused(void)
{
    if (left < 0)
        return false;
    return left-- == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_malloc(size_t size)
{
    return refused() ? NULL : __real_malloc(size);
}

/* How many allocations it took: with each fewer it was not made. */
static int made_with(void *(*make)(void), void (*unmake)(void *made))
{
    for (int n = 0; n < 1000; n++) {
        left = n;
        void *made = make();
        const bool reached = left < 0; /* the n-th was asked for, and refused */
        left = -1;
        assert_that(reached, ==, !made);
        if (!made)
            continue;
        unmake(made);
        return n;
    }
    return -1;
}

static void *make_pipeline(void)
{
    static const struct pipeline_config config = {.mains_hz = 50, .with_features = true};
    static const struct pipeline_listener listener = {.samples = NULL};

    return pipeline_create(&config, &listener);
}

static void unmake_pipeline(void *made)
{
    pipeline_destroy(made);
}

static void *make_sim_band(void)
{
    struct sim_options options;

    sim_options_init(&options);
    return sim_band_create(&options, 0);
}

static void unmake_sim_band(void *made)
{
    sim_band_destroy(made);
}

static void a_pipeline_is_made_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_that(made_with(make_pipeline, unmake_pipeline), >=, 5);
}

static void count_features(void *user, const struct eeg_features *features)
{
    (void)features;
    ++*(int *)user;
}

/* Ten seconds of a band, with the n-th allocation on the way refused; its features are counted. */
static int features_without(int n)
{
    static const struct pipeline_config config = {.mains_hz = 50, .with_features = true};
    int features = 0;
    const struct pipeline_listener listener = {.user = &features, .eeg = count_features};
    struct sim_band *band = make_sim_band();
    struct pipeline *pipeline = pipeline_create(&config, &listener);

    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    pipeline_link_up(pipeline, (struct clock_anchor){0, 0});
    left = n;
    for (const struct sim_packet *sent; (sent = sim_band_next(band))->arrival_us < 10000000;) {
        const struct packet packet = {sent->sensor, sent->arrival_us, sent->bytes, sent->len, 0};
        pipeline_packet(pipeline, &packet);
        sim_band_advance(band);
    }
    left = -1;
    pipeline_destroy(pipeline);
    sim_band_destroy(band);
    return features;
}

static void filters_that_found_none_are_made_at_the_next_packet(void **state)
{
    (void)state;
    const int all = features_without(-1);
    assert_that(all, >, 15);
    for (int n = 0; n < 12; n++)
        assert_that(features_without(n), >=, all - 1);
}

static void so_is_a_band(void **state)
{
    (void)state;
    assert_that(made_with(make_sim_band, unmake_sim_band), >=, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipeline_is_made_whole_or_not_at_all),
        cmocka_unit_test(so_is_a_band),
        cmocka_unit_test(filters_that_found_none_are_made_at_the_next_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
