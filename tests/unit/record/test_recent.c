#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"
#include "recent.h"

#define SECOND INT64_C(1000000)

static void take_packet(struct recent *recent, int64_t at_us, uint8_t first)
{
    uint8_t bytes[200] = {first};
    const struct capture_record record = {
        .kind = CAPTURE_PACKET,
        .packet = {
            .sensor = SENSOR_EEG, .arrival_us = at_us, .bytes = bytes, .len = sizeof(bytes)}};

    recent_take(recent, &record);
}

static void begin(struct recent *recent, int64_t at_us)
{
    static struct recent_beginning beginning;

    beginning = (struct recent_beginning){.at_us = at_us, .battery = -1};
    snprintf(beginning.clock, sizeof(beginning.clock), "state of %lld", (long long)at_us);
    recent_begin(recent, &beginning);
}

/* A packet a tenth of a second, a beginning where one is due, as the recorder does. */
static void fill(struct recent *recent, int64_t from_us, int64_t until_us)
{
    for (int64_t at = from_us; at < until_us; at += SECOND / 10) {
        if (recent_is_due(recent, at))
            begin(recent, at);
        take_packet(recent, at, (uint8_t)(at / SECOND));
    }
}

static void it_reaches_back_as_asked_and_gives_all_that_came_since(void **state)
{
    static struct recent_beginning beginning;
    static struct capture_record record;
    struct recent *recent = recent_create(2);
    int packets = 0;

    (void)state;
    assert_non_null(recent);
    fill(recent, 1000 * SECOND, 1300 * SECOND);
    assert_true(recent_rewind(recent, 1240 * SECOND, &beginning));
    assert_in_range(beginning.at_us, 1230 * SECOND, 1240 * SECOND);
    char clock[64];
    snprintf(clock, sizeof(clock), "state of %lld", (long long)beginning.at_us);
    assert_string_equal(beginning.clock, clock);
    while (recent_next(recent, &record)) {
        assert_int_equal(record.at_us, packets * SECOND / 10);
        assert_int_equal(record.packet.len, 200);
        assert_int_equal(record.packet.bytes[0],
                         (uint8_t)((beginning.at_us + record.at_us) / SECOND));
        packets++;
    }
    assert_int_equal(packets, (1300 * SECOND - beginning.at_us) / (SECOND / 10));
    recent_destroy(recent);
}

static void what_is_older_than_is_kept_is_gone(void **state)
{
    static struct recent_beginning beginning;
    struct recent *recent = recent_create(1);

    (void)state;
    fill(recent, 1000 * SECOND, 2000 * SECOND);
    assert_true(recent_rewind(recent, 0, &beginning));
    assert_in_range(beginning.at_us, 1900 * SECOND, 1940 * SECOND);
    assert_false(recent_rewind(recent, 3000 * SECOND, &beginning));
    recent_destroy(recent);
}

/* Ten times what a band sends: the ring is full long before a minute is over. */
static void the_oldest_goes_where_there_is_no_room(void **state)
{
    static struct recent_beginning beginning;
    static struct capture_record record;
    struct recent *recent = recent_create(1);
    size_t bytes = 0;

    (void)state;
    for (int64_t at = 1000 * SECOND; at < 1060 * SECOND; at += SECOND / 100) {
        if (recent_is_due(recent, at))
            begin(recent, at);
        take_packet(recent, at, 0);
    }
    assert_true(recent_rewind(recent, 0, &beginning));
    assert_that(beginning.at_us, >=, 1040 * SECOND);
    int64_t last_us = -1;
    for (; recent_next(recent, &record); bytes += record.packet.len) {
        assert_that(record.at_us, >, last_us);
        last_us = record.at_us;
    }
    assert_int_equal(beginning.at_us + last_us, 1060 * SECOND - SECOND / 100);
    assert_in_range(bytes, RECENT_BYTES_A_MINUTE / 4, RECENT_BYTES_A_MINUTE);
    recent_destroy(recent);
}

static void links_streams_and_markers_keep_their_place(void **state)
{
    static struct recent_beginning beginning;
    static struct capture_record record;
    struct recent *recent = recent_create(1);

    (void)state;
    begin(recent, 100 * SECOND);
    take_packet(recent, 99 * SECOND, 1); /* held since before */
    recent_take(recent, &(struct capture_record){.kind = CAPTURE_LINK_DOWN, .at_us = 101 * SECOND});
    recent_take(recent, &(struct capture_record){.kind = CAPTURE_LINK_UP,
                                                 .at_us = 102 * SECOND,
                                                 .anchor = {.utc_us = 7, .boot_us = 102 * SECOND}});
    recent_take(recent, &(struct capture_record){
                            .kind = CAPTURE_STREAM, .at_us = 103 * SECOND, .sensors = 5});
    recent_mark(
        recent,
        &(struct capture_record){
            .kind = CAPTURE_MARKER, .at_us = 104 * SECOND, .marker_ms = 1.5, .label = "here"},
        (struct recent_marker){.number = 7, .of_all = true});
    struct recent *copy = recent_copy(recent);
    recent_destroy(recent);
    assert_true(recent_rewind(copy, 100 * SECOND, &beginning));
    assert_true(recent_next(copy, &record) && record.kind == CAPTURE_LINK_DOWN);
    assert_true(recent_next(copy, &record) && record.kind == CAPTURE_LINK_UP);
    assert_int_equal(record.anchor.boot_us, 2 * SECOND);
    assert_true(recent_next(copy, &record) && record.kind == CAPTURE_STREAM);
    assert_int_equal(record.sensors, 5);
    assert_int_equal(record.at_us, 3 * SECOND);
    assert_true(recent_next(copy, &record) && record.kind == CAPTURE_MARKER);
    assert_that(record.marker_ms, ==, 1.5);
    assert_string_equal(record.label, "here");
    assert_int_equal(recent_marked(copy).number, 7);
    assert_true(recent_marked(copy).of_all);
    assert_false(recent_next(copy, &record));
    recent_destroy(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_reaches_back_as_asked_and_gives_all_that_came_since),
        cmocka_unit_test(what_is_older_than_is_kept_is_gone),
        cmocka_unit_test(the_oldest_goes_where_there_is_no_room),
        cmocka_unit_test(links_streams_and_markers_keep_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
