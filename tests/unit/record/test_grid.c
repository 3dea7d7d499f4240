#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"
#include <math.h>

#include "grid.h"

#define POINTS 4000

struct heard {
    double value[POINTS];
    int64_t count;
    int gaps;
    double from_ms, to_ms;
};

static void hear_point(void *user, int64_t index, const double *value)
{
    struct heard *heard = user;

    /* Each grid point is told once, in order. */
    assert_int_equal(index, heard->count);
    assert_that(index, <, POINTS);
    heard->value[heard->count++] = value[0];
}

static void hear_gap(void *user, double from_ms, double to_ms)
{
    struct heard *heard = user;

    heard->gaps++;
    heard->from_ms = from_ms;
    heard->to_ms = to_ms;
}

static struct bdf_grid begin(struct heard *heard)
{
    memset(heard, 0, sizeof(*heard));
    return (struct bdf_grid){
        .rate = 250, .channels = 1, .user = heard, .emit = hear_point, .gap = hear_gap};
}

static double wave(double ms, double hz)
{
    return 1000 * sin(2 * M_PI * hz * ms / 1000);
}

static void a_sine_keeps_its_shape(void **state)
{
    static const struct {
        double hz, most; /* of 1000 */
    } cases[] = {{2, 0.01}, {10, 0.3}, {20, 4}, {40, 60}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct heard heard;
        struct bdf_grid grid = begin(&heard);
        double worst = 0;

        for (double ms = 0; ms < 8000; ms += 1000 / 250.2)
            grid_push(&grid, ms, 4, &(double){wave(ms, cases[i].hz)});
        grid_finish(&grid, 2000);
        assert_int_equal(heard.count, 2000);
        assert_int_equal(heard.gaps, 0);
        for (int n = 2; n < 1990; n++)
            worst = fmax(worst, fabs(heard.value[n] - wave(n * 4.0, cases[i].hz)));
        print_message("%g Hz: at most %.4f %% of the amplitude off\n", cases[i].hz, worst / 10);
        assert_that(worst, <=, cases[i].most);
    }
}

static void a_short_gap_is_bridged_a_long_one_held_and_told(void **state)
{
    static const struct {
        double missing_ms;
        int gaps;
    } cases[] = {{4, 0}, {20, 0}, {40, 1}, {3000, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static struct heard heard;
        struct bdf_grid grid = begin(&heard);

        for (int n = 0; n < 500; n++)
            grid_push(&grid, n * 4.0 + (n >= 250 ? cases[i].missing_ms : 0), 4, &(double){n});
        int64_t end = 500 + (int64_t)(cases[i].missing_ms / 4);
        grid_finish(&grid, end);
        assert_int_equal(heard.count, end);
        assert_int_equal(heard.gaps, cases[i].gaps);
        assert_that(heard.value[100], ==, 100);
        assert_that(heard.value[end - 1], ==, 499);
        if (cases[i].gaps) {
            assert_that(heard.value[252], ==, 249);
            assert_that(fabs(heard.to_ms - heard.from_ms - cases[i].missing_ms), <, 1e-6);
        }
    }
}

static void time_that_steps_back_tells_no_point_twice(void **state)
{
    static struct heard heard;
    struct bdf_grid grid = begin(&heard);

    (void)state;
    for (int n = 0; n < 100; n++)
        grid_push(&grid, n * 4.0, 4, &(double){1});
    for (int n = 50; n < 200; n++)
        grid_push(&grid, n * 4.0 + 1, 4, &(double){2});
    grid_finish(&grid, 200);
    assert_int_equal(heard.count, 200);
    assert_int_equal(grid.overlapped, 49);
}

static void a_silent_sensor_is_one_gap(void **state)
{
    static struct heard heard;
    struct bdf_grid grid = begin(&heard);

    (void)state;
    grid_hold(&grid, 250);
    grid_finish(&grid, 500);
    assert_int_equal(heard.count, 500);
    assert_int_equal(heard.gaps, 1);
    assert_true(heard.from_ms == 0 && heard.to_ms == 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sine_keeps_its_shape),
        cmocka_unit_test(a_short_gap_is_bridged_a_long_one_held_and_told),
        cmocka_unit_test(time_that_steps_back_tells_no_point_twice),
        cmocka_unit_test(a_silent_sensor_is_one_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
