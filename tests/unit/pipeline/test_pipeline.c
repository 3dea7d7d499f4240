#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "band/capture.h"
#include "band_ticks.h"
#include "pipeline/pipeline.h"

#define UTC_US INT64_C(1795510800000000)

/* What the pipeline told. */
struct told {
    unsigned blocks[SENSOR_COUNT], lost[SENSOR_COUNT], restarts[SENSOR_COUNT];
    unsigned bad, reboots, rates, backward;
    int rate;
    double last_ms[SENSOR_COUNT];
    uint64_t digest; /* of every number of every block */
};

static void digest(struct told *told, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        told->digest = (told->digest ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
}

static void on_samples(void *user, const struct sample_block *block)
{
    struct told *told = user;
    const enum sensor sensor = block->samples.sensor;

    told->blocks[sensor]++;
    told->lost[sensor] += block->lost;
    told->restarts[sensor] += block->restart;
    told->backward += block->first_ms <= told->last_ms[sensor];
    told->last_ms[sensor] = block->first_ms + (double)(block->samples.count - 1) * block->step_ms;
    digest(told, &block->first_ms, sizeof(block->first_ms));
    digest(told, &block->step_ms, sizeof(block->step_ms));
    digest(told, &block->first_tick, sizeof(block->first_tick));
    digest(told, &block->lost, sizeof(block->lost));
}

static void on_rate(void *user, int rate)
{
    struct told *told = user;

    told->rates++;
    told->rate = rate;
}

static void on_reboot(void *user)
{
    ((struct told *)user)->reboots++;
}

static void on_bad(void *user, const struct packet *packet, enum packet_fault fault)
{
    assert_non_null(packet);
    assert_int_not_equal(fault, PACKET_OK);
    ((struct told *)user)->bad++;
}

static struct pipeline *pipeline_telling(struct told *told)
{
    const struct pipeline_config config = {.mains_hz = 50, .with_features = false};
    const struct pipeline_listener listener = {
        .user = told,
        .samples = on_samples,
        .eeg_rate = on_rate,
        .rebooted = on_reboot,
        .bad_packet = on_bad,
    };
    struct pipeline *pipeline = pipeline_create(&config, &listener);

    assert_non_null(pipeline);
    *told = (struct told){0};
    return pipeline;
}

static struct pipeline *streaming(struct told *told)
{
    struct pipeline *pipeline = pipeline_telling(told);

    pipeline_link_up(pipeline, (struct clock_anchor){0, UTC_US});
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    return pipeline;
}

static void push(struct pipeline *pipeline, const struct samples *samples, int64_t arrival_us)
{
    uint8_t bytes[BAND_PACKET_MAX];
    const size_t len = packet_encode(model_default(), samples, bytes);

    pipeline_packet(pipeline, &(struct packet){samples->sensor, arrival_us, bytes, len, 0});
}

static void push_eeg(struct pipeline *pipeline, struct ticks *ticks, int packets)
{
    for (int i = 0; i < packets; i++) {
        struct tick_packet packet;
        ticks_next(ticks, SENSOR_EEG, &packet);
        push(pipeline, &packet.samples, packet.arrival_us);
    }
}

static struct ticks even_ticks(void)
{
    struct ticks ticks = ticks_of(1);

    ticks.skip_one_in = 0;
    return ticks;
}

/* --- what is passed on, and when --- */

static void packets_outside_a_connection_or_the_stream_are_dropped(void **state)
{
    struct told told;
    struct pipeline *pipeline = pipeline_telling(&told);
    struct ticks ticks = even_ticks();

    (void)state;
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    push_eeg(pipeline, &ticks, 5);
    assert_int_equal(told.blocks[SENSOR_EEG], 0);
    pipeline_link_up(pipeline, (struct clock_anchor){0, UTC_US});
    pipeline_stream(pipeline, SENSOR_BIT(SENSOR_PPG), 0);
    push_eeg(pipeline, &ticks, 5);
    assert_int_equal(told.blocks[SENSOR_EEG], 0);
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    push_eeg(pipeline, &ticks, 5);
    assert_int_equal(told.blocks[SENSOR_EEG], 5);
    pipeline_destroy(pipeline);
}

static void eeg_is_held_until_two_steps_agree_then_all_is_told(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();

    (void)state;
    push_eeg(pipeline, &ticks, 2);
    assert_int_equal(told.blocks[SENSOR_EEG], 0);
    assert_int_equal(pipeline_eeg_rate(pipeline), 0);
    push_eeg(pipeline, &ticks, 1);
    assert_int_equal(told.blocks[SENSOR_EEG], 3);
    assert_int_equal(told.rate, 250);
    assert_int_equal(told.rates, 1);
    assert_int_equal(told.restarts[SENSOR_EEG], 1);
    assert_int_equal(pipeline_counts(pipeline, SENSOR_EEG)->received, 75);
    pipeline_destroy(pipeline);
}

static void a_band_that_will_not_tell_its_rate_is_taken_for_250_after_a_second(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();
    struct tick_packet packet;

    (void)state;
    ticks_next(&ticks, SENSOR_EEG, &packet);
    push(pipeline, &packet.samples, packet.arrival_us);
    pipeline_time(pipeline, packet.arrival_us + 999999);
    assert_int_equal(told.blocks[SENSOR_EEG], 0);
    pipeline_time(pipeline, packet.arrival_us + 1000000);
    assert_int_equal(told.blocks[SENSOR_EEG], 1);
    assert_int_equal(told.rate, 250);
    pipeline_destroy(pipeline);
}

static void a_500_hz_band_with_its_second_packet_lost_is_known_as_such(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();

    (void)state;
    ticks.eeg_rate = 500.4;
    push_eeg(pipeline, &ticks, 1);
    ticks_skip(&ticks, SENSOR_EEG, 25);
    push_eeg(pipeline, &ticks, 3);
    assert_int_equal(told.rate, 500);
    assert_int_equal(told.blocks[SENSOR_EEG], 4);
    assert_int_equal(told.lost[SENSOR_EEG], 25);
    assert_int_equal(pipeline_counts(pipeline, SENSOR_EEG)->lost_link, 25);
    pipeline_destroy(pipeline);
}

static void what_is_held_when_the_link_goes_down_is_told(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();

    (void)state;
    push_eeg(pipeline, &ticks, 2);
    pipeline_link_down(pipeline);
    assert_int_equal(told.blocks[SENSOR_EEG], 2);
    pipeline_destroy(pipeline);
}

/* --- counts --- */

static void gaps_shorter_than_a_packet_are_the_bands_own(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();
    const struct pipeline_counts *counts = pipeline_counts(pipeline, SENSOR_EEG);

    (void)state;
    push_eeg(pipeline, &ticks, 20);
    ticks_skip(&ticks, SENSOR_EEG, 24);
    push_eeg(pipeline, &ticks, 20);
    ticks_skip(&ticks, SENSOR_EEG, 25);
    push_eeg(pipeline, &ticks, 20);
    assert_int_equal(counts->skipped_by_band, 24);
    assert_int_equal(counts->lost_link, 25);
    assert_int_equal(counts->received, 60 * 25);
    assert_that(fabs(counts->rate_measured - 250.2), <, 0.3);
    pipeline_destroy(pipeline);
}

static void bad_late_and_senseless_packets_are_counted_and_dropped(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();
    struct tick_packet packet;
    const struct pipeline_counts *counts = pipeline_counts(pipeline, SENSOR_EEG);

    (void)state;
    push_eeg(pipeline, &ticks, 20);
    pipeline_packet(pipeline,
                    &(struct packet){SENSOR_EEG, 3000000, (const uint8_t *)"12345", 5, 0});
    assert_int_equal(told.bad, 1);
    ticks_next(&ticks, SENSOR_EEG, &packet);
    push(pipeline, &packet.samples, packet.arrival_us);
    push(pipeline, &packet.samples, packet.arrival_us + 10);
    assert_int_equal(counts->late_packets, 1);
    packet.samples.tick += 0x40000000;
    push(pipeline, &packet.samples, packet.arrival_us + 20);
    push_eeg(pipeline, &ticks, 1);
    assert_int_equal(counts->bad_packets, 2);
    assert_int_equal(told.blocks[SENSOR_EEG], 22);
    assert_int_equal(told.lost[SENSOR_EEG], 0);
    assert_int_equal(told.reboots, 0);
    pipeline_destroy(pipeline);
}

static void a_suspect_at_the_links_end_is_counted_as_bad(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();
    struct tick_packet packet;

    (void)state;
    push_eeg(pipeline, &ticks, 20);
    ticks_next(&ticks, SENSOR_EEG, &packet);
    packet.samples.tick += 0x40000000;
    push(pipeline, &packet.samples, packet.arrival_us);
    pipeline_link_down(pipeline);
    assert_int_equal(pipeline_counts(pipeline, SENSOR_EEG)->bad_packets, 1);
    pipeline_destroy(pipeline);
}

/* The band restarts its counter; the first packet of the new boot is held, none is lost. */
static void a_reboot_in_mid_stream_loses_no_packet_that_came(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();

    (void)state;
    push_eeg(pipeline, &ticks, 50);
    ticks_skip(&ticks, SENSOR_EEG, 500);
    ticks.boot_tick = -(50 * 25 + 500) / 250.2 * BLOCK_TICK_HZ + 3 * BLOCK_TICK_HZ;
    push_eeg(pipeline, &ticks, 1);
    assert_int_equal(told.blocks[SENSOR_EEG], 50);
    push_eeg(pipeline, &ticks, 9);
    assert_int_equal(told.blocks[SENSOR_EEG], 60);
    assert_int_equal(told.reboots, 1);
    assert_int_equal(told.restarts[SENSOR_EEG], 2);
    assert_that(abs((int)told.lost[SENSOR_EEG] - 500), <=, 1);
    assert_int_equal(told.backward, 0);
    assert_int_equal(pipeline_counts(pipeline, SENSOR_EEG)->bad_packets, 0);
    pipeline_destroy(pipeline);
}

static void a_stop_asked_for_loses_nothing_and_a_start_counts_anew(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct ticks ticks = even_ticks();

    (void)state;
    push_eeg(pipeline, &ticks, 20);
    pipeline_stream(pipeline, SENSOR_SET_ALL & ~SENSOR_BIT(SENSOR_EEG), 0);
    push_eeg(pipeline, &ticks, 20);
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    push_eeg(pipeline, &ticks, 4);
    assert_int_equal(told.lost[SENSOR_EEG], 0);
    assert_int_equal(told.restarts[SENSOR_EEG], 2);
    assert_int_equal(pipeline_counts(pipeline, SENSOR_EEG)->received, 4 * 25);
    pipeline_destroy(pipeline);
}

static void a_short_packet_is_as_long_as_its_samples(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);
    struct samples samples = {.sensor = SENSOR_EEG, .tick = 5000};
    double samples_so_far = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        samples.count = 10 + (size_t)i % 3;
        samples.tick = 5000 + (uint32_t)lround(samples_so_far / 250.2 * BLOCK_TICK_HZ);
        samples_so_far += (double)samples.count;
        push(pipeline, &samples, llround(samples_so_far / 250.2 * 1e6));
    }
    assert_int_equal(told.blocks[SENSOR_EEG], 100);
    assert_int_equal(told.lost[SENSOR_EEG], 0);
    assert_int_equal(told.backward, 0);
    pipeline_destroy(pipeline);
}

static void the_battery_has_a_level_and_no_rate(void **state)
{
    struct told told;
    struct pipeline *pipeline = streaming(&told);

    (void)state;
    pipeline_stream(pipeline, 0, 0);
    pipeline_packet(pipeline, &(struct packet){SENSOR_BAT, 1500000, (const uint8_t[]){57}, 1, 0});
    assert_int_equal(told.blocks[SENSOR_BAT], 1);
    assert_that(told.last_ms[SENSOR_BAT], ==, UTC_US / 1e3 + 1500);
    assert_that(pipeline_utc_ms(pipeline, 1500000), ==, UTC_US / 1e3 + 1500);
    pipeline_destroy(pipeline);
}

/* --- captures of bands: the simulated one, and real ones where they are there --- */

static const struct {
    const char *name;
    unsigned eeg_lost;
} captures[] = {
    {"/tests/data/sim/simulated", 94},
    {"/../shared/data/captures/session_20250526_094443", 174},
    {"/../shared/data/captures/session_20250624_141623", 13},
    {"/../shared/data/captures/session_20250624_172058", 28},
    {"/../shared/data/captures/session_20250624_175525", 149},
};

/* Plays a capture; before row `cut` the clock is handed to a new pipeline. False if there is none.
 */
static bool play(const char *name, long cut, struct told *told)
{
    char path[512], *text = malloc(CLOCK_STATE_MAX);
    static char line[CAPTURE_LINE_MAX];
    struct capture_record record;

    snprintf(path, sizeof(path), PROJECT_DIR "%s.lbcap", name);
    FILE *file = fopen(path, "r");
    struct pipeline *pipeline = file ? streaming(told) : NULL;
    for (long row = 0; file && fgets(line, sizeof(line), file); row++) {
        assert_null(capture_parse(line, &record));
        if (row == cut) {
            const struct told so_far = *told;
            pipeline_clock_save(pipeline, 0, text);
            pipeline_destroy(pipeline);
            pipeline = streaming(told);
            assert_true(pipeline_clock_load(pipeline, 0, text));
            *told = so_far;
        }
        if (record.kind == CAPTURE_PACKET)
            pipeline_packet(pipeline, &record.packet);
    }
    if (file) {
        pipeline_destroy(pipeline);
        fclose(file);
    }
    free(text);
    return file != NULL;
}

static void captures_have_the_gaps_their_ticks_say(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(captures) / sizeof(captures[0]); i++) {
        struct told told;
        bool is_there = play(captures[i].name, -1, &told);
        assert_true(is_there || i > 0);
        if (!is_there)
            continue;
        assert_int_equal(told.lost[SENSOR_EEG], captures[i].eeg_lost);
        assert_int_equal(told.lost[SENSOR_PPG], 0);
        assert_int_equal(told.backward, 0);
        assert_int_equal(told.bad, 0);
        assert_int_equal(told.reboots, 0);
    }
}

static void a_capture_cut_anywhere_is_the_whole_one_to_the_last_bit(void **state)
{
    struct told whole, cut;

    (void)state;
    for (size_t i = 0; i <= 3; i += 3) {
        if (!play(captures[i].name, -1, &whole))
            continue;
        for (long row = 10; row < 246; row += 11) {
            assert_true(play(captures[i].name, row, &cut));
            assert_that(cut.digest, ==, whole.digest);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_outside_a_connection_or_the_stream_are_dropped),
        cmocka_unit_test(eeg_is_held_until_two_steps_agree_then_all_is_told),
        cmocka_unit_test(a_band_that_will_not_tell_its_rate_is_taken_for_250_after_a_second),
        cmocka_unit_test(a_500_hz_band_with_its_second_packet_lost_is_known_as_such),
        cmocka_unit_test(what_is_held_when_the_link_goes_down_is_told),
        cmocka_unit_test(gaps_shorter_than_a_packet_are_the_bands_own),
        cmocka_unit_test(bad_late_and_senseless_packets_are_counted_and_dropped),
        cmocka_unit_test(a_suspect_at_the_links_end_is_counted_as_bad),
        cmocka_unit_test(a_reboot_in_mid_stream_loses_no_packet_that_came),
        cmocka_unit_test(a_stop_asked_for_loses_nothing_and_a_start_counts_anew),
        cmocka_unit_test(a_short_packet_is_as_long_as_its_samples),
        cmocka_unit_test(the_battery_has_a_level_and_no_rate),
        cmocka_unit_test(captures_have_the_gaps_their_ticks_say),
        cmocka_unit_test(a_capture_cut_anywhere_is_the_whole_one_to_the_last_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
