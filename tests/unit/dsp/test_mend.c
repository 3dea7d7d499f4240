/* False zeros are put on the line between their neighbours; true ones, and long runs, are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "dsp/decimator.h"
#include "dsp/mend.h"

static struct {
    size_t count;
    double ms[4000], uv[4000][2];
    bool present[4000];
} out;

static void collect(void *user, const struct mend_sample *sample)
{
    (void)user;
    out.ms[out.count] = sample->time_ms;
    out.present[out.count] = sample->present;
    memcpy(out.uv[out.count++], sample->eeg.uv, sizeof(out.uv[0]));
}

static struct sample_block block_of(const double (*uv)[2], size_t count)
{
    struct sample_block block = {.rate = 250, .rate_measured = 250, .step_ms = 4};

    block.samples.sensor = SENSOR_EEG;
    block.samples.as = &model_default()->sensors[SENSOR_EEG];
    block.samples.count = count;
    for (size_t i = 0; i < count; i++)
        memcpy(block.samples.eeg[i].uv, uv[i], sizeof(uv[i]));
    return block;
}

static void mend_all(const double (*uv)[2], size_t count)
{
    const struct sample_block block = block_of(uv, count);
    struct mend mend;

    memset(&out, 0, sizeof(out));
    mend_begin(&mend, &block);
    for (size_t i = 0; i < count; i++) {
        const struct mend_sample sample = {4.0 * (double)i, true, block.samples.eeg[i]};
        mend_take(&mend, &sample, collect, NULL);
    }
    mend_finish(&mend, collect, NULL);
    assert_int_equal(out.count, count);
    for (size_t i = 0; i < count; i++)
        assert_true(out.ms[i] == 4.0 * (double)i && out.present[i]);
}

static void a_zero_comes_to_lie_between_its_neighbours(void **state)
{
    (void)state;
    static const double uv[][2] = {{5000, -10},  {0, 0},       {0, -20}, {5003, 0},
                                   {5004, -900}, {5004, -900}, {0, 0},   {5006, -904}};
    static const double mended[][2] = {{5000, -10},  {5001, 0},    {5002, -20},  {5003, 0},
                                       {5004, -900}, {5004, -900}, {5005, -902}, {5006, -904}};

    mend_all(uv, 8);
    for (size_t i = 0; i < 8; i++) {
        assert_that(fabs(out.uv[i][0] - mended[i][0]), <, 1e-9);
        assert_that(fabs(out.uv[i][1] - mended[i][1]), <, 1e-9);
    }
}

static void the_first_zero_is_the_next_value_and_the_last_the_one_before(void **state)
{
    (void)state;
    static const double uv[][2] = {{0, 0}, {700, 800}, {701, 800}, {0, 800}};

    mend_all(uv, 4);
    assert_true(out.uv[0][0] == 700 && out.uv[0][1] == 800);
    assert_that(out.uv[3][0], ==, 701);
}

static void over_20_ms_the_last_value_is_held(void **state)
{
    (void)state;
    double uv[40][2];

    for (size_t i = 0; i < 40; i++) {
        uv[i][0] = i >= 10 && i < 22 ? 0 : 5000 + (double)i;
        uv[i][1] = 2000;
    }
    mend_all(uv, 40);
    for (size_t i = 10; i < 22; i++)
        assert_true(out.uv[i][0] == 5009 && out.uv[i][1] == 2000);
    assert_that(out.uv[22][0], ==, 5022);
}

static void gather(void *user, const struct sample_block *block)
{
    (void)user;
    for (size_t i = 0; i < block->samples.count; i++)
        memcpy(out.uv[out.count++], block->samples.eeg[i].uv, sizeof(out.uv[0]));
}

/* A zero each 31 samples, so that some are a packet's last: none is seen in what is thinned. */
static void thinned_samples_know_nothing_of_zeros(void **state)
{
    (void)state;
    struct decimator *d = decimator_create(2, 2);
    double uv[25][2], worst = 0;

    memset(&out, 0, sizeof(out));
    for (int packet = 0; packet < 200; packet++) {
        for (int i = 0; i < 25; i++) {
            const bool zero = (25 * packet + i) % 31 == 24;
            uv[i][0] = zero ? 0 : 20000;
            uv[i][1] = -4000;
        }
        struct sample_block block = block_of(uv, 25);
        block.restart = packet == 0;
        block.first_ms = 100.0 * packet;
        decimator_push(d, &block, gather, NULL);
    }
    decimator_flush(d, gather, NULL);
    decimator_destroy(d);
    assert_int_equal(out.count, 2500);
    for (size_t i = 0; i < out.count; i++)
        worst = fmax(worst, fabs(out.uv[i][0] - 20000));
    assert_that(worst, <, 0.01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zero_comes_to_lie_between_its_neighbours),
        cmocka_unit_test(the_first_zero_is_the_next_value_and_the_last_the_one_before),
        cmocka_unit_test(over_20_ms_the_last_value_is_held),
        cmocka_unit_test(thinned_samples_know_nothing_of_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
