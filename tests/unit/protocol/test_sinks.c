/* Each sink is told the same, in the order they came; what none takes need not be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sinks.h"

/* The device that it is about. */
#define PLACE 3

/* What was told, a letter each: of the one in large letters, of the other in small. */
static char told[32];
static bool taken;

static void note(char letter)
{
    told[strlen(told)] = letter;
}

static void hear(void *user, const struct message *message)
{
    assert_string_equal(message->name, "raw_data");
    note(*(const char *)user);
}

static bool wants(void *user, unsigned device, enum message_kind kind, enum sensor sensor)
{
    assert_int_equal(device, PLACE);
    (void)user;
    return taken && kind == MESSAGE_RAW && sensor == SENSOR_PPG;
}

static void take_packet(void *user, unsigned device, const struct packet *packet)
{
    assert_int_equal(device, PLACE);
    (void)packet;
    note(*(const char *)user);
}

static bool wants_features(void *user, unsigned device, enum sensor sensor)
{
    assert_int_equal(device, PLACE);
    (void)user;
    return taken && sensor == SENSOR_ACC;
}

static void take_features(void *user, unsigned device, enum sensor sensor, const void *features)
{
    assert_int_equal(device, PLACE);
    (void)features;
    assert_int_equal(sensor, SENSOR_ACC);
    note(*(const char *)user);
}

static const struct message raw = {.kind = MESSAGE_RAW, .name = "raw_data", .text = "{}", .len = 2};

static int begin(void **state)
{
    (void)state;
    memset(told, 0, sizeof(told));
    taken = false;
    return 0;
}

static void each_is_told_in_the_order_they_came_and_of_what_it_takes(void **state)
{
    (void)state;
    const struct packet packet = {0};
    struct sinks sinks = {0};

    assert_true(sinks_add(&sinks, &(struct sink){.user = "a", .message = hear}));
    assert_true(
        sinks_add(&sinks, &(struct sink){.user = "B", .message = hear, .packet = take_packet}));
    sinks_message(&sinks, &raw);
    assert_string_equal(told, "aB");
    sinks_packet(&sinks, PLACE, &packet);
    assert_string_equal(told, "aBB");
    sinks_link_down(&sinks, PLACE, 1);
    assert_string_equal(told, "aBB");
}

static void a_sink_that_is_gone_hears_no_more_and_the_others_do(void **state)
{
    (void)state;
    struct sinks sinks = {0};

    for (const char *const *user = (const char *const[]){"a", "b", "c", NULL}; *user; user++)
        assert_true(sinks_add(&sinks, &(struct sink){.user = (void *)*user, .message = hear}));
    sinks_remove(&sinks, sinks.items[1].user);
    sinks_remove(&sinks, "nobody's");
    sinks_message(&sinks, &raw);
    assert_string_equal(told, "ac");
}

static void what_no_sink_takes_is_not_wanted(void **state)
{
    (void)state;
    struct sinks sinks = {0};

    assert_false(sinks_want(&sinks, PLACE, MESSAGE_RAW, SENSOR_PPG));
    assert_true(sinks_add(&sinks, &(struct sink){.user = "a", .packet = take_packet}));
    assert_false(sinks_want(&sinks, PLACE, MESSAGE_RAW, SENSOR_PPG));
    assert_true(sinks_add(&sinks, &(struct sink){.user = "b", .message = hear, .wants = wants}));
    assert_false(sinks_want(&sinks, PLACE, MESSAGE_RAW, SENSOR_PPG));
    taken = true;
    assert_true(sinks_want(&sinks, PLACE, MESSAGE_RAW, SENSOR_PPG));
    assert_false(sinks_want(&sinks, PLACE, MESSAGE_RAW, SENSOR_EEG));
    assert_false(sinks_want(&sinks, PLACE, MESSAGE_PROCESSED, SENSOR_PPG));
    /* Who doesn't say takes all. */
    assert_true(sinks_add(&sinks, &(struct sink){.user = "c", .message = hear}));
    assert_true(sinks_want(&sinks, PLACE, MESSAGE_PROCESSED, SENSOR_PPG));
}

static void features_are_wanted_apart_from_messages(void **state)
{
    (void)state;
    struct sinks sinks = {0};

    assert_true(sinks_add(&sinks, &(struct sink){.user = "a", .message = hear}));
    assert_false(sinks_want_features(&sinks, PLACE, SENSOR_ACC));
    assert_true(sinks_add(
        &sinks,
        &(struct sink){.user = "b", .features = take_features, .wants_features = wants_features}));
    assert_false(sinks_want_features(&sinks, PLACE, SENSOR_ACC));
    taken = true;
    assert_true(sinks_want_features(&sinks, PLACE, SENSOR_ACC));
    assert_false(sinks_want_features(&sinks, PLACE, SENSOR_EEG));
    sinks_features(&sinks, PLACE, SENSOR_ACC, "features");
    assert_string_equal(told, "b");
}

static void there_is_room_for_sinks_max(void **state)
{
    (void)state;
    struct sinks sinks = {0};

    for (int i = 0; i < SINKS_MAX; i++)
        assert_true(sinks_add(&sinks, &(struct sink){.user = "a", .message = hear}));
    assert_false(sinks_add(&sinks, &(struct sink){.user = "b", .message = hear}));
    sinks_message(&sinks, &raw);
    assert_int_equal(strlen(told), SINKS_MAX);
    assert_null(strchr(told, 'b'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_is_told_in_the_order_they_came_and_of_what_it_takes, begin),
        cmocka_unit_test_setup(a_sink_that_is_gone_hears_no_more_and_the_others_do, begin),
        cmocka_unit_test_setup(what_no_sink_takes_is_not_wanted, begin),
        cmocka_unit_test_setup(features_are_wanted_apart_from_messages, begin),
        cmocka_unit_test_setup(there_is_room_for_sinks_max, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
