#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "tally.h"

static double first_ms = 1000;

/* 25 samples, 4 ms each, behind those before it. */
static void push(struct session_info *info, uint32_t lost, bool restart)
{
    const struct sample_block block = {
        .first_ms = first_ms += lost * 4,
        .step_ms = 4,
        .lost = lost,
        .restart = restart,
        .rate = 250,
        .samples = {.sensor = SENSOR_EEG, .as = &model_default()->sensors[SENSOR_EEG], .count = 25},
    };
    tally_block(info, &block);
    first_ms += 25 * 4;
}

static void small_gaps_are_the_bands_but_not_those_across_a_connections_end(void **state)
{
    struct session_info *info = calloc(1, sizeof(*info));

    (void)state;
    assert_non_null(info);
    push(info, 0, true);
    push(info, 1, false);
    push(info, 24, false);
    push(info, 25, false);
    push(info, 7, true);
    const struct session_counts *counts = &info->counts[SENSOR_EEG];
    assert_int_equal(counts->samples, 5 * 25);
    assert_int_equal(counts->skipped_by_band, 1 + 24);
    assert_int_equal(counts->lost_link, 25 + 7);
    assert_int_equal(info->gap_total, 2);
    assert_int_equal(info->gaps[1].lost, 7);
    assert_that(info->gaps[0].from_ms, ==, 1000 + 25 * 4 - 4 + 4 + 25 * 4 + 24 * 4 + 25 * 4);
    assert_that(info->gaps[0].until_ms, ==, info->gaps[0].from_ms + 26 * 4);
    tally_clear(info);
    push(info, 30, false);
    assert_that(info->gaps[0].from_ms, ==, 0);
    free(info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_gaps_are_the_bands_but_not_those_across_a_connections_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
