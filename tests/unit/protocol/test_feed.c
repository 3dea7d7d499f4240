/* What clients are told of a stream, whatever a recording takes beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"
#include "feed.h"

/* Of two bands; most tests have the first. */
static struct manager_status statuses[2];
#define status statuses[0]
static struct sinks sinks;
static struct feed feed;
static unsigned told, seq, lost; /* messages, and of the last its numbers */
static char last[65536];         /* its text */

/* In the place of the manager's: the feed asks it nothing else. */
struct manager_streamed manager_streamed(const struct manager *manager, unsigned device)
{
    const struct manager_status *of = &statuses[device];

    (void)manager;
    return (struct manager_streamed){of->device.band.name,
                                     of->stream == STREAM_IDLE ? 0 : of->sensors, of->sample_rate};
}

static void hear(void *user, const struct message *message)
{
    const char *numbers = strstr(message->text, "\"seq\":");

    (void)user;
    snprintf(last, sizeof(last), "%s", message->text);
    assert_non_null(strstr(last, message->device_id));
    assert_non_null(numbers);
    assert_int_equal(sscanf(numbers, "\"seq\":%u", &seq), 1);
    numbers = strstr(message->text, "\"lost\":");
    assert_non_null(numbers);
    assert_int_equal(sscanf(numbers, "\"lost\":%u", &lost), 1);
    told++;
}

static void push(uint32_t missing, uint32_t owed)
{
    feed_samples(&feed, 0,
                 &(struct sample_block){
                     .lost = missing,
                     .owed = owed,
                     .rate = 50,
                     .rate_measured = 50,
                     .samples = {.sensor = SENSOR_PPG,
                                 .as = &model_default()->sensors[SENSOR_PPG],
                                 .count = 1},
                 });
}

static void stream(bool on)
{
    status.stream = on ? STREAM_STREAMING : STREAM_IDLE;
    status.sensors = on ? SENSOR_BIT(SENSOR_PPG) : 0;
}

static int begin(void **state)
{
    (void)state;
    memset(statuses, 0, sizeof(statuses));
    snprintf(statuses[1].device.band.name, sizeof(statuses[1].device.band.name), "LXB-9");
    memset(&sinks, 0, sizeof(sinks));
    snprintf(status.device.band.name, sizeof(status.device.band.name), "LXB-1");
    assert_true(sinks_add(&sinks, &(struct sink){.message = hear}));
    feed_init(&feed, &sinks);
    told = seq = lost = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    feed_finish(&feed);
    return 0;
}

static void what_a_stream_was_owed_waits_for_the_next_one(void **state)
{
    (void)state;
    stream(true);
    push(0, 0);
    stream(false);
    /* A recording goes on: its blocks are its own, with what they miss. */
    push(70, 60);
    push(3, 0);
    assert_int_equal(told, 1);
    stream(true);
    push(2, 0);
    assert_int_equal(told, 2);
    assert_int_equal(seq, 1);
    assert_int_equal(lost, 62);
    push(0, 0);
    assert_int_equal(lost, 0);
}

static void what_is_owed_is_told_at_once_where_the_stream_runs(void **state)
{
    (void)state;
    stream(true);
    push(70, 60);
    assert_int_equal(lost, 70);
    push(0, 0);
    assert_int_equal(lost, 0);
}

static void what_one_band_owes_is_not_told_of_another(void **state)
{
    (void)state;
    push(60, 60);
    snprintf(status.device.band.name, sizeof(status.device.band.name), "LXB-2");
    stream(true);
    push(0, 0);
    assert_int_equal(lost, 0);
    snprintf(status.device.band.name, sizeof(status.device.band.name), "LXB-1");
    push(0, 0);
    assert_int_equal(lost, 60);
}

/* A packet of EEG, all samples of this many µV; so many have come before it. */
static void push_eeg(unsigned device, double uv, unsigned before)
{
    struct sample_block block = {
        .first_ms = before * 4.0,
        .step_ms = 4,
        .first_tick = before * 131.072,
        .tick_step = 131.072,
        .rate = 250,
        .rate_measured = 250,
        .samples = {.sensor = SENSOR_EEG, .as = &model_default()->sensors[SENSOR_EEG], .count = 25},
    };

    for (size_t i = 0; i < block.samples.count; i++)
        block.samples.eeg[i].uv[0] = block.samples.eeg[i].uv[1] = uv;
    feed_samples(&feed, device, &block);
}

static void two_bands_are_thinned_each_by_itself_and_numbered_each_by_itself(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        statuses[i].stream = STREAM_STREAMING;
        statuses[i].sensors = SENSOR_BIT(SENSOR_EEG);
        statuses[i].sample_rate = i == 0 ? 125 : 62.5;
    }
    for (unsigned packet = 0; packet < 40; packet++) {
        push_eeg(0, 100, packet * 25);
        if (told > 0 && packet > 20) {
            assert_non_null(strstr(last, "\"device_id\":\"LXB-1\""));
            assert_non_null(strstr(last, "\"ch1\":100,"));
            assert_null(strstr(last, "\"ch1\":-"));
            assert_non_null(strstr(last, "\"sample_rate\":125,"));
            assert_int_equal(lost, 0);
        }
        const unsigned first_seq = seq;
        push_eeg(1, -100, packet * 25);
        if (packet > 20) {
            assert_non_null(strstr(last, "\"device_id\":\"LXB-9\""));
            assert_non_null(strstr(last, "\"ch1\":-100,"));
            assert_non_null(strstr(last, "\"sample_rate\":62.5,"));
            assert_that(seq, <=, first_seq);
            assert_int_equal(lost, 0);
        }
    }
    feed_link_down(&feed, 0);
    assert_non_null(strstr(last, "\"device_id\":\"LXB-1\""));
    feed_flush(&feed, 1);
    assert_non_null(strstr(last, "\"device_id\":\"LXB-9\""));
}

static void push_level(unsigned device, uint8_t level)
{
    feed_samples(&feed, device,
                 &(struct sample_block){.samples = {.sensor = SENSOR_BAT,
                                                    .as = &model_default()->sensors[SENSOR_BAT],
                                                    .count = 1,
                                                    .level = level}});
}

static void each_band_s_level_is_kept_for_who_comes_until_its_link_is_down(void **state)
{
    (void)state;
    push_level(0, 80);
    push_level(1, 40);
    assert_non_null(strstr(feed_battery(&feed, 0)->text, "\"level\":80"));
    assert_non_null(strstr(feed_battery(&feed, 1)->text, "\"level\":40"));
    told = 0;
    for (int second = 0; second < 60; second++)
        feed_second(&feed);
    assert_int_equal(told, 2);
    feed_link_down(&feed, 0);
    assert_null(feed_battery(&feed, 0));
    assert_non_null(feed_battery(&feed, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_stream_was_owed_waits_for_the_next_one, begin, end),
        cmocka_unit_test_setup_teardown(what_is_owed_is_told_at_once_where_the_stream_runs, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_one_band_owes_is_not_told_of_another, begin, end),
        cmocka_unit_test_setup_teardown(
            two_bands_are_thinned_each_by_itself_and_numbered_each_by_itself, begin, end),
        cmocka_unit_test_setup_teardown(
            each_band_s_level_is_kept_for_who_comes_until_its_link_is_down, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
