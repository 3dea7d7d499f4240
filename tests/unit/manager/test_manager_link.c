/* Stories of scan, connect, disconnect and loss. */
#include <math.h>
#include <string.h>

#include "world.h"

static void a_scan_tells_each_new_band_and_ends_with_its_reply(void **state)
{
    struct world *w = *state;
    const struct band_sighting *devices;

    ask_scan(w, 10);
    run(w, 0.1);
    EXPECT(w, "scan_result scanning", "scan_result scanning");
    run(w, 9);
    EXPECT_NOTHING(w);
    run(w, 1);
    EXPECT(w, "scan: ok", "scan_result completed");
    assert_int_equal(manager_scan_devices(w->manager, &devices), 1);
    assert_string_equal(devices[0].band.name, NAME);
}

static void a_second_scan_joins_the_first(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    ask_scan(w, 2);
    ask_scan(w, 60);
    run(w, 3);
    EXPECT(w, "scan_result scanning", "scan: ok", "scan: ok", "scan_result completed");
}

static void a_scan_is_stopped_before_the_stop_is_answered(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    ask_scan(w, 10);
    run(w, 1);
    ask_stop_scan(w);
    ask_scan(w, 1); /* the backend is still stopping the one before */
    run(w, 2);
    EXPECT(w, "scan_result scanning", "scan: ok", "stop_scan: ok", "scan_result stopped",
           "scan_result scanning", "scan: ok", "scan_result completed");
    ask_stop_scan(w);
    EXPECT(w, "stop_scan: already ok");
}

static void connecting_ends_the_scan(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    ask_scan(w, 10);
    run(w, 1);
    w->band->absent = false;
    ask_connect(w);
    run(w, 1);
    EXPECT(w, "scan_result scanning", "scan: ok", "scan_result stopped", "connect: ok",
           "device_connected");
}

static void a_connect_is_joined_and_another_band_is_busy(void **state)
{
    struct world *w = *state;

    ask_connect(w);
    ask_connect_to(w, "aa:bb:cc:dd:ee:01", NULL);
    ask_connect_to(w, ADDRESS2, NULL);
    ask_scan(w, 5);
    run(w, 1);
    EXPECT(w, "connect: BUSY", "scan: BUSY", "connect: ok", "connect: ok", "device_connected");
    ask_connect_to(w, NULL, "lxb-00000001");
    ask_connect_to(w, ADDRESS2, NULL);
    ask_connect_to(w, ADDRESS, NAME2);
    EXPECT(w, "connect: already ok", "connect: BUSY", "connect: INVALID_PARAMETERS");
}

static void a_band_never_seen_is_not_found_within_20_seconds(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    ask_connect(w);
    run(w, 19.4);
    EXPECT_NOTHING(w);
    run(w, 0.6);
    EXPECT(w, "connect: DEVICE_NOT_FOUND", "device_connection_failed DEVICE_NOT_FOUND");
    w->band->absent = false;
    ask_connect(w);
    run(w, 1);
    EXPECT(w, "connect: ok", "device_connected");
}

static void a_band_seen_but_not_reached_is_a_failed_connection(void **state)
{
    struct world *w = *state;

    w->band->unreachable = true;
    ask_connect(w);
    run(w, 20);
    EXPECT(w, "connect: CONNECTION_FAILED", "device_connection_failed CONNECTION_FAILED");
}

static void a_band_of_the_last_scan_counts_as_seen(void **state)
{
    struct world *w = *state;

    ask_scan(w, 1);
    run(w, 2);
    w->band->absent = true;
    forget_log(w);
    ask_connect(w);
    run(w, 20);
    EXPECT(w, "connect: CONNECTION_FAILED", "device_connection_failed CONNECTION_FAILED");
}

static void an_address_that_leads_to_another_name_is_refused(void **state)
{
    struct world *w = *state;

    ask_connect_to(w, ADDRESS, NAME2);
    run(w, 3);
    EXPECT(w, "connect: INVALID_PARAMETERS", "device_connection_failed INVALID_PARAMETERS");
    assert_int_equal(w->band->radio, FAKE_FREE);
}

static void connect_the_other(struct world *w, const char *line)
{
    if (strcmp(line, "connect: DEVICE_NOT_FOUND") == 0) {
        w->on_line = NULL;
        ask_connect_to(w, ADDRESS2, NULL);
    }
}

static void another_band_asked_for_at_once_gets_an_attempt_of_its_own(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    w->on_line = connect_the_other;
    ask_connect(w);
    run(w, 20);
    assert_int_equal(w->band->connects, 2);
    run(w, 20);
    EXPECT(w, "connect: DEVICE_NOT_FOUND", "device_connection_failed DEVICE_NOT_FOUND",
           "connect: DEVICE_NOT_FOUND", "device_connection_failed DEVICE_NOT_FOUND");
}

static void a_disconnect_undoes_a_connect_and_the_start_behind_it(void **state)
{
    struct world *w = *state;

    ask_connect(w);
    ask_start(w, EEG, 0, 0);
    run(w, 0.1);
    ask_disconnect(w);
    run(w, 1);
    EXPECT(w, "connect: CANCELLED", "device_connection_failed CANCELLED", "start: CANCELLED",
           "disconnect: already ok");
    assert_int_equal(w->band->radio, FAKE_FREE);
}

static void a_start_shares_the_fate_of_its_connect(void **state)
{
    struct world *w = *state;

    ask_connect(w);
    ask_start(w, EEG, 0, 0);
    run(w, 4);
    EXPECT(w, "connect: ok", "device_connected", "start: ok", "stream_started eeg at 250",
           "data eeg");
    ask_disconnect(w);
    run(w, 2);
    EXPECT(w, "disconnect: ok", "device_disconnected user_request",
           "stream_stopped eeg device_disconnected");
    w->band->absent = true;
    ask_connect(w);
    ask_start(w, EEG, 0, 0);
    run(w, 20);
    EXPECT(w, "connect: DEVICE_NOT_FOUND", "start: DEVICE_NOT_FOUND",
           "device_connection_failed DEVICE_NOT_FOUND");
}

static void disconnect_then_connect_at_once_runs_one_after_the_other(void **state)
{
    struct world *w = *state;

    get_connected(w);
    ask_disconnect(w);
    ask_connect(w);
    ask_start(w, PPG, 0, 0);
    run(w, 6);
    EXPECT(w, "disconnect: ok", "device_disconnected user_request", "connect: ok",
           "device_connected", "start: ok", "stream_started ppg at 250", "data ppg");
}

static void a_second_disconnect_joins_and_undoes_what_was_queued(void **state)
{
    struct world *w = *state;

    get_connected(w);
    ask_disconnect(w);
    ask_connect(w);
    ask_disconnect(w);
    run(w, 3);
    EXPECT(w, "connect: CANCELLED", "device_connection_failed CANCELLED", "disconnect: ok",
           "disconnect: ok", "device_disconnected user_request");
    ask_disconnect(w);
    EXPECT(w, "disconnect: already ok");
}

static void a_backend_that_never_lets_go_does_not_hang_a_disconnect(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->band->deaf = true;
    ask_disconnect(w);
    run(w, 11);
    EXPECT(w, "disconnect: ok", "device_disconnected user_request");
    ask_connect(w);
    run(w, 5);
    EXPECT_NOTHING(w);
    end_link(w, LINK_END_ASKED, NULL);
    run(w, 3);
    EXPECT(w, "connect: ok", "device_connected");
}

static void a_lost_band_comes_back_with_its_stream(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG | PPG);
    lose_link(w, LINK_END_LOST);
    EXPECT(w, "device_disconnected link_lost will_reconnect",
           "stream_stopped eeg,ppg device_disconnected will_resume");
    run(w, 6);
    EXPECT(w, "device_connected resumed", "stream_started eeg,ppg at 250 resumed", "data eeg",
           "data ppg");
    assert_int_equal(manager_status(w->manager, 0)->reconnects, 1);
}

static void tries_back_off_and_only_the_first_failure_is_told(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->band->absent = true;
    lose_link(w, LINK_END_LOST);
    run(w, 600);
    EXPECT(w, "device_disconnected link_lost will_reconnect",
           "device_connection_failed DEVICE_NOT_FOUND will_retry");
    /* 19.5 s a try; pauses 0.25 0.5 1 2 4 8 16 30 30 … s */
    assert_in_range(w->band->connects, 14, 18);
    w->band->absent = false;
    run(w, 60);
    EXPECT(w, "device_connected resumed");
}

static void a_connect_while_waiting_tries_at_once(void **state)
{
    struct world *w = *state;

    get_waiting(w, 0);
    run(w, 200);
    forget_log(w);
    ask_connect(w);
    run(w, 20);
    EXPECT(w, "connect: DEVICE_NOT_FOUND", "device_connection_failed DEVICE_NOT_FOUND will_retry");
    run(w, 200);
    w->band->absent = false;
    ask_connect(w);
    run(w, 0.7);
    EXPECT(w, "connect: ok", "device_connected resumed");
}

static void a_disconnect_while_waiting_ends_it_for_good(void **state)
{
    struct world *w = *state;

    get_waiting(w, EEG);
    ask_connect(w);
    ask_disconnect(w);
    w->band->absent = false;
    run(w, 60);
    EXPECT(w, "connect: CANCELLED", "device_connection_failed CANCELLED", "disconnect: ok",
           "device_disconnected user_request", "stream_stopped eeg device_disconnected");
}

static void bluetooth_off_is_waited_for(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG);
    set_bluetooth(w, false);
    lose_link(w, LINK_END_BLUETOOTH);
    run(w, 100);
    EXPECT(w, "bluetooth_status", "device_disconnected bluetooth_off will_reconnect",
           "stream_stopped eeg device_disconnected will_resume");
    ask_connect(w);
    EXPECT(w, "connect: BLUETOOTH_ERROR");
    set_bluetooth(w, true);
    run(w, 5);
    EXPECT(w, "bluetooth_status", "device_connected resumed", "stream_started eeg at 250 resumed",
           "data eeg");
}

static void without_bluetooth_scan_and_connect_say_so_at_once(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    ask_scan(w, 5);
    set_bluetooth(w, false);
    EXPECT(w, "scan_result scanning", "scan: BLUETOOTH_ERROR", "scan_result failed",
           "bluetooth_status");
    ask_scan(w, 5);
    ask_connect(w);
    EXPECT(w, "scan: BLUETOOTH_ERROR", "scan_result failed", "connect: BLUETOOTH_ERROR",
           "device_connection_failed BLUETOOTH_ERROR");
    set_bluetooth(w, true);
    ask_connect(w);
    set_bluetooth(w, false);
    EXPECT(w, "bluetooth_status", "connect: BLUETOOTH_ERROR",
           "device_connection_failed BLUETOOTH_ERROR", "bluetooth_status");
}

static void after_a_suspend_a_lost_band_is_tried_at_once(void **state)
{
    struct world *w = *state;

    get_waiting(w, 0);
    run(w, 300);
    w->band->absent = false;
    forget_log(w);
    manager_resumed(w->manager);
    run(w, 20.1);
    EXPECT(w, "device_connected resumed");
}

static void after_a_suspend_silence_counts_from_the_waking(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG);
    w->now += 3600 * SECOND; /* nothing ran meanwhile */
    w->band->next_packet[SENSOR_EEG] = w->now + SECOND;
    run(w, 10);
    EXPECT_NOTHING(w);
}

static void stop_for_a_minute(struct world *w, const char *line)
{
    if (strcmp(line, "sensor_status ppg flowing") != 0)
        return;
    w->on_line = NULL;
    w->now += 60 * SECOND;
    assert_int_equal(manager_status(w->manager, 0)->link, LINK_CONNECTED);
    w->band->next_packet[SENSOR_EEG] = w->band->next_packet[SENSOR_PPG] = w->now + SECOND;
}

static void stopped_in_the_middle_of_a_packet_it_accuses_nobody(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG | PPG);
    w->band->silent = PPG;
    run(w, 8);
    forget_log(w);
    w->band->silent = 0;
    w->on_line = stop_for_a_minute;
    run(w, 100);
    EXPECT(w, "sensor_status ppg flowing");
}

static void after_a_suspend_a_dead_link_without_stream_is_found_and_made_anew(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->band->hangs = true;
    manager_resumed(w->manager);
    run(w, 10.1);
    EXPECT(w, "device_disconnected link_lost will_reconnect");
    w->band->hangs = false;
    run(w, 10);
    EXPECT(w, "device_connected resumed");
}

static void a_clock_step_shows_at_the_next_connection(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->utc_offset += 2 * SECOND;
    assert_int_equal((int)round(manager_status(w->manager, 0)->utc_error_ms), 2000);
    lose_link(w, LINK_END_LOST);
    run(w, 2);
    EXPECT(w, "device_disconnected link_lost will_reconnect", "device_connected resumed",
           "clock_step 2000");
    assert_int_equal((int)round(manager_status(w->manager, 0)->utc_error_ms), 0);
}

static void what_is_wanted_is_restored_after_a_crash(void **state)
{
    struct world *w = *state;
    struct manager_wants wants = {
        .band = {NAME, ADDRESS},
        .sensors = EEG | ACC,
        .seconds = 60,
        .until_utc_us = w->now + w->utc_offset + 10 * SECOND,
        .since_utc_us = w->now + w->utc_offset - 50 * SECOND,
    };

    manager_restore(w->manager, &wants);
    run(w, 20);
    EXPECT(w, "device_connected resumed", "stream_started eeg,acc at 250 resumed", "data eeg",
           "data acc", "stream_stopped eeg,acc duration");
}

static void wants_are_told_while_they_last(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG);
    assert_string_equal(w->places[0].wants.band.name, NAME);
    assert_int_equal(w->places[0].wants.sensors, EEG);
    lose_link(w, LINK_END_LOST);
    assert_int_equal(w->places[0].wants.sensors, EEG);
    ask_stop(w);
    assert_int_equal(w->places[0].wants.sensors, 0);
    ask_disconnect(w);
    run(w, 3);
    assert_string_equal(w->places[0].wants.band.name, "");
}

static void auto_connect_streams_whenever_the_band_appears(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    manager_auto_connect(w->manager, NAME);
    run(w, 100);
    EXPECT(w, "device_connection_failed DEVICE_NOT_FOUND will_retry");
    w->band->absent = false;
    run(w, 60);
    EXPECT(w, "device_connected", "stream_started eeg,ppg,acc,bat at 250", "data eeg", "data ppg",
           "data acc");
    lose_link(w, LINK_END_LOST);
    run(w, 6);
    EXPECT(w, "device_disconnected link_lost will_reconnect",
           "stream_stopped eeg,ppg,acc,bat device_disconnected will_resume",
           "device_connected resumed", "stream_started eeg,ppg,acc,bat at 250 resumed", "data eeg",
           "data ppg", "data acc");
    ask_disconnect(w);
    run(w, 60);
    EXPECT(w, "disconnect: ok", "device_disconnected user_request",
           "stream_stopped eeg,ppg,acc,bat device_disconnected");
}

static void auto_connect_stands_back_for_a_user(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    manager_auto_connect(w->manager, ADDRESS2);
    run(w, 1);
    w->band->absent = false;
    ask_connect(w);
    run(w, 3);
    EXPECT(w, "connect: ok", "device_connected");
}

static void a_connect_that_another_undoes_is_cancelled(void **state)
{
    struct world *w = *state;

    w->band->absent = true;
    manager_auto_connect(w->manager, ADDRESS2);
    ask_connect_to(w, ADDRESS2, NULL);
    run(w, 1);
    w->band->absent = false;
    ask_connect(w);
    run(w, 3);
    EXPECT(w, "connect: CANCELLED", "device_connection_failed CANCELLED", "connect: ok",
           "device_connected");
}

static void shutdown_answers_what_is_open_and_tells_the_end(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG);
    ask_scan(w, 10);
    ask_start(w, EEG | PPG, 0, 0);
    forget_log(w);
    shut_down(w);
    EXPECT(w, "scan: ok", "scan_result stopped", "start: CANCELLED", "device_disconnected shutdown",
           "stream_stopped eeg device_disconnected");
}

#define story(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(a_scan_tells_each_new_band_and_ends_with_its_reply),
        story(a_second_scan_joins_the_first),
        story(a_scan_is_stopped_before_the_stop_is_answered),
        story(connecting_ends_the_scan),
        story(a_connect_is_joined_and_another_band_is_busy),
        story(a_band_never_seen_is_not_found_within_20_seconds),
        story(a_band_seen_but_not_reached_is_a_failed_connection),
        story(a_band_of_the_last_scan_counts_as_seen),
        story(an_address_that_leads_to_another_name_is_refused),
        story(another_band_asked_for_at_once_gets_an_attempt_of_its_own),
        story(a_disconnect_undoes_a_connect_and_the_start_behind_it),
        story(a_start_shares_the_fate_of_its_connect),
        story(disconnect_then_connect_at_once_runs_one_after_the_other),
        story(a_second_disconnect_joins_and_undoes_what_was_queued),
        story(a_backend_that_never_lets_go_does_not_hang_a_disconnect),
        story(a_lost_band_comes_back_with_its_stream),
        story(tries_back_off_and_only_the_first_failure_is_told),
        story(a_connect_while_waiting_tries_at_once),
        story(a_disconnect_while_waiting_ends_it_for_good),
        story(bluetooth_off_is_waited_for),
        story(without_bluetooth_scan_and_connect_say_so_at_once),
        story(after_a_suspend_a_lost_band_is_tried_at_once),
        story(after_a_suspend_silence_counts_from_the_waking),
        story(stopped_in_the_middle_of_a_packet_it_accuses_nobody),
        story(after_a_suspend_a_dead_link_without_stream_is_found_and_made_anew),
        story(a_clock_step_shows_at_the_next_connection),
        story(what_is_wanted_is_restored_after_a_crash),
        story(wants_are_told_while_they_last),
        story(auto_connect_streams_whenever_the_band_appears),
        story(auto_connect_stands_back_for_a_user),
        story(a_connect_that_another_undoes_is_cancelled),
        story(shutdown_answers_what_is_open_and_tells_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
