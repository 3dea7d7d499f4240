/* The transform and the filter that do four at once, against sums written out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../assert_that.h"
#include <math.h>
#include <stdlib.h>

#include "fft.h"
#include "fir.h"

/* Some value between −1 and 1, another for each place. */
static double value(size_t i)
{
    return sin(1.7 * (double)i * (double)i + 0.3);
}

static void fill(struct fft_point *points, size_t length)
{
    for (size_t n = 0; n < length; n++) {
        for (size_t lane = 0; lane < FFT_LANES; lane++) {
            points[n].re[lane] = (float)value(8 * n + lane);
            points[n].im[lane] = (float)value(8 * n + 4 + lane);
        }
    }
}

static double error_of(const struct fft_point *found, size_t length, size_t lane, size_t k)
{
    double re = 0, im = 0;
    for (size_t n = 0; n < length; n++) {
        const double angle = -2 * M_PI * (double)(n * k % length) / (double)length;
        const double x = value(8 * n + lane), y = value(8 * n + 4 + lane);
        re += x * cos(angle) - y * sin(angle);
        im += x * sin(angle) + y * cos(angle);
    }
    return hypot((double)found[k].re[lane] - re, (double)found[k].im[lane] - im);
}

static void each_lane_is_transformed_by_itself(void **state)
{
    static const size_t lengths[] = {1, 2, 5, 10, 125, 250, 500};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct fft *fft = fft_create(lengths[i]);
        assert_non_null(fft);
        fill(fft_input(fft), lengths[i]);
        const struct fft_point *found = fft_forward(fft);
        for (size_t k = 0; k < lengths[i]; k++)
            for (size_t lane = 0; lane < FFT_LANES; lane++)
                assert_that(error_of(found, lengths[i], lane, k), <, 1e-4);
        fft_destroy(fft);
    }
}

static void a_plan_may_be_used_again(void **state)
{
    struct fft *fft = fft_create(10);
    (void)state;
    for (int i = 0; i < 3; i++) {
        fill(fft_input(fft), 10);
        assert_that(error_of(fft_forward(fft), 10, 3, 7), <, 1e-5);
    }
    fft_destroy(fft);
}

static void other_lengths_are_refused(void **state)
{
    (void)state;
    assert_null(fft_create(0));
    assert_null(fft_create(3));
    assert_null(fft_create(70));
}

static void a_filter_sums_the_last_inputs_by_their_taps(void **state)
{
    double taps[251], want;
    (void)state;
    for (size_t i = 0; i < 251; i++)
        taps[i] = value(i);
    for (size_t count = 1; count <= 251; count += count < 10 ? 1 : 241) {
        struct fir *fir = fir_create(taps, count);
        assert_non_null(fir);
        for (size_t n = 0; n < 700; n++) {
            const double found = (double)fir_step(fir, (float)value(1000 + n));
            want = 0;
            for (size_t i = 0; i < count && i <= n; i++)
                want += taps[i] * value(1000 + n - i);
            assert_that(fabs(found - want), <, 1e-5);
        }
        fir_destroy(fir);
    }
}

static void a_filter_that_is_reset_knows_nothing_of_before(void **state)
{
    const double taps[] = {0.5, 0.25, 0.125};
    struct fir *fir = fir_create(taps, 3);
    (void)state;
    fir_step(fir, 1000);
    fir_reset(fir);
    assert_that(fir_step(fir, 4), ==, 2);
    assert_that(fir_step(fir, 0), ==, 1);
    fir_destroy(fir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lane_is_transformed_by_itself),
        cmocka_unit_test(a_plan_may_be_used_again),
        cmocka_unit_test(other_lengths_are_refused),
        cmocka_unit_test(a_filter_sums_the_last_inputs_by_their_taps),
        cmocka_unit_test(a_filter_that_is_reset_knows_nothing_of_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
