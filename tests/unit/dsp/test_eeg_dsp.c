/* What the EEG's features do at the edges: gaps, restarts, NaN, any sequence of blocks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "dsp/eeg.h"
#include "dsp/motion.h"

struct tally {
    unsigned messages, valid, lost, interpolated;
    size_t samples, unknown;
    bool any_order; /* of time: the blocks make no sense */
    double last_ms, peak;
    enum signal_quality quality;
};

static void count(void *user, const struct eeg_features *f)
{
    struct tally *tally = user;
    tally->messages++;
    tally->valid += !isnan(f->band_power[0][EEG_ALPHA]);
    tally->lost += f->lost;
    tally->interpolated += f->interpolated;
    tally->quality = f->quality;
    assert_that(f->count, <=, EEG_FEATURE_SAMPLES_MAX);
    for (size_t i = 0; i < f->count; i++) {
        assert_true(tally->any_order || f->timestamps[i] > tally->last_ms);
        tally->last_ms = f->timestamps[i];
        tally->unknown += isnan(f->filtered[0][i]);
        if (tally->samples + i > 500 && !isnan(f->filtered[0][i]))
            tally->peak = fmax(tally->peak, fabs(f->filtered[0][i]));
    }
    tally->samples += f->count;
}

/* Packet `k` of 25 samples of a 10 Hz wave on 5 mV, `late` samples late. */
static struct sample_block packet(int rate, unsigned k, unsigned late)
{
    struct sample_block block = {.rate = rate, .rate_measured = rate, .restart = k == 0};
    block.samples.sensor = SENSOR_EEG;
    block.samples.as = &model_default()->sensors[SENSOR_EEG];
    block.samples.count = 25;
    block.step_ms = 1000.0 / rate;
    block.tick_step = (double)BLOCK_TICK_HZ / rate;
    block.first_ms = 1e12 + (25 * k + late) * block.step_ms;
    block.first_tick = (25 * k + late) * block.tick_step;
    for (unsigned i = 0; i < 25; i++) {
        double uv = 5000 + 20 * sin(2 * M_PI * 10 * (25 * k + late + i) / rate);
        block.samples.eeg[i] = (struct eeg_sample){.uv = {uv, uv}};
    }
    return block;
}

static struct tally run(int rate, unsigned packets, void (*spoil)(struct sample_block *, unsigned))
{
    struct eeg_dsp *dsp = eeg_dsp_create(50);
    struct tally tally = {0};
    for (unsigned k = 0; k < packets; k++) {
        struct sample_block block = packet(rate, k, 0);
        if (spoil)
            spoil(&block, k);
        eeg_dsp_push(dsp, &block, &(struct eeg_listener){.user = &tally, .features = count});
    }
    eeg_dsp_destroy(dsp);
    return tally;
}

static void a_clean_stream_is_good_from_the_fourth_second_on(void **state)
{
    (void)state;
    const int rates[] = {250, 500};
    for (size_t i = 0; i < 2; i++) {
        struct tally t = run(rates[i], (unsigned)rates[i] / 25 * 10, NULL);
        assert_in_range(t.messages, 19, 20);
        assert_in_range(t.valid, t.messages - 8, t.messages - 7);
        assert_int_equal(t.quality, QUALITY_GOOD);
        assert_int_equal(t.unknown, 0);
    }
}

static void put_nan(struct sample_block *block, unsigned k)
{
    if (k == 60)
        block->samples.eeg[7].uv[0] = NAN;
}

static void one_nan_is_bridged(void **state)
{
    (void)state;
    struct tally t = run(250, 100, put_nan);
    assert_int_equal(t.unknown, 0);
    assert_int_equal(t.interpolated, 1);
    assert_that(t.peak, <, 21);
    assert_that(t.valid, >=, 12);
}

static void put_on_desk(struct sample_block *block, unsigned k)
{
    (void)k;
    for (size_t i = 0; i < block->samples.count; i++)
        block->samples.eeg[i].uv[0] = block->samples.eeg[i].uv[1] =
            model_default()->sensors[SENSOR_EEG].unit_per_count *
            model_default()->sensors[SENSOR_EEG].full_scale;
}

static void a_band_on_a_desk_has_no_contact(void **state)
{
    (void)state;
    struct tally t = run(250, 100, put_on_desk);
    assert_int_equal(t.quality, QUALITY_NO_CONTACT);
    assert_int_equal(t.valid, 0);
    assert_int_equal(t.unknown, t.samples);
}

static void a_longer_gap_is_lost_and_told_around(void **state)
{
    (void)state;
    static const unsigned gaps[] = {1, 5, 6, 100, 5000};
    for (size_t g = 0; g < 5; g++) {
        struct eeg_dsp *dsp = eeg_dsp_create(50);
        struct tally t = {0};
        for (unsigned k = 0; k < 200; k++) {
            struct sample_block block = packet(250, k, k < 100 ? 0 : gaps[g]);
            block.lost = k == 100 ? gaps[g] : 0;
            eeg_dsp_push(dsp, &block, &(struct eeg_listener){.user = &t, .features = count});
        }
        eeg_dsp_destroy(dsp);
        assert_int_equal(t.lost, gaps[g]);
        assert_int_equal(t.interpolated, gaps[g] <= 5 ? gaps[g] : 0);
        /* Alpha is told of the free seconds of the last four, where they are three. */
        assert_in_range(t.valid, gaps[g] <= 5 ? 32 : 26, 33);
        assert_that(t.peak, <, 60);
    }
}

static void any_sequence_of_blocks_keeps_within_its_arrays(void **state)
{
    (void)state;
    struct eeg_dsp *dsp = eeg_dsp_create(60);
    struct tally t = {.any_order = true};
    srand(1);
    for (unsigned k = 0; k < 20000; k++) {
        struct sample_block block = packet(rand() % 2000 ? 500 : 250, k, 0);
        block.restart = rand() % 300 == 0;
        block.lost = rand() % 10 ? 0 : (uint32_t)rand() % (rand() % 2 ? 20 : 2000000);
        block.samples.count = (size_t)rand() % (BAND_SAMPLES_MAX + 1);
        for (size_t i = 0; i < block.samples.count; i++) {
            double uv = rand() % 7 ? 40 * (rand() % 3) : (rand() % 2 ? 336083.3 : NAN);
            block.samples.eeg[i].uv[0] = rand() % 5 ? uv : 0;
            block.samples.eeg[i].uv[1] = -uv;
            block.samples.eeg[i].leadoff = (uint8_t)(rand() % 50 == 0);
        }
        if (rand() % 500 == 0)
            block.first_tick = NAN;
        if (rand() % 50 == 0)
            block.tick_step = 1;
        eeg_dsp_push(dsp, &block, &(struct eeg_listener){.user = &t, .features = count});
    }
    eeg_dsp_destroy(dsp);
    assert_that(t.messages, >, 100);
}

static void keep(void *user, const struct acc_features *f)
{
    *(struct acc_features *)user = *f;
}

static void activity_follows_its_rule(void **state)
{
    (void)state;
    static const struct {
        double amplitude;
        enum activity activity;
    } cases[] = {{0, ACTIVITY_STATIONARY},
                 {0.06, ACTIVITY_SITTING},
                 {0.3, ACTIVITY_WALKING},
                 {0.9, ACTIVITY_RUNNING}};
    for (size_t c = 0; c < 4; c++) {
        struct motion *motion = motion_create();
        struct acc_features f = {0};
        for (unsigned k = 0; k < 20; k++) {
            struct sample_block block = {.rate = 25,
                                         .rate_measured = 25,
                                         .restart = k == 0,
                                         .step_ms = 40,
                                         .tick_step = BLOCK_TICK_HZ / 25.0};
            block.first_ms = 1e12 + k * 1200.0;
            block.first_tick = k * 30 * block.tick_step;
            block.samples.sensor = SENSOR_ACC;
            block.samples.as = &model_default()->sensors[SENSOR_ACC];
            block.samples.count = 30;
            for (unsigned i = 0; i < 30; i++) {
                double g = 1 + cases[c].amplitude * sin(2 * M_PI * 2 * (30 * k + i) / 25.0);
                block.samples.acc[i].z = (int16_t)(g * 16384);
            }
            motion_push(motion, &block, keep, &f);
        }
        motion_destroy(motion);
        assert_int_equal(f.activity, cases[c].activity);
        assert_int_equal(isnan(f.pitch), cases[c].amplitude > 0);
    }
}

/* 20 degrees to and fro in 6 s, 2 s and 0.7 s, and to the side: gravity turns, its size stays. */
static void a_nod_is_no_walk(void **state)
{
    (void)state;
    static const double period_s[] = {6, 2, 0.7};
    for (size_t c = 0; c < 3; c++) {
        struct motion *motion = motion_create();
        struct acc_features f = {0};
        for (unsigned k = 0; k < 40; k++) {
            struct sample_block block = {.rate = 25,
                                         .rate_measured = 25,
                                         .restart = k == 0,
                                         .step_ms = 40,
                                         .tick_step = BLOCK_TICK_HZ / 25.0};
            block.first_ms = 1e12 + k * 1200.0;
            block.first_tick = k * 30 * block.tick_step;
            block.samples.sensor = SENSOR_ACC;
            block.samples.as = &model_default()->sensors[SENSOR_ACC];
            block.samples.count = 30;
            for (unsigned i = 0; i < 30; i++) {
                double t = (30 * k + i) / 25.0, angle = 0.35 * sin(2 * M_PI * t / period_s[c]);
                struct acc_sample *s = &block.samples.acc[i];
                s->x = (int16_t)(round(64 * cos(angle)) * 256);
                s->z = (int16_t)(round(64 * sin(angle)) * 256);
            }
            motion_push(motion, &block, keep, &f);
            if (f.activity != ACTIVITY_UNKNOWN)
                assert_int_equal(f.activity, ACTIVITY_STATIONARY);
        }
        assert_that(f.avg_movement, >, 0.05);
        motion_destroy(motion);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clean_stream_is_good_from_the_fourth_second_on),
        cmocka_unit_test(one_nan_is_bridged),
        cmocka_unit_test(a_band_on_a_desk_has_no_contact),
        cmocka_unit_test(a_longer_gap_is_lost_and_told_around),
        cmocka_unit_test(any_sequence_of_blocks_keeps_within_its_arrays),
        cmocka_unit_test(activity_follows_its_rule),
        cmocka_unit_test(a_nod_is_no_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
