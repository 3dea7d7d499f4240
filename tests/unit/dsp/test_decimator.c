#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../assert_that.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dsp/decimator.h"

#define RATE 250.0

/* Everything that came out, and the sums that must come out even. */
struct output {
    size_t count, lost, blocks;
    double times[20000], uv[20000];
    int leadoff;
};

static void collect(void *user, const struct sample_block *block)
{
    struct output *out = user;

    out->blocks++;
    out->lost += block->lost;
    for (size_t i = 0; i < block->samples.count; i++) {
        assert_that(out->count, <, 20000);
        out->times[out->count] = block->first_ms + (double)i * block->step_ms;
        out->uv[out->count] = block->samples.eeg[i].uv[0];
        out->leadoff |= block->samples.eeg[i].leadoff;
        out->count++;
    }
}

/* One packet of 25 samples of `amplitude` µV at `hz` on `dc` from sample `index` on. */
static void push(struct decimator *d, int64_t index, uint32_t lost, bool restart, double hz,
                 double amplitude, double dc, struct output *out)
{
    static struct sample_block block;

    memset(&block, 0, sizeof(block));
    block.first_ms = (double)index * 1000 / RATE;
    block.step_ms = 1000 / RATE;
    block.tick_step = 32768 / RATE;
    block.rate = 250;
    block.rate_measured = RATE;
    block.lost = lost;
    block.restart = restart;
    block.samples.sensor = SENSOR_EEG;
    block.samples.as = &model_default()->sensors[SENSOR_EEG];
    block.samples.count = 25;
    for (int i = 0; i < 25; i++) {
        double t = (double)(index + i) / RATE;
        block.samples.eeg[i].uv[0] = dc + amplitude * sin(2 * M_PI * hz * t);
        block.samples.eeg[i].uv[1] = -dc;
    }
    decimator_push(d, &block, collect, out);
}

static double worst_against(const struct output *out, double hz, double amplitude, double dc)
{
    double worst = 0;

    for (size_t i = 40; i + 40 < out->count; i++) {
        double truth = dc + amplitude * sin(2 * M_PI * hz * out->times[i] / 1000);
        worst = fmax(worst, fabs(out->uv[i] - truth));
    }
    return worst;
}

static double run(int factor, double hz, double amplitude, double dc, struct output *out)
{
    struct decimator *d = decimator_create(factor, 2);

    memset(out, 0, sizeof(*out));
    for (int64_t n = 0; n < 5000; n += 25)
        push(d, n, 0, n == 0, hz, amplitude, dc, out);
    decimator_flush(d, collect, out);
    decimator_destroy(d);
    return worst_against(out, hz, amplitude, dc);
}

static struct output out;

static void the_pass_band_passes_at_the_time_of_the_input(void **state)
{
    (void)state;
    for (int factor = 2; factor <= 4; factor += 2) {
        double worst = run(factor, 0.38 * RATE / factor, 100, 180000, &out);
        printf("factor %d: 100 µV at 0.38 of the output rate on 180 mV: worst error %.4f µV\n",
               factor, worst);
        assert_that(worst, <, 0.3);
        assert_int_equal(out.count, 5000 / factor);
        assert_int_equal(out.lost, 0);
        for (size_t i = 1; i < out.count; i++)
            assert_that(fabs(out.times[i] - out.times[i - 1] - 1000 * factor / RATE), <, 1e-6);
    }
}

static void nothing_folds_back(void **state)
{
    (void)state;
    for (int factor = 2; factor <= 4; factor += 2) {
        double worst = 0;
        run(factor, 0.55 * RATE / factor, 1000, 0, &out);
        for (size_t i = 40; i + 40 < out.count; i++)
            worst = fmax(worst, fabs(out.uv[i]));
        printf("factor %d: at 0.55 of the output rate: %.1f dB\n", factor,
               20 * log10(worst / 1000));
        assert_that(worst, <, 1.0);
    }
}

/* One sample in 104 is skipped, as the real band does: what was there comes out, what wasn't is
 * counted. */
static void every_grid_point_comes_out_or_is_lost(void **state)
{
    struct decimator *d = decimator_create(2, 2);
    int64_t index = 0;

    (void)state;
    memset(&out, 0, sizeof(out));
    for (int packet = 0; packet < 600; packet++) {
        uint32_t lost = packet == 300 ? 500 : packet % 4 == 3 ? 1 : 0;
        index += lost;
        push(d, index, lost, packet == 0, 10, 50, 1000, &out);
        index += 25;
    }
    decimator_flush(d, collect, &out);
    decimator_destroy(d);
    assert_int_equal(out.count + out.lost, (index + 1) / 2);
    assert_that(out.lost, >, 250);
    for (size_t i = 1; i < out.count; i++)
        assert_that(out.times[i], >, out.times[i - 1]);
}

/* Packets whose times and steps are a little off each other's, as while the band's fit settles. */
static void each_time_is_that_of_its_input(void **state)
{
    static double times[5000];
    struct decimator *d = decimator_create(4, 2);

    (void)state;
    memset(&out, 0, sizeof(out));
    srand(4);
    for (int64_t n = 0; n < 5000; n += 25) {
        struct sample_block block = {.rate = 250, .rate_measured = RATE, .restart = n == 0};
        block.samples.sensor = SENSOR_EEG;
        block.samples.as = &model_default()->sensors[SENSOR_EEG];
        block.samples.count = 25;
        block.step_ms = 1000 / RATE * (1 + 0.004 * ((double)rand() / RAND_MAX - 0.5));
        block.first_ms = (double)n * 1000 / RATE + 1.2 * (double)rand() / RAND_MAX;
        for (int i = 0; i < 25; i++)
            times[n + i] = block.first_ms + i * block.step_ms;
        decimator_push(d, &block, collect, &out);
    }
    decimator_flush(d, collect, &out);
    decimator_destroy(d);
    assert_int_equal(out.count, 1250);
    assert_in_range(out.blocks, 200, 900);
    for (size_t i = 0; i < out.count; i++)
        assert_that(fabs(out.times[i] - times[4 * i]), <, 0.1);
}

static void a_restart_keeps_the_two_stretches_apart(void **state)
{
    struct decimator *d = decimator_create(4, 2);

    (void)state;
    memset(&out, 0, sizeof(out));
    for (int64_t n = 0; n < 500; n += 25)
        push(d, n, 0, n == 0, 1, 0, 1000, &out);
    for (int64_t n = 500; n < 1000; n += 25)
        push(d, n, 0, n == 500, 1, 0, -50000, &out);
    decimator_flush(d, collect, &out);
    decimator_destroy(d);
    assert_int_equal(out.count, 250);
    for (size_t i = 0; i < out.count; i++)
        assert_that(fabs(out.uv[i] - (i < 125 ? 1000 : -50000)), <, 0.01);
}

static void the_factor_is_one_two_or_four(void **state)
{
    (void)state;
    assert_int_equal(decimator_factor(250, 0), 1);
    assert_int_equal(decimator_factor(250, 250), 1);
    assert_int_equal(decimator_factor(250, 500), 1);
    assert_int_equal(decimator_factor(250, 125), 2);
    assert_int_equal(decimator_factor(250, 62.5), 4);
    assert_int_equal(decimator_factor(500, 62.5), 4);
    assert_int_equal(decimator_factor(500, 0.001), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_factor_is_one_two_or_four),
        cmocka_unit_test(the_pass_band_passes_at_the_time_of_the_input),
        cmocka_unit_test(nothing_folds_back),
        cmocka_unit_test(every_grid_point_comes_out_or_is_lost),
        cmocka_unit_test(each_time_is_that_of_its_input),
        cmocka_unit_test(a_restart_keeps_the_two_stretches_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
