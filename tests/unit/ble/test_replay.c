#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "band/capture.h"
#include "base/log.h"
#include "base/now.h"
#include "ble/replay.h"
#include "client.h"

static char path[64];

static void write_file(const char *text)
{
    snprintf(path, sizeof(path), "/tmp/test_replay_XXXXXX");
    int fd = mkstemp(path);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void begin_file(struct client *client, bool loop)
{
    const char *const paths[] = {path};
    struct replay_options options = {paths, 1, NULL, loop};
    struct failure failure = {ERROR_NONE, ""};

    client_init(client);
    struct backend *backend = replay_create(&client->loop, &options, &failure);
    if (!backend)
        fail_msg("%s", failure.message);
    client_listen(client, backend);
}

static void begin(struct client *client, const char *text, bool loop)
{
    write_file(text);
    begin_file(client, loop);
}

static void finish(struct client *client)
{
    client_finish(client);
    unlink(path);
}

static void a_first_version_capture_has_the_guides_address(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "# linkband capture v1\n0.0 acc 00000000000100020003\n", false);
    client_scan(&client, true);
    while (client.sightings == 0)
        client_run_ms(&client, 50);
    assert_string_equal(client.seen[0].band.name, CAPTURE_DEFAULT_NAME);
    assert_string_equal(client.seen[0].band.address, "AA:BB:CC:DD:EE:FF");
    client_connect(&client, "lxb-00000000", "");
    client_until(&client, &client.connected, 1);
    assert_int_equal(client.link.battery_level, BATTERY_UNKNOWN);
    assert_string_equal(client.link.firmware, "");
    finish(&client);
}

static void a_second_version_capture_tells_who_the_band_was(void **state)
{
    struct client client;

    (void)state;
    begin(&client,
          "# linkband capture v2\n#! device LXB-0263003F 11:22:33:44:55:66 1.2.3\n"
          "0.000000 bat 57\n",
          false);
    client_connect(&client, "", "11:22:33:44:55:66");
    client_until(&client, &client.connected, 1);
    assert_string_equal(client.link.band.name, "LXB-0263003F");
    assert_string_equal(client.link.firmware, "1.2.3");
    finish(&client);
}

static void packets_come_at_their_own_pace_and_unaltered(void **state)
{
    struct client client;

    (void)state;
    begin(&client,
          "0.000000 eeg 0000000000000001000002\n0.200000 ppg 01000000000003000004\n"
          "0.400000 acc 02000000010002000300\n0.500000 bat 57\n",
          false);
    client_start(&client);
    int64_t subscribed_us = now_boot_us();
    client_until_packets(&client, 4);
    static const enum sensor order[] = {SENSOR_EEG, SENSOR_PPG, SENSOR_ACC, SENSOR_BAT};
    static const double at_ms[] = {0, 200, 400, 500};
    for (size_t i = 0; i < 4; i++) {
        double after = (double)(client.packets[i].arrival_us - client.packets[0].arrival_us) / 1e3;
        print_message("%s after %.1f ms\n", sensor_name(order[i]), after);
        assert_int_equal(client.packets[i].sensor, order[i]);
        assert_that(after, >, at_ms[i] - 90); /* how late is the machine's affair */
    }
    assert_memory_equal(client.packets[1].bytes, "\1\0\0\0\0\0\3\0\0\4", 10);
    assert_int_equal(client.packets[3].bytes[0], 57);
    assert_that(client.packets[0].arrival_us, >, subscribed_us);
    finish(&client);
}

static void what_is_not_subscribed_is_not_delivered(void **state)
{
    struct client client;

    (void)state;
    begin(&client,
          "0.0 eeg 0000000000000001000002\n0.1 ppg 01000000000003000004\n"
          "0.2 acc 02000000010002000300\n0.3 ppg 03000000000003000004\n",
          false);
    client_connect(&client, "", CAPTURE_DEFAULT_ADDRESS);
    client_until(&client, &client.connected, 1);
    client_notify(&client, SENSOR_EEG, true); /* without start */
    client_notify(&client, SENSOR_PPG, true);
    client_until_packets(&client, 2);
    assert_int_equal(client.counts[SENSOR_PPG], 2);
    finish(&client);
}

static void at_its_end_the_band_falls_silent_and_is_gone(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "0.0 acc 02000000010002000300\n", false);
    client_start(&client);
    client_until_packets(&client, 1);
    assert_int_equal(client.lost, 0);
    client_until(&client, &client.lost, 1);
    assert_int_equal(client.end, LINK_END_LOST);
    assert_that(now_boot_us() - client.packets[0].arrival_us, >, 1500000);
    size_t sightings = client.sightings;
    client_connect(&client, "", CAPTURE_DEFAULT_ADDRESS);
    client_run_ms(&client, 700);
    assert_int_equal(client.connected, 1);
    assert_int_equal(client.sightings, sightings);
    finish(&client);
}

static void in_a_loop_rounds_follow_each_other_on_the_same_link(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "0.0 acc 02000000010002000300\n0.1 acc 05000000010002000300\n", true);
    client_start(&client);
    client_until_packets(&client, 5);
    static const uint8_t ticks[] = {2, 5, 2, 5, 2};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(client.packets[i].bytes[0], ticks[i]);
    assert_int_equal(client.lost, 0);
    double round = (double)(client.packets[2].arrival_us - client.packets[1].arrival_us) / 1e6;
    assert_true(round > 0.9 && round < 2);
    finish(&client);
}

static void a_link_that_was_down_is_down_again(void **state)
{
    struct client client;

    (void)state;
    begin(&client,
          "#! link up 0.000000 -5000000 946684795000000\n0.000000 acc 02000000010002000300\n"
          "#! link down 0.100000\n#! link up 2.500000 2500000 946684802500000\n"
          "3.500000 acc 05000000010002000300\n",
          false);
    client_start(&client);
    client_until(&client, &client.lost, 1);
    assert_int_equal(client.end, LINK_END_LOST);
    client_start(&client);
    client_until_packets(&client, 2);
    double apart = (double)(client.packets[1].arrival_us - client.packets[0].arrival_us) / 1e6;
    print_message("3.5 s apart: %.3f s\n", apart);
    assert_true(apart > 3.3 && apart < 5);
    finish(&client);
}

static void a_disconnect_winds_back_to_the_start(void **state)
{
    struct client client;

    (void)state;
    begin(&client,
          "0.0 acc 02000000010002000300\n0.1 acc 05000000010002000300\n9.0 acc "
          "06000000010002000300\n",
          false);
    client_start(&client);
    client_until_packets(&client, 2);
    client_disconnect(&client);
    client_until(&client, &client.lost, 1);
    assert_int_equal(client.end, LINK_END_ASKED);
    client_start(&client);
    client_until_packets(&client, 3);
    assert_int_equal(client.packets[2].bytes[0], 2);
    finish(&client);
}

static void a_wrong_file_is_refused_with_its_reason(void **state)
{
    static const struct {
        const char *text, *told;
    } table[] = {
        {"hello, world\n", "line 1"},
        {"# a comment\n0.1 gyro 00\n", "line 2"},
        {"", "no packet"},
        {"# linkband capture v2\n", "no packet"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct client client;
        struct failure failure = {ERROR_NONE, ""};
        write_file(table[i].text);
        const char *const paths[] = {path};
        struct replay_options options = {paths, 1, NULL, false};
        client_init(&client);
        assert_null(replay_create(&client.loop, &options, &failure));
        assert_int_equal(failure.code, ERROR_INVALID_PARAMETERS);
        if (!strstr(failure.message, table[i].told))
            fail_msg("\"%s\" does not say \"%s\"", failure.message, table[i].told);
        finish(&client);
    }
}

static void what_cannot_be_read_is_refused(void **state)
{
    static const char *const paths[] = {"/nonexistent", "/tmp", "/dev/zero"};

    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct client client;
        struct failure failure = {ERROR_NONE, ""};
        struct replay_options options = {&paths[i], 1, NULL, false};
        client_init(&client);
        assert_null(replay_create(&client.loop, &options, &failure));
        print_message("%s\n", failure.message);
        assert_non_null(strstr(failure.message, paths[i]));
        client_finish(&client);
    }
}

static void a_wrong_line_further_on_is_left_out(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "0.0 acc 02000000010002000300\nnonsense\n0.1 acc 05000000010002000300\n", false);
    client_start(&client);
    client_until_packets(&client, 2);
    assert_int_equal(client.packets[1].bytes[0], 5);
    finish(&client);
}

/* Many times the reader's buffer, rows at once: each arrives, in order. */
static void a_file_of_many_buffers_is_read_to_its_last_line(void **state)
{
    const size_t rows = 3000;
    struct client client;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/test_replay_XXXXXX");
    FILE *file = fdopen(mkstemp(path), "w");
    for (size_t i = 0; i < rows; i++) {
        fprintf(file, "0.%06zu acc %02zx%02zx0000", i * 100, i & 0xff, i >> 8);
        for (int k = 0; k < 30; k++)
            fputs("010002000300", file);
        fputs(i + 1 < rows ? "\n" : "", file);
    }
    print_message("%ld bytes\n", ftell(file));
    fclose(file);
    begin_file(&client, false);
    client_start(&client);
    client_until_packets(&client, rows);
    for (size_t i = 0; i < rows; i++)
        assert_int_equal(client.packets[i].bytes[0] | client.packets[i].bytes[1] << 8, i);
    finish(&client);
}

static void it_can_be_destroyed_in_every_state(void **state)
{
    (void)state;
    for (int when = 0; when < 5; when++) {
        struct client client;
        begin(&client, "0.0 acc 02000000010002000300\n0.1 acc 05000000010002000300\n", true);
        if (when == 1)
            client_connect(&client, "", CAPTURE_DEFAULT_ADDRESS);
        if (when >= 2)
            client_start(&client); /* the first read of the file is under way, or done */
        if (when == 3)
            client_until_packets(&client, 1);
        if (when == 4)
            client_until_packets(&client, 3);
        finish(&client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_version_capture_has_the_guides_address),
        cmocka_unit_test(a_second_version_capture_tells_who_the_band_was),
        cmocka_unit_test(packets_come_at_their_own_pace_and_unaltered),
        cmocka_unit_test(what_is_not_subscribed_is_not_delivered),
        cmocka_unit_test(at_its_end_the_band_falls_silent_and_is_gone),
        cmocka_unit_test(in_a_loop_rounds_follow_each_other_on_the_same_link),
        cmocka_unit_test(a_link_that_was_down_is_down_again),
        cmocka_unit_test(a_disconnect_winds_back_to_the_start),
        cmocka_unit_test(a_wrong_file_is_refused_with_its_reason),
        cmocka_unit_test(what_cannot_be_read_is_refused),
        cmocka_unit_test(a_wrong_line_further_on_is_left_out),
        cmocka_unit_test(a_file_of_many_buffers_is_read_to_its_last_line),
        cmocka_unit_test(it_can_be_destroyed_in_every_state),
    };
    log_set_level(LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
