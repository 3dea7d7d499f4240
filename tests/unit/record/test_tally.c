#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tally.h"

static void push(struct session_info *info, uint32_t lost, bool restart)
{
    const struct sample_block block = {
        .lost = lost,
        .restart = restart,
        .rate = 250,
        .samples = {.sensor = SENSOR_EEG, .count = 25},
    };
    tally_block(info, &block);
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
    free(info);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_gaps_are_the_bands_but_not_those_across_a_connections_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
