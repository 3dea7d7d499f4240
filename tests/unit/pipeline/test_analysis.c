/* Features through the pipeline: no window mixes what a pause, a link or a reboot parts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "band_ticks.h"
#include "pipeline/pipeline.h"

#define UTC_US INT64_C(1795510800000000)
/* Of the band's counter: times of day may still be slewed. A window is 4 s of nominal samples. */
#define WINDOW_TICKS (3.98 * BLOCK_TICK_HZ)
#define ALPHA_UV     20.0
#define OFFSET_UV    5000.0
#define SESSION_END  10 /* s */

/* What was told, and where the newest raw sample ended. */
struct told {
    double newest, begun; /* ticks; of the stretch under way: its first sample */
    unsigned eeg, ppg, acc, valid, early, wrong, rate;
};

static void on_samples(void *user, const struct sample_block *block)
{
    struct told *told = user;
    if (block->samples.sensor != SENSOR_EEG)
        return;
    if (block->restart)
        told->begun = block->first_tick;
    told->newest = block->first_tick + (double)block->samples.count * block->tick_step;
}

/* A window is whole only where its four seconds lie after the stretch's first sample; it is the
 * 10 Hz wave's own, or it has something else in it. */
static void on_eeg(void *user, const struct eeg_features *f)
{
    struct told *told = user;
    told->eeg++;
    told->rate = (unsigned)f->rate;
    if (isnan(f->band_power[0][EEG_ALPHA]))
        return;
    told->valid++;
    told->early += told->newest - told->begun < WINDOW_TICKS;
    told->wrong += fabs(f->band_power[0][EEG_ALPHA] / (ALPHA_UV * ALPHA_UV / 2) - 1) > 0.05 ||
                   f->band_power[0][EEG_DELTA] > 1 || f->band_power[0][EEG_GAMMA] > 1;
}

static void on_ppg(void *user, const struct ppg_features *f)
{
    struct told *told = user;
    told->ppg++;
    assert_in_range(f->count, 0, PPG_FEATURE_SAMPLES_MAX);
}

static void on_acc(void *user, const struct acc_features *f)
{
    struct told *told = user;
    told->acc++;
    assert_in_range(f->count, 0, ACC_FEATURE_SAMPLES_MAX);
}

/* The fast lane as one hears it who always does, and one who comes and goes. */
struct lane {
    bool always;
    unsigned asked, count;
    double timestamp[200], alpha[200];
};

static bool wants_bands(void *user)
{
    struct lane *lane = user;
    return lane->always || lane->asked++ / 7 % 2;
}

static void on_bands(void *user, const struct eeg_bands *bands)
{
    struct lane *lane = user;
    assert_in_range(lane->count, 0, 199);
    lane->timestamp[lane->count] = bands->timestamp;
    lane->alpha[lane->count++] = bands->power[1][EEG_ALPHA];
}

static struct pipeline *streaming(struct told *told, bool with_features)
{
    const struct pipeline_config config = {.mains_hz = 50, .with_features = with_features};
    const struct pipeline_listener listener = {
        .user = told, .samples = on_samples, .eeg = on_eeg, .ppg = on_ppg, .acc = on_acc};
    struct pipeline *pipeline = pipeline_create(&config, &listener);
    assert_non_null(pipeline);
    *told = (struct told){0};
    pipeline_link_up(pipeline, (struct clock_anchor){0, UTC_US});
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    return pipeline;
}

/* Packets of all sensors for so long; the EEG is a wave on an offset of its own for each session,
 * and for a second in four a slow one. */
static void play_waves(struct pipeline *pipeline, struct ticks *ticks, double seconds,
                       double offset, double slow_uv)
{
    double end = ticks->position[SENSOR_EEG] / ticks->eeg_rate + seconds;
    while (ticks->position[SENSOR_EEG] / ticks->eeg_rate < end) {
        uint8_t bytes[BAND_PACKET_MAX];
        struct tick_packet packet;
        enum sensor sensor = ticks_turn(ticks);
        double first = ticks->position[sensor];
        ticks_next(ticks, sensor, &packet);
        for (size_t i = 0; sensor == SENSOR_EEG && i < packet.samples.count; i++) {
            double t = (first + packet.skipped + (double)i) / ticks->eeg_rate;
            double slow = fmod(t, 4) < 1 ? slow_uv * sin(2 * M_PI * 2 * t) : 0;
            double uv = offset + ALPHA_UV * sin(2 * M_PI * 10 * t) + slow;
            packet.samples.eeg[i] = (struct eeg_sample){.uv = {uv, uv}};
        }
        const size_t len = packet_encode(model_default(), &packet.samples, bytes);
        pipeline_packet(pipeline, &(struct packet){sensor, packet.arrival_us, bytes, len, 0});
    }
}

static void play(struct pipeline *pipeline, struct ticks *ticks, double seconds, double offset)
{
    play_waves(pipeline, ticks, seconds, offset, 0);
}

/* The band's counter goes on and nobody listens. */
static void pass(struct ticks *ticks, double seconds)
{
    for (int s = 0; s < SENSOR_STREAMED; s++)
        ticks_skip(ticks, (enum sensor)s, seconds * ticks_rate(ticks, (enum sensor)s));
}

static struct ticks even(void)
{
    struct ticks ticks = ticks_of(1);
    ticks.skip_one_in = 0;
    return ticks;
}

static void hear(struct lane *lane)
{
    const struct pipeline_config config = {.mains_hz = 50, .with_features = true};
    const struct pipeline_listener listener = {
        .user = lane, .wants_bands = wants_bands, .bands = on_bands};
    struct pipeline *pipeline = pipeline_create(&config, &listener);
    struct ticks ticks = even();
    assert_non_null(pipeline);
    pipeline_link_up(pipeline, (struct clock_anchor){0, UTC_US});
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    play(pipeline, &ticks, 18, 3000);
    pipeline_destroy(pipeline);
}

static void the_fast_lane_tells_the_same_whoever_heard_it_before(void **state)
{
    (void)state;
    static struct lane always = {.always = true}, sometimes;
    unsigned i = 0;
    hear(&always);
    hear(&sometimes);
    assert_in_range(always.count, 175, 181);
    assert_in_range(sometimes.count, 60, 120);
    for (unsigned k = 0; k < sometimes.count; k++) {
        while (i < always.count && always.timestamp[i] != sometimes.timestamp[k])
            i++;
        assert_in_range(i, 0, always.count - 1);
        assert_true(always.alpha[i] == sometimes.alpha[k] ||
                    (isnan(always.alpha[i]) && isnan(sometimes.alpha[k])));
    }
    assert_that(fabs(always.alpha[100] / (ALPHA_UV * ALPHA_UV / 2) - 1), <, 0.05);
}

static void check(const struct told *told, unsigned least)
{
    print_message("%u EEG messages, %u with a spectrum\n", told->eeg, told->valid);
    assert_in_range(told->valid, least, told->eeg - 14);
    assert_int_equal(told->early, 0);
    assert_int_equal(told->wrong, 0);
}

/* What came while somebody listened. */
struct listened {
    bool hears;
    size_t count;
    struct eeg_features got[64];
};

static bool hears(void *user, enum sensor sensor)
{
    (void)sensor;
    return ((struct listened *)user)->hears;
}

static void keep(void *user, const struct eeg_features *f)
{
    struct listened *listened = user;
    assert_in_range(listened->count, 0, 63);
    listened->got[listened->count++] = *f;
}

static struct pipeline *listened_to(struct listened *listened)
{
    const struct pipeline_listener listener = {
        .user = listened, .wants_features = hears, .eeg = keep};
    struct pipeline *pipeline = pipeline_create(
        &(struct pipeline_config){.mains_hz = 50, .with_features = true}, &listener);
    assert_non_null(pipeline);
    pipeline_link_up(pipeline, (struct clock_anchor){0, UTC_US});
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    return pipeline;
}

static void who_comes_back_is_told_what_an_unbroken_listener_is(void **state)
{
    (void)state;
    static struct listened always, sometimes;
    struct ticks ticks[] = {even(), even()};
    struct pipeline *a = listened_to(&always), *b = listened_to(&sometimes);
    const double seconds[] = {3, 9, 2};
    size_t missed = 0;
    for (int part = 0; part < 3; part++) {
        const size_t before = always.count, heard = sometimes.count;
        always.hears = true;
        sometimes.hears = part != 1;
        /* What stands out among the last seconds is known though nobody was told meanwhile. */
        play_waves(a, &ticks[0], seconds[part], OFFSET_UV, 10);
        play_waves(b, &ticks[1], seconds[part], OFFSET_UV, 10);
        if (sometimes.hears)
            assert_memory_equal(&sometimes.got[heard], &always.got[before],
                                (always.count - before) * sizeof(always.got[0]));
        missed += sometimes.hears ? 0 : always.count - before;
    }
    assert_in_range(missed, 16, 20);
    assert_int_equal(sometimes.count, always.count - missed);
    assert_that(always.got[always.count - 1].total_power, >, 0);
    pipeline_destroy(a);
    pipeline_destroy(b);
}

static void all_three_come_and_none_without_features(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        struct told told;
        struct ticks ticks = even();
        struct pipeline *pipeline = streaming(&told, with);
        play(pipeline, &ticks, 10, OFFSET_UV);
        pipeline_destroy(pipeline);
        assert_in_range(told.eeg, with ? 19 : 0, with ? 20 : 0);
        assert_in_range(told.ppg, with ? 8 : 0, with ? 10 : 0);
        assert_in_range(told.acc, with ? 8 : 0, with ? 10 : 0);
    }
}

static void a_sensor_that_leaves_and_comes_back_begins_anew(void **state)
{
    (void)state;
    static const double pauses[] = {0.02, 0.4, 3, 100};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
        struct told told;
        struct ticks ticks = even();
        struct pipeline *pipeline = streaming(&told, true);
        play(pipeline, &ticks, SESSION_END, OFFSET_UV);
        pipeline_stream(pipeline, SENSOR_BIT(SENSOR_PPG) | SENSOR_BIT(SENSOR_ACC), 0);
        pass(&ticks, pauses[i]);
        pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
        play(pipeline, &ticks, SESSION_END, -80000);
        pipeline_destroy(pipeline);
        check(&told, 2 * 11);
    }
}

static void a_lost_link_begins_anew(void **state)
{
    (void)state;
    struct told told;
    struct ticks ticks = even();
    struct pipeline *pipeline = streaming(&told, true);
    play(pipeline, &ticks, SESSION_END, OFFSET_UV);
    pipeline_link_down(pipeline);
    pass(&ticks, 7);
    const int64_t boot_us = llround(ticks.position[SENSOR_EEG] / ticks.eeg_rate * 1e6);
    pipeline_link_up(pipeline, (struct clock_anchor){boot_us, UTC_US + boot_us});
    play(pipeline, &ticks, SESSION_END, -80000);
    pipeline_destroy(pipeline);
    check(&told, 2 * 11);
}

static void a_reboot_begins_anew(void **state)
{
    (void)state;
    struct told told;
    struct ticks ticks = even();
    struct pipeline *pipeline = streaming(&told, true);
    ticks.boot_tick += 3600.0 * BLOCK_TICK_HZ;
    play(pipeline, &ticks, SESSION_END, OFFSET_UV);
    /* The counter starts again at nearly zero, the host's clock goes on. */
    const double elapsed = ticks.position[SENSOR_EEG] / ticks.eeg_rate;
    ticks.boot_tick = 1000 - elapsed * BLOCK_TICK_HZ;
    play(pipeline, &ticks, SESSION_END, -80000);
    pipeline_destroy(pipeline);
    check(&told, 2 * 11);
}

static void a_band_of_another_rate_gets_filters_of_its_own(void **state)
{
    (void)state;
    struct told told;
    struct ticks ticks = even();
    struct pipeline *pipeline = streaming(&told, true);
    play(pipeline, &ticks, SESSION_END, OFFSET_UV);
    assert_int_equal(told.rate, 250);
    pipeline_link_down(pipeline);
    ticks.position[SENSOR_EEG] *= 2;
    ticks.eeg_rate *= 2;
    pass(&ticks, 1);
    const int64_t boot_us = llround(ticks.position[SENSOR_EEG] / ticks.eeg_rate * 1e6);
    pipeline_link_up(pipeline, (struct clock_anchor){boot_us, UTC_US + boot_us});
    play(pipeline, &ticks, SESSION_END, OFFSET_UV);
    pipeline_destroy(pipeline);
    assert_int_equal(told.rate, 500);
    check(&told, 2 * 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_three_come_and_none_without_features),
        cmocka_unit_test(the_fast_lane_tells_the_same_whoever_heard_it_before),
        cmocka_unit_test(who_comes_back_is_told_what_an_unbroken_listener_is),
        cmocka_unit_test(a_sensor_that_leaves_and_comes_back_begins_anew),
        cmocka_unit_test(a_lost_link_begins_anew),
        cmocka_unit_test(a_reboot_begins_anew),
        cmocka_unit_test(a_band_of_another_rate_gets_filters_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
