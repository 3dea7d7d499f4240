#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "ble/sim_body.h"

#define TURN    6.283185307179586
#define EEG_HZ  250.2
#define PPG_HZ  49.88
#define ACC_HZ  25.22
#define SECONDS 240
#define WINDOW  1001 /* 4 s of EEG: bins of a quarter Hz */

static void deviates_are_normal_and_uniform(void **state)
{
    struct sim_random random;
    double sum = 0, squares = 0, fourth = 0, waits = 0;
    const int n = 200000;

    (void)state;
    sim_random_seed(&random, 7, 1);
    for (int i = 0; i < n; i++) {
        double x = sim_random_normal(&random);
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
        waits += sim_random_wait(&random, 5);
    }
    print_message("normal: mean %.4f, variance %.4f, kurtosis %.3f; wait of mean 5: %.3f\n",
                  sum / n, squares / n, fourth / n, waits / n);
    assert_that(fabs(sum / n), <, 0.01);
    assert_that(fabs(squares / n - 1), <, 0.015);
    assert_that(fabs(fourth / n - 2.9), <, 0.1); /* 3 − 6/5/12 of twelve uniforms */
    assert_that(fabs(waits / n - 5), <, 0.1);
}

/* Mean power at one frequency over Hann windows, µV²/Hz, by the definition of the transform. */
static double power_at(const double *x, size_t n, double hz)
{
    double sum = 0;
    size_t windows = 0;

    for (size_t begin = 0; begin + WINDOW <= n; begin += WINDOW, windows++) {
        double mean = 0, re = 0, im = 0, weight = 0;
        for (size_t i = 0; i < WINDOW; i++)
            mean += x[begin + i] / WINDOW;
        for (size_t i = 0; i < WINDOW; i++) {
            double hann = 0.5 - 0.5 * cos(TURN * (double)i / WINDOW);
            re += hann * (x[begin + i] - mean) * cos(TURN * hz * (double)i / EEG_HZ);
            im += hann * (x[begin + i] - mean) * sin(TURN * hz * (double)i / EEG_HZ);
            weight += hann * hann;
        }
        sum += 2 * (re * re + im * im) / (weight * EEG_HZ);
    }
    return sum / (double)windows;
}

static double band_power(const double *x, size_t n, double low, double high)
{
    double sum = 0;

    for (double hz = low; hz < high; hz += 0.5)
        sum += power_at(x, n, hz);
    return sum / ((high - low) / 0.5);
}

static void eeg_has_the_spectrum_of_a_head(void **state)
{
    const size_t n = (size_t)(SECONDS * EEG_HZ);
    double *x = malloc(n * sizeof(*x));
    struct sim_brain brain;
    struct eeg_sample sample;

    (void)state;
    assert_non_null(x);
    sim_brain_init(&brain, 3, EEG_HZ, 50, false);
    double last = brain.electrode[0].offset;
    for (size_t i = 0; i < n; i++) {
        sim_brain_next(&brain, &sample);
        assert_int_equal(sample.leadoff, 0);
        last = x[i] = sample.uv[0] == 0 ? last : sample.uv[0];
        assert_true(fabs(x[i]) > 100 && fabs(x[i]) < 82e3);
    }
    double alpha = band_power(x, n, 9, 11), below = band_power(x, n, 6, 8),
           above = band_power(x, n, 13, 20), fast = band_power(x, n, 30, 45),
           hum = power_at(x, n, 50), beside = power_at(x, n, 47);
    print_message("uV2/Hz: 6-8 %.2f, 9-11 %.2f, 13-20 %.2f, 30-45 %.3f; 50 Hz %.2f against %.3f\n",
                  below, alpha, above, fast, hum, beside);
    assert_true(alpha > 4 * below && alpha > 10 * above);
    assert_true(below > 2 * above && above > 1.5 * fast); /* falls as 1/f */
    assert_that(hum, >, 15 * beside);
    free(x);
}

static void alpha_comes_and_goes_and_eyes_blink(void **state)
{
    struct sim_brain brain;
    struct eeg_sample sample;
    int on = 0, off = 0, blinks = 0, zeros = 0;
    bool lid = false;

    (void)state;
    sim_brain_init(&brain, 3, EEG_HZ, 50, false);
    for (int i = 0; i < (int)(SECONDS * EEG_HZ); i++) {
        sim_brain_next(&brain, &sample);
        on += brain.alpha_level > 0.9;
        off += brain.alpha_level < 0.1;
        if (!lid && brain.blink_left > 0) {
            assert_that(brain.alpha_target, ==, 0); /* closed eyes do not blink */
            blinks++;
        }
        lid = brain.blink_left > 0;
        zeros += sample.uv[0] == 0 && sample.uv[1] == 0;
    }
    print_message("alpha on %.0f s, off %.0f s of %d; %d blinks, %d single zeros\n", on / EEG_HZ,
                  off / EEG_HZ, SECONDS, blinks, zeros);
    assert_true(on / EEG_HZ > 60 && off / EEG_HZ > 40);
    assert_true(blinks > 8 && blinks < 60);
    assert_true(zeros >= 1 && zeros < 30);
}

static void an_electrode_comes_off_now_and_then(void **state)
{
    struct sim_brain brain;
    struct eeg_sample sample;
    int off = 0, far = 0, n = (int)(1200 * EEG_HZ);

    (void)state;
    sim_brain_init(&brain, 3, EEG_HZ, 50, true);
    for (int i = 0; i < n; i++) {
        sim_brain_next(&brain, &sample);
        off += sample.leadoff != 0;
        far += fabs(sample.uv[0]) > 100e3 || fabs(sample.uv[1]) > 100e3;
        if (i < 20 * EEG_HZ)
            assert_int_equal(sample.leadoff, 0);
    }
    print_message("an electrode is off %.1f %% of the time\n", 100.0 * off / n);
    assert_true(off > 0.005 * n && off < 0.15 * n);
    assert_that(far, >, 0);
}

static void the_heart_has_the_rate_and_the_variability_asked_for(void **state)
{
    static const struct {
        double bpm, rmssd;
    } table[] = {{50, 60}, {70, 40}, {70, 10}, {100, 20}, {140, 8}};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sim_beats beats;
        double last = 0, rr = 0, sum = 0, squares = 0;
        const int n = 3000;
        sim_beats_init(&beats, 11, table[i].bpm, table[i].rmssd);
        for (int k = 0; k < n; k++) {
            double beat = sim_beats_next(&beats);
            if (k >= 2)
                squares += (beat - last - rr) * (beat - last - rr);
            rr = beat - last;
            sum += k ? rr : 0;
            last = beat;
        }
        double bpm = 60 * (n - 1) / sum, rmssd = 1000 * sqrt(squares / (n - 2));
        print_message("asked %.0f bpm, %.0f ms: %.2f bpm, RMSSD %.2f ms\n", table[i].bpm,
                      table[i].rmssd, bpm, rmssd);
        assert_that(fabs(bpm - table[i].bpm), <, 0.01 * table[i].bpm);
        assert_that(fabs(rmssd - table[i].rmssd), <, 0.1 * table[i].rmssd);
    }
}

/* After the foot of each true beat the counts fall, fastest within 0.1 s. */
static void blood_makes_the_counts_fall_at_each_beat(void **state)
{
    const int n = (int)(60 * PPG_HZ);
    double *ir = malloc((size_t)n * sizeof(*ir));
    struct sim_heart heart;
    struct sim_beats beats;
    struct ppg_sample sample;
    int falls = 0, count = 0;

    (void)state;
    assert_non_null(ir);
    sim_heart_init(&heart, 5, 70, 40, PPG_HZ);
    sim_beats_init(&beats, 5, 70, 40);
    for (int i = 0; i < n; i++) {
        sim_heart_next(&heart, &sample);
        ir[i] = sample.ir;
        assert_in_range(sample.ir, 1600000, 1780000);
        assert_in_range(sample.red, 1350000, 1490000);
    }
    for (double beat = sim_beats_next(&beats); beat < 59; beat = sim_beats_next(&beats), count++) {
        int foot = (int)(beat * PPG_HZ);
        falls += ir[foot + 8] - ir[foot] < -80;
    }
    print_message("%d of %d beats make the counts fall\n", falls, count);
    assert_true(count > 60 && falls >= 0.97 * count);
    free(ir);
}

static void motion_is_gravity_with_gestures_and_walks_in_it(void **state)
{
    struct sim_motion motion;
    struct acc_sample s;
    int seen[SIM_WALK + 1] = {0};
    double still = 0, walk = 0;

    (void)state;
    sim_motion_init(&motion, 9, ACC_HZ);
    for (int i = 0; i < (int)(1200 * ACC_HZ); i++) {
        enum sim_activity activity = motion.activity;
        sim_motion_next(&motion, &s);
        assert_int_equal((s.x & 0xff) | (s.y & 0xff) | (s.z & 0xff), 0);
        double g = sqrt((double)s.x * s.x + (double)s.y * s.y + (double)s.z * s.z) *
                   model_default()->sensors[SENSOR_ACC].unit_per_count;
        seen[activity]++;
        still += activity == SIM_STILL ? (g - 1) * (g - 1) : 0;
        walk += activity == SIM_WALK ? (g - 1) * (g - 1) : 0;
    }
    for (int i = 0; i <= SIM_WALK; i++)
        assert_that(seen[i], >, 0);
    still = sqrt(still / seen[SIM_STILL]);
    walk = sqrt(walk / seen[SIM_WALK]);
    print_message("|g| - 1, RMS: still %.3f, walking %.3f\n", still, walk);
    assert_true(still < 0.03 && walk > 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deviates_are_normal_and_uniform),
        cmocka_unit_test(eeg_has_the_spectrum_of_a_head),
        cmocka_unit_test(alpha_comes_and_goes_and_eyes_blink),
        cmocka_unit_test(an_electrode_comes_off_now_and_then),
        cmocka_unit_test(the_heart_has_the_rate_and_the_variability_asked_for),
        cmocka_unit_test(blood_makes_the_counts_fall_at_each_beat),
        cmocka_unit_test(motion_is_gravity_with_gestures_and_walks_in_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
