#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "band/block.h"
#include "band/packet.h"
#include "ble/sim_band.h"

static struct sim_band *band_of(const char *text)
{
    struct sim_options options;
    struct failure failure;

    sim_options_init(&options);
    if (!sim_options_parse(text, &options, &failure))
        fail_msg("%s", failure.message);
    struct sim_band *band = sim_band_create(&options, 0);
    assert_non_null(band);
    return band;
}

static uint64_t hash(const char *text, int packets)
{
    struct sim_band *band = band_of(text);
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */

    for (int i = 0; i < packets; i++, sim_band_advance(band)) {
        const struct sim_packet *packet = sim_band_next(band);
        for (size_t k = 0; k < packet->len; k++)
            h = (h ^ packet->bytes[k]) * UINT64_C(0x100000001b3);
    }
    sim_band_destroy(band);
    return h;
}

static void the_same_seed_makes_the_same_bytes(void **state)
{
    (void)state;
    assert_that(hash("seed=42", 2000), ==, hash("seed=42", 2000));
    assert_that(hash("seed=42", 2000), !=, hash("seed=43", 2000));
    assert_that(hash("seed=42,loss=0.3", 2000), ==, hash("seed=42", 2000));
}

static uint32_t tick_of(const struct sim_packet *packet)
{
    const uint8_t *b = packet->bytes;

    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static void packets_are_laid_out_as_the_real_ones(void **state)
{
    static const size_t len[] = {179, 172, 184, 1};
    struct sim_band *band = band_of("drain=3600");
    size_t seen[SENSOR_COUNT] = {0};

    (void)state;
    for (int i = 0; i < 3000; i++, sim_band_advance(band)) {
        const struct sim_packet *packet = sim_band_next(band);
        const uint8_t *b = packet->bytes;
        seen[packet->sensor]++;
        assert_int_equal(packet->len, len[packet->sensor]);
        if (packet->sensor ==
            SENSOR_EEG) /* lead-off, then 24 bits, high byte first, under 340 mV */
            assert_that((b[4] & 0xf0), ==, 0);
        if (packet->sensor == SENSOR_PPG) /* 1.42 million red, 1.69 million infrared */
            assert_true((b[4] == 0x15 || b[4] == 0x16) && (b[7] == 0x19 || b[7] == 0x1a));
        if (packet->sensor == SENSOR_ACC)
            assert_true(b[4] == 0 && b[6] == 0 && b[8] == 0);
    }
    print_message("eeg %zu, ppg %zu, acc %zu, bat %zu\n", seen[0], seen[1], seen[2], seen[3]);
    assert_true(seen[0] > 2000 && seen[1] > 300 && seen[2] > 150 && seen[3] > 50);
    sim_band_destroy(band);
}

struct steps {
    int count, longer, odd;
    double sum;
};

/* Steps between the stamps of a sensor's packets, ms. */
static struct steps steps_of(const char *text, enum sensor sensor, double usual_ms, int n)
{
    struct sim_band *band = band_of(text);
    struct steps steps = {0};
    uint32_t last = 0;

    for (int seen = 0; seen < n; sim_band_advance(band)) {
        const struct sim_packet *packet = sim_band_next(band);
        if (packet->sensor != sensor)
            continue;
        uint32_t tick = tick_of(packet);
        if (seen++) {
            double ms = (int32_t)(tick - last) * 1000.0 / BLOCK_TICK_HZ;
            steps.count++;
            steps.sum += ms;
            steps.longer += fabs(ms - usual_ms - 4) < 2;
            steps.odd += fabs(fabs(ms - usual_ms) - 1.3) < 0.1;
        }
        last = tick;
    }
    sim_band_destroy(band);
    return steps;
}

static void eeg_ticks_have_the_real_bands_rhythm(void **state)
{
    struct steps skipping = steps_of("", SENSOR_EEG, 99.92, 6000);
    struct steps whole = steps_of("skip=0", SENSOR_EEG, 99.92, 6000);

    (void)state;
    double rate = 25 * 1000 / (skipping.sum / skipping.count);
    print_message("one longer step in %.2f, %.1f %% odd by 1.3 ms; net %.2f Hz, whole %.2f Hz\n",
                  (double)skipping.count / skipping.longer, 100.0 * skipping.odd / skipping.count,
                  rate, 25 * 1000 / (whole.sum / whole.count));
    assert_that(fabs((double)skipping.count / skipping.longer - 6), <, 0.6);
    assert_true(skipping.odd > 0.1 * skipping.count && skipping.odd < 0.35 * skipping.count);
    assert_true(rate > 248.2 && rate < 249.6);
    assert_int_equal(whole.longer, 0);
    assert_that(fabs(25 * 1000 / (whole.sum / whole.count) - 250.2), <, 0.01);
}

static void each_sensor_has_its_rate(void **state)
{
    struct steps ppg = steps_of("", SENSOR_PPG, 561.3, 2000);
    struct steps acc = steps_of("", SENSOR_ACC, 1189, 2000);
    struct steps fast = steps_of("rate=500,skip=0", SENSOR_EEG, 49.9, 4000);

    (void)state;
    assert_that(fabs(28 * 1000 / (ppg.sum / ppg.count) - 49.88), <, 0.001);
    assert_that(fabs(30 * 1000 / (acc.sum / acc.count) - 25.22), <, 0.001);
    assert_that(fabs(25 * 1000 / (fast.sum / fast.count) - 500.4), <, 0.8);
}

/* The counter gains ppm on the time at which packets are complete. */
static void the_crystal_is_as_fast_as_asked(void **state)
{
    struct sim_band *band = band_of("skip=0,ppm=400,boot=0");
    const struct sim_packet *packet;
    int64_t complete_us = 0;
    uint32_t tick = 0;

    (void)state;
    for (int i = 0; i < 20000; i++, sim_band_advance(band)) {
        packet = sim_band_next(band);
        if (packet->sensor == SENSOR_ACC) {
            complete_us = packet->complete_us;
            tick = tick_of(packet);
        }
    }
    double end_s = tick / (double)BLOCK_TICK_HZ + 30 / 25.22;
    double ppm = (end_s / ((double)complete_us * 1e-6) - 1) * 1e6;
    print_message("asked 400, found %.2f over %.0f s\n", ppm, end_s);
    assert_that(fabs(ppm - 400), <, 1);
    sim_band_destroy(band);
}

static void the_counter_wraps_from_where_it_booted(void **state)
{
    struct sim_band *band = band_of("boot=4294900000");
    uint32_t last = 0;
    bool wrapped = false;

    (void)state;
    for (int i = 0; i < 200; i++, sim_band_advance(band)) {
        const struct sim_packet *packet = sim_band_next(band);
        if (packet->sensor != SENSOR_EEG)
            continue;
        wrapped |= tick_of(packet) < last && (uint32_t)(tick_of(packet) - last) < 4000;
        last = tick_of(packet);
    }
    assert_true(wrapped);
    sim_band_destroy(band);
}

static void a_reboot_begins_the_counter_anew(void **state)
{
    struct sim_band *band = band_of("");

    (void)state;
    sim_band_skip_to(band, 20000000);
    sim_band_reboot(band, 20000000);
    const struct sim_packet *packet = sim_band_next(band);
    assert_that(packet->sensor, ==, SENSOR_EEG);
    assert_that(tick_of(packet), <, BLOCK_TICK_HZ / 5);
    assert_true(packet->complete_us > 20000000 && packet->complete_us < 20300000);
    sim_band_destroy(band);
}

static void the_air_loses_repeats_and_delays_as_asked(void **state)
{
    struct sim_band *band = band_of("loss=0.2,duplicate=0.1,jitter=250");
    int64_t last[SENSOR_COUNT] = {0};
    int64_t before = 0;
    int lost = 0, repeated = 0, n = 5000;
    double delay = 0;

    (void)state;
    for (int i = 0; i < n; i++, sim_band_advance(band)) {
        const struct sim_packet *packet = sim_band_next(band);
        lost += packet->lost;
        repeated += packet->duplicate;
        delay += (double)(packet->arrival_us - packet->complete_us) / 1000 / n;
        assert_that(packet->arrival_us, >=, packet->complete_us);
        assert_that(packet->arrival_us, >=, before);
        assert_that(packet->complete_us, >, last[packet->sensor]);
        before = packet->arrival_us;
        last[packet->sensor] = packet->complete_us;
    }
    print_message("lost %.3f, repeated %.3f, delayed by %.0f ms on average\n", (double)lost / n,
                  (double)repeated / n, delay);
    assert_that(fabs((double)lost / n - 0.2), <, 0.02);
    assert_that(fabs((double)repeated / n - 0.1), <, 0.02);
    assert_true(delay > 110 && delay < 250);
    sim_band_destroy(band);
}

static void the_battery_falls_to_nothing_and_stays_there(void **state)
{
    struct sim_band *band = band_of("battery=5,drain=3600");
    int level = 5;

    (void)state;
    assert_int_equal(sim_band_battery(band, 0), 5);
    assert_int_equal(sim_band_battery(band, 2500000), 3);
    assert_int_equal(sim_band_battery(band, 100000000), 0);
    for (int i = 0; i < 1000; i++, sim_band_advance(band)) {
        const struct sim_packet *packet = sim_band_next(band);
        if (packet->sensor != SENSOR_BAT)
            continue;
        assert_int_equal(packet->bytes[0], --level);
        assert_int_equal(sim_band_battery(band, packet->complete_us + 1000), level);
    }
    assert_int_equal(level, 0);
    sim_band_destroy(band);
}

/* What is left out while nobody listens changes nothing of what comes after. */
static void a_pause_leaves_out_packets_and_alters_none(void **state)
{
    struct sim_band *one = band_of("");
    struct sim_band *other = band_of("");

    (void)state;
    while (sim_band_next(one)->arrival_us < 30000000)
        sim_band_advance(one);
    sim_band_skip_to(other, 30000000);
    for (int i = 0; i < 200; i++, sim_band_advance(one), sim_band_advance(other)) {
        const struct sim_packet *a = sim_band_next(one), *b = sim_band_next(other);
        assert_int_equal(a->arrival_us, b->arrival_us);
        assert_int_equal(a->len, b->len);
        assert_memory_equal(a->bytes, b->bytes, a->len);
    }
    sim_band_destroy(one);
    sim_band_destroy(other);
}

static void a_pause_of_days_is_left_out_at_once_and_keeps_the_ticks(void **state)
{
    struct sim_band *band = band_of("skip=0,boot=0,ppm=0");
    const int64_t days = INT64_C(400000) * 1000000; /* over 36.4 h: wrapped three times */

    (void)state;
    sim_band_skip_to(band, days);
    const struct sim_packet *packet = sim_band_next(band);
    while (packet->sensor != SENSOR_ACC) {
        sim_band_advance(band);
        packet = sim_band_next(band);
    }
    double end = (double)packet->complete_us * 1e-6 * BLOCK_TICK_HZ - 30 / 25.22 * BLOCK_TICK_HZ;
    assert_true(packet->arrival_us >= days && packet->arrival_us < days + 1300000);
    assert_that(fabs(fmod(end, 4294967296.0) - tick_of(packet)), <, 10);
    sim_band_destroy(band);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_seed_makes_the_same_bytes),
        cmocka_unit_test(packets_are_laid_out_as_the_real_ones),
        cmocka_unit_test(eeg_ticks_have_the_real_bands_rhythm),
        cmocka_unit_test(each_sensor_has_its_rate),
        cmocka_unit_test(the_crystal_is_as_fast_as_asked),
        cmocka_unit_test(the_counter_wraps_from_where_it_booted),
        cmocka_unit_test(a_reboot_begins_the_counter_anew),
        cmocka_unit_test(the_air_loses_repeats_and_delays_as_asked),
        cmocka_unit_test(the_battery_falls_to_nothing_and_stays_there),
        cmocka_unit_test(a_pause_leaves_out_packets_and_alters_none),
        cmocka_unit_test(a_pause_of_days_is_left_out_at_once_and_keeps_the_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
