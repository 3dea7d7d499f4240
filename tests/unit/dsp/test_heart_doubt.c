/* Cycles that hide a beat, and a light that swings more than its pulse did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../assert_that.h"

#include <math.h>

#include "heart_cycles.h"
#include "heart_swing.h"

#define FS 50.0
#define S  FS

static struct heart_cycles cycles;

/* One cycle of `length` s, its small rise `late` s after its beginning; NAN: it shows none. */
static void add_cycle(double length, double late)
{
    struct heart_pulses pulses = {.fs = FS, .larges = 2};
    const double at = isnan(cycles.last) ? 0 : cycles.last;

    pulses.large[0] = (struct heart_large){at, late * S};
    pulses.large[1] = (struct heart_large){at + length * S, NAN};
    heart_cycles_add(&cycles, &pulses, INFINITY);
}

static double rate(void)
{
    return heart_cycles_rate(&cycles, cycles.last - 17 * S, FS);
}

static void bigeminy_is_counted_where_one_cycle_in_five_hides_its_beat(void **state)
{
    (void)state;
    heart_cycles_start(&cycles);
    for (int i = 0; i < 20; i++)
        add_cycle(1.6, i % 5 == 0 ? NAN : 0.55);
    assert_that(fabs(rate() - 75), <, 0.1);
}

static void quadrigeminy_is_counted_by_its_long_cycles_alone(void **state)
{
    (void)state;
    heart_cycles_start(&cycles);
    for (int i = 0; i < 30; i++)
        add_cycle(i % 3 == 2 ? 1.6 : 0.8, i % 3 == 2 ? 0.55 : NAN);
    assert_that(fabs(rate() - 75), <, 0.1);
}

static void rises_that_come_at_any_time_are_no_beats(void **state)
{
    (void)state;
    heart_cycles_start(&cycles);
    for (int i = 0; i < 20; i++)
        add_cycle(1.6, 0.4 + 0.1 * (i % 4));
    assert_true(isnan(rate()));
}

static void a_few_alike_among_many_short_ones_are_no_pattern(void **state)
{
    (void)state;
    heart_cycles_start(&cycles);
    for (int i = 0; i < 60; i++)
        add_cycle(i % 9 == 0 ? 1.2 : 0.6, i % 9 == 0 ? 0.45 : NAN);
    assert_true(isnan(rate()));
}

static void a_cycle_that_lacks_a_pulse_tells_no_rate(void **state)
{
    (void)state;
    heart_cycles_start(&cycles);
    for (int i = 0; i < 20; i++)
        add_cycle(i == 15 ? 3.2 : 1.6, i == 15 ? NAN : 0.55);
    assert_true(isnan(rate()));
}

static void swing(struct heart_swing *s, double rise, double bpm, int seconds)
{
    for (int i = 0; i < seconds; i++)
        heart_swing_update(s, rise, bpm);
}

static void steps_that_begin_at_once_are_not_believed_until_they_end(void **state)
{
    (void)state;
    struct heart_swing s;
    heart_swing_start(&s);
    swing(&s, 1000, 72, 60);
    assert_false(s.jumped);
    swing(&s, 2500, 110, 600);
    assert_true(s.jumped);
    swing(&s, 1100, 80, 1);
    assert_false(s.jumped);
}

static void a_pulse_that_grows_slowly_is_believed(void **state)
{
    (void)state;
    struct heart_swing s;
    heart_swing_start(&s);
    for (int i = 0; i < 60; i++) {
        heart_swing_update(&s, 1000 * pow(1.03, i), 72);
        assert_false(s.jumped);
    }
}

static void a_band_that_was_shifted_is_believed_at_the_rate_from_before(void **state)
{
    (void)state;
    struct heart_swing s;
    heart_swing_start(&s);
    swing(&s, 1000, 72, 60);
    swing(&s, 2500, 72.5, 15);
    assert_true(s.jumped);
    swing(&s, 2500, 72.5, 10);
    assert_false(s.jumped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bigeminy_is_counted_where_one_cycle_in_five_hides_its_beat),
        cmocka_unit_test(quadrigeminy_is_counted_by_its_long_cycles_alone),
        cmocka_unit_test(rises_that_come_at_any_time_are_no_beats),
        cmocka_unit_test(a_few_alike_among_many_short_ones_are_no_pattern),
        cmocka_unit_test(a_cycle_that_lacks_a_pulse_tells_no_rate),
        cmocka_unit_test(steps_that_begin_at_once_are_not_believed_until_they_end),
        cmocka_unit_test(a_pulse_that_grows_slowly_is_believed),
        cmocka_unit_test(a_band_that_was_shifted_is_believed_at_the_rate_from_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
