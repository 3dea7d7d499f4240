/* Commands for several bands, and what is told of each: over a manager that answers when told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

#include "../assert_that.h"
#include "fake_manager.h"
#include "protocol/protocol.h"

#define CLIENT 1
#define TEXTS  64

static struct protocol *protocol;
static struct manager_listener listener;
static cJSON *told[TEXTS]; /* to the client, and to all */
static size_t told_count;

/* ---- the world around it */

static void keep(const char *text, size_t len)
{
    assert_that(told_count, <, TEXTS);
    told[told_count] = cJSON_ParseWithLength(text, len);
    assert_non_null(told[told_count++]);
}

static void out_reply(void *user, uint64_t client, const char *text, size_t len)
{
    (void)user;
    assert_int_equal(client, CLIENT);
    keep(text, len);
}

static void out_data_to(void *user, uint64_t client, enum sensor sensor, const char *text,
                        size_t len)
{
    (void)user;
    (void)client;
    (void)sensor;
    keep(text, len);
}

static size_t out_client_count(void *user)
{
    (void)user;
    return 1;
}

static bool out_may_send(void *user, uint64_t client)
{
    (void)user;
    (void)client;
    return true;
}

static void on_message(void *user, const struct message *message)
{
    (void)user;
    keep(message->text, message->len);
}

static void forget_told(void)
{
    while (told_count > 0)
        cJSON_Delete(told[--told_count]);
}

static int begin(void **state)
{
    static const struct protocol_out out = {.reply = out_reply,
                                            .data_to = out_data_to,
                                            .client_count = out_client_count,
                                            .may_send = out_may_send};
    static const struct protocol_limits limits = {.frame_bytes = 16 * 1024};
    static const struct protocol_identity identity = {.instance = "test", .backend = "sim"};
    static const struct sink sink = {.message = on_message};

    (void)state;
    fake_reset();
    protocol = protocol_create(&out, &limits, &identity);
    listener = protocol_manager_listener(protocol);
    assert_true(protocol_add_sink(protocol, &sink));
    protocol_set_manager(protocol, (struct manager *)&fake);
    return 0;
}

static int end(void **state)
{
    (void)state;
    forget_told();
    protocol_destroy(protocol);
    return 0;
}

static void say(const char *text)
{
    protocol_text(protocol, CLIENT, false, text, strlen(text));
}

/* The value at the path, keys and numbers apart by dots. */
static const cJSON *at(const cJSON *json, const char *path)
{
    char copy[128];

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *key = strtok(copy, "."); key; key = strtok(NULL, "."))
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, (int)strtol(key, NULL, 10))
                                   : cJSON_GetObjectItemCaseSensitive(json, key);
    return json;
}

static const char *text_at(const cJSON *json, const char *path)
{
    const cJSON *item = at(json, path);

    return cJSON_IsString(item) ? item->valuestring : "";
}

/* The one reply there is; what else was told is let be. */
static const cJSON *reply(void)
{
    const cJSON *found = NULL;

    for (size_t i = 0; i < told_count; i++) {
        if (strcmp(text_at(told[i], "type"), "command_response") != 0)
            continue;
        assert_null(found);
        found = told[i];
    }
    return found;
}

static size_t count_of(const char *event)
{
    size_t count = 0;

    for (size_t i = 0; i < told_count; i++)
        count += strcmp(text_at(told[i], "event_type"), event) == 0;
    return count;
}

static void assert_text(const cJSON *json, const char *path, const char *is)
{
    assert_string_equal(text_at(json, path), is);
}

static void start_done(size_t number)
{
    const struct fake_asked *asked = &fake.asked[number];
    struct manager_status *band = &fake.bands[asked->device];

    band->stream = STREAM_STREAMING;
    band->sample_rate = 250 + asked->device; /* tells them apart */
    fake_done(number, &(struct manager_outcome){.sensor = -1});
}

static void three_bands(void)
{
    fake_band(0, "LXB-A", LINK_CONNECTED);
    fake_band(1, "LXB-B", LINK_WAITING);
    fake_band(2, "LXB-C", LINK_CONNECTED);
}

/* ---- commands */

static void test_without_a_name_each_band_is_meant_and_the_reply_waits_for_the_last(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"start_streaming\",\"parameters\":{\"sensors\":[\"eeg\"]}}");
    assert_int_equal(fake.asked_count, 3);
    start_done(2);
    start_done(0);
    assert_null(reply());
    start_done(1);
    const cJSON *one = reply();
    assert_true(cJSON_IsTrue(at(one, "success")));
    assert_text(one, "message", "Streaming started");
    assert_int_equal(at(one, "data.sample_rate")->valueint, 250);
    assert_int_equal(cJSON_GetArraySize(at(one, "data.devices")), 3);
    assert_text(one, "data.devices.0.device_id", "LXB-A");
    assert_text(one, "data.devices.1.device_id", "LXB-B");
    assert_text(one, "data.devices.2.device_id", "LXB-C");
    assert_int_equal(at(one, "data.devices.1.sample_rate")->valueint, 251);
    assert_true(cJSON_IsTrue(at(one, "data.devices.2.success")));
}

static void test_what_a_band_was_when_it_was_through_is_told_whatever_it_is_by_then(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"start_streaming\",\"parameters\":{\"device_id\":[\"LXB-A\",\"LXB-C\"]}}");
    start_done(0);
    fake_nobody(0);
    start_done(1);
    assert_int_equal(at(reply(), "data.devices.0.sample_rate")->valueint, 250);
    assert_text(reply(), "data.devices.0.device_id", "LXB-A");
}

static void test_where_some_refuse_it_succeeds_and_names_them(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"start_streaming\"}");
    fake_refused(0, ERROR_STREAMING, "No sensor answers");
    start_done(1);
    start_done(2);
    const cJSON *one = reply();
    assert_true(cJSON_IsTrue(at(one, "success")));
    assert_text(one, "message", "Streaming started; refused: LXB-A (STREAMING_ERROR)");
    assert_int_equal(at(one, "data.sample_rate")->valueint, 251);
    assert_true(cJSON_IsFalse(at(one, "data.devices.0.success")));
    assert_text(one, "data.devices.0.error_code", "STREAMING_ERROR");
    assert_text(one, "data.devices.0.message", "No sensor answers");
    assert_null(at(one, "data.devices.0.sample_rate"));
    assert_int_equal(count_of("error"), 0);
}

static void test_where_all_refuse_it_fails_as_the_first_with_what_each_says(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"stop_streaming\",\"parameters\":{\"device_id\":[\"lxb-c\",\"LXB-A\"]}}");
    fake_refused(1, ERROR_CANCELLED, "Undone");
    fake_refused(0, ERROR_STREAMING, "It hangs");
    const cJSON *one = reply();
    assert_true(cJSON_IsFalse(at(one, "success")));
    assert_text(one, "data.error_code", "STREAMING_ERROR");
    assert_text(one, "data.devices.0.device_id", "LXB-C");
    assert_text(one, "data.devices.1.error_code", "CANCELLED");
    assert_int_equal(count_of("error"), 1);
}

static void test_a_single_band_s_refusal_is_told_as_if_there_were_no_others(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"stop_streaming\",\"parameters\":{\"device_id\":\"LXB-B\"}}");
    assert_int_equal(fake.asked_count, 1);
    assert_int_equal(fake.asked[0].device, 1);
    fake_refused(0, ERROR_STREAMING, "It hangs");
    assert_text(reply(), "data.error_code", "STREAMING_ERROR");
    assert_null(at(reply(), "data.devices"));
}

static void test_a_band_named_twice_is_asked_once(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"stop_streaming\",\"parameters\":{\"device_id\":[\"LXB-A\",\"aa:bb:cc:dd:"
        "ee:00\"]}}");
    assert_int_equal(fake.asked_count, 1);
}

static void test_an_unknown_name_is_refused_with_those_there_are_and_nothing_is_done(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"disconnect_device\",\"parameters\":{\"device_id\":[\"LXB-A\",\"LXB-X\"]}}");
    assert_int_equal(fake.asked_count, 0);
    assert_text(reply(), "data.error_code", "NOT_CONNECTED");
    assert_text(reply(), "data.details.given", "LXB-X");
    assert_text(reply(), "data.details.allowed", "one of LXB-A, LXB-B, LXB-C");
    assert_non_null(strstr(text_at(reply(), "message"), "LXB-A, LXB-B, LXB-C"));
}

static void test_without_any_band_a_command_goes_to_an_idle_place_and_tells_of_none(void **state)
{
    (void)state;
    say("{\"command\":\"disconnect_device\",\"parameters\":{\"device_id\":\"LXB-X\"}}");
    assert_int_equal(fake.asked_count, 1);
    assert_int_equal(fake.asked[0].device, 0);
    fake_done(0, &(struct manager_outcome){.sensor = -1, .already = true});
    assert_true(cJSON_IsTrue(at(reply(), "success")));
    assert_int_equal(cJSON_GetArraySize(at(reply(), "data.devices")), 0);
    assert_int_equal(count_of("device_disconnected"), 1);
}

static void test_a_list_of_names_connects_each(void **state)
{
    (void)state;
    say("{\"command\":\"connect_device\",\"parameters\":{\"device_id\":[\"LXB-A\",\"LXB-B\"]}}");
    assert_int_equal(fake.asked_count, 2);
    assert_string_equal(fake.asked[1].name, "LXB-B");
    fake_band(1, "LXB-B", LINK_CONNECTED);
    fake_refused(0, ERROR_DEVICE_NOT_FOUND, "It is not in the air");
    assert_null(reply());
    fake_done(1, &(struct manager_outcome){.sensor = -1, .device = 1});
    assert_text(reply(), "data.device_id", "LXB-B");
    assert_text(reply(), "data.devices.0.error_code", "DEVICE_NOT_FOUND");
    assert_text(reply(), "data.devices.1.address", "AA:BB:CC:DD:EE:01");
}

static void test_a_name_twice_in_a_list_connects_its_band_once(void **state)
{
    (void)state;
    say("{\"command\":\"connect_device\",\"parameters\":{\"device_id\":[\"LXB-A\",\"lxb-a\",\"LXB-"
        "A\"]}}");
    assert_int_equal(fake.asked_count, 1);
    fake_band(0, "LXB-A", LINK_CONNECTED);
    fake_done(0, &(struct manager_outcome){.sensor = -1});
    assert_int_equal(cJSON_GetArraySize(at(reply(), "data.devices")), 1);
}

static void test_an_address_and_a_list_of_names_is_refused(void **state)
{
    (void)state;
    say("{\"command\":\"connect_device\",\"parameters\":{\"address\":\"AA:BB:CC:DD:EE:00\","
        "\"device_id\":[\"LXB-A\",\"LXB-B\"]}}");
    assert_int_equal(fake.asked_count, 0);
    assert_text(reply(), "data.details.parameter", "device_id");
}

static void test_a_client_that_goes_is_told_of_none_of_its_bands(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"start_streaming\"}");
    start_done(0);
    protocol_client_closed(protocol, CLIENT);
    assert_true(fake.asked[1].forgotten && fake.asked[2].forgotten);
    protocol_second(protocol);
    start_done(1);
    start_done(2);
    assert_null(reply());
}

static void test_the_state_of_each_is_told_at_once(void **state)
{
    (void)state;
    three_bands();
    say("{\"command\":\"check_device_connection\"}");
    assert_int_equal(count_of("device_info"), 3);
    assert_text(reply(), "data.device_id", "LXB-A");
    assert_text(reply(), "data.devices.1.link", "waiting");
    assert_true(cJSON_IsNull(at(reply(), "data.devices.1.battery_level")));
    forget_told();
    say("{\"command\":\"get_streaming_status\",\"parameters\":{\"device_id\":\"LXB-C\"}}");
    assert_text(reply(), "data.device_id", "LXB-C");
    assert_int_equal(cJSON_GetArraySize(at(reply(), "data.devices")), 1);
}

static void test_each_band_there_is_is_listed(void **state)
{
    (void)state;
    three_bands();
    fake_nobody(0);
    say("{\"command\":\"list_devices\"}");
    assert_int_equal(cJSON_GetArraySize(at(reply(), "data.devices")), 2);
    assert_text(reply(), "data.devices.0.device_id", "LXB-B");
    assert_text(reply(), "data.devices.1.link", "connected");
}

/* ---- device_info */

static void test_who_comes_is_told_of_each_band_or_of_none(void **state)
{
    (void)state;
    protocol_client_opened(protocol, CLIENT);
    assert_int_equal(count_of("device_info"), 1);
    assert_true(cJSON_IsNull(at(told[0], "data.device_id")));
    forget_told();
    three_bands();
    protocol_client_opened(protocol, CLIENT);
    assert_int_equal(count_of("device_info"), 3);
    assert_text(told[0], "data.device_id", "LXB-A");
    assert_text(told[2], "data.device_id", "LXB-C");
}

static void test_one_band_s_changes_hold_back_no_other_s(void **state)
{
    (void)state;
    three_bands();
    protocol_second(protocol);
    for (int i = 0; i < 5; i++)
        listener.device_info(listener.user, 0);
    assert_int_equal(count_of("device_info"), 1);
    listener.device_info(listener.user, 2);
    assert_int_equal(count_of("device_info"), 2);
    assert_text(told[1], "data.device_id", "LXB-C");
    protocol_second(protocol);
    assert_int_equal(count_of("device_info"), 3);
    assert_text(told[2], "data.device_id", "LXB-A");
}

static void test_nulls_are_told_only_once_the_last_band_has_gone(void **state)
{
    (void)state;
    three_bands();
    protocol_second(protocol);
    fake_nobody(0);
    listener.device_info(listener.user, 0);
    assert_int_equal(count_of("device_info"), 0);
    fake_nobody(1);
    fake_nobody(2);
    listener.device_info(listener.user, 2);
    listener.device_info(listener.user, 1);
    assert_int_equal(count_of("device_info"), 1);
    assert_true(cJSON_IsNull(at(told[0], "data.device_id")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_name_each_band_is_meant_and_the_reply_waits_for_the_last),
        TEST(what_a_band_was_when_it_was_through_is_told_whatever_it_is_by_then),
        TEST(where_some_refuse_it_succeeds_and_names_them),
        TEST(where_all_refuse_it_fails_as_the_first_with_what_each_says),
        TEST(a_single_band_s_refusal_is_told_as_if_there_were_no_others),
        TEST(a_band_named_twice_is_asked_once),
        TEST(an_unknown_name_is_refused_with_those_there_are_and_nothing_is_done),
        TEST(without_any_band_a_command_goes_to_an_idle_place_and_tells_of_none),
        TEST(a_list_of_names_connects_each),
        TEST(a_name_twice_in_a_list_connects_its_band_once),
        TEST(an_address_and_a_list_of_names_is_refused),
        TEST(a_client_that_goes_is_told_of_none_of_its_bands),
        TEST(the_state_of_each_is_told_at_once),
        TEST(each_band_there_is_is_listed),
        TEST(who_comes_is_told_of_each_band_or_of_none),
        TEST(one_band_s_changes_hold_back_no_other_s),
        TEST(nulls_are_told_only_once_the_last_band_has_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
