/* What the intervals of slow hearts can tell of fast changes: nothing beyond half the beats' rate.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../assert_that.h"

#include <math.h>

#include "heart_hrv.h"

#define SWING_MS 40.0

/* Two minutes of beats of which each interval is `mean_ms`, swinging at `hz`. */
static const struct heart_nn *swinging(double mean_ms, double hz)
{
    static struct heart_nn nn;
    double at = 0;

    heart_nn_start(&nn);
    while (at < HEART_NN_SPAN_S) {
        const double rr = mean_ms + SWING_MS * sin(2 * M_PI * hz * at);
        at += rr / 1000;
        const struct heart_beat beat = {
            .at_s = at, .rr = rr, .sigma = 0.0001F, .good = true, .alike = true};
        heart_nn_add(&nn, beat, true, 1);
    }
    heart_nn_judge(&nn, at);
    return &nn;
}

static double hf(double mean_ms, double hz)
{
    return heart_hrv_power(swinging(mean_ms, hz), 58, 62, 0.15, 0.40);
}

/* At 42 beats a minute a swing of 0.32 Hz shows again at 0.38, its mirror at 0.35 Hz: it counts
 * once. */
static void a_slow_heart_s_fast_breath_is_not_counted_twice(void **state)
{
    (void)state;
    const double power = SWING_MS * SWING_MS / 2;
    const double slow = hf(60000 / 42.0, 0.32), usual = hf(60000 / 70.0, 0.32);
    print_message("HF of %.0f ms2: at 42 bpm %.0f, at 70 bpm %.0f\n", power, slow, usual);
    assert_that(fabs(slow / power - 1), <, 0.2);
    assert_that(fabs(usual / power - 1), <, 0.2);
}

static void what_lies_beyond_half_the_beats_rate_is_nothing(void **state)
{
    (void)state;
    for (double bpm = 36; bpm <= 46; bpm += 2) {
        const struct heart_nn *nn = swinging(60000 / bpm, 0.2);
        const double whole = heart_hrv_power(nn, 58, 62, 0.15, 0.40);
        const double below = heart_hrv_power(nn, 58, 62, 0.15, bpm / 120);
        assert_that(fabs(whole / below - 1), <, 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_heart_s_fast_breath_is_not_counted_twice),
        cmocka_unit_test(what_lies_beyond_half_the_beats_rate_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
