/* What clients are told of a stream, whatever a recording takes beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feed.h"

static struct manager_status status;
static struct sinks sinks;
static struct feed feed;
static unsigned told, seq, lost; /* messages, and of the last its numbers */

/* In the place of the manager's: the feed asks it nothing else. */
const struct manager_status *manager_status(struct manager *manager, unsigned device)
{
    (void)manager;
    (void)device;
    return &status;
}

static void hear(void *user, const struct message *message)
{
    const char *numbers = strstr(message->text, "\"seq\":");

    (void)user;
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
    memset(&status, 0, sizeof(status));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_stream_was_owed_waits_for_the_next_one, begin, end),
        cmocka_unit_test_setup_teardown(what_is_owed_is_told_at_once_where_the_stream_runs, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_one_band_owes_is_not_told_of_another, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
