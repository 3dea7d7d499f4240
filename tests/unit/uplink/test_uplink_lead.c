#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "../take_away.h"

#include "lead.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/lead_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int unmake_folder(void **state)
{
    (void)state;
    take_away(folder);
    return 0;
}

/* Second 0 is so many seconds after nine. */
static void put(unsigned first, unsigned seconds)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%020u.lbcap", folder, first);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "# linkband capture v2\n#! start 2026-11-24T09:%02u:%02u.000000Z\n", seconds / 60,
            seconds % 60);
    fclose(file);
}

static void expect(uint64_t next, uint64_t leg, uint64_t begin)
{
    const struct lead lead = lead_find(folder, next);

    assert_int_equal(lead.leg, leg);
    assert_int_equal(lead.begin, begin);
}

static void the_first_leg_is_read_from_its_beginning(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        put(1 + 750 * i, 60 * i);
    expect(1, 0, 1);
    expect(14000, 0, 1);
    expect(32000, 0, 1);
}

/* Whatever record of it is asked for: 150 s before the first segment of the leg. */
static void another_is_led_by_the_time_before_it(void **state)
{
    const unsigned first = LEAD_LEG_RECORDS + 40;

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        put(first - 7500 + 750 * i, 60 * i);
    for (unsigned i = 0; i < 5; i++)
        put(first + 750 * i, 600 + 60 * i);
    expect(first - 1, 0, first - 7500);
    expect(first, 1, first - 3 * 750);
    expect(first + 749, 1, first - 3 * 750);
    expect(first + 4000, 1, first - 3 * 750);
}

/* The two segments that are left, of many that a bad link made: the last LEAD_SEGMENTS_MAX. */
static void it_takes_what_is_left_and_no_more_than_so_many(void **state)
{
    const unsigned first = LEAD_LEG_RECORDS;

    (void)state;
    expect(7, 0, 7);
    put(first, 60);
    expect(first + 9, 1, first);
    put(first - 5, 58);
    expect(first + 9, 1, first - 5);
    for (unsigned i = 2; i < 100; i++)
        put(first - 5 * i, 58);
    expect(first + 9, 1, first - 5 * LEAD_SEGMENTS_MAX);
}

#define story(name) cmocka_unit_test_setup_teardown(name, make_folder, unmake_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(the_first_leg_is_read_from_its_beginning),
        story(another_is_led_by_the_time_before_it),
        story(it_takes_what_is_left_and_no_more_than_so_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
