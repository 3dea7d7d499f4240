/* Stories of start, stop, sensors that fail, and the order of subscriptions. */
#include <math.h>
#include <string.h>

#include "fake_pipeline.h"
#include "world.h"

static void notifications_come_on_in_the_order_known_to_work(void **state)
{
    struct world *w = *state;

    w->log_operations = true;
    ask_connect(w);
    run(w, 1.7);
    EXPECT(w, "connect: ok", "device_connected", "bat off", "eeg off", "acc off", "ppg off");
    run(w, 2);
    EXPECT(w, "bat on");
    ask_start(w, EEG | PPG | ACC, 0, 0);
    run(w, 3);
    EXPECT(w, "write start", "eeg on", "acc on", "ppg on", "start: ok",
           "stream_started eeg,ppg,acc at 250", "data eeg", "data ppg", "data acc");
    ask_stop(w);
    run(w, 1);
    EXPECT(w, "stop: ok", "stream_stopped eeg,ppg,acc user_request", "eeg off", "acc off",
           "ppg off", "write stop");
    ask_start(w, PPG, 0, 0); /* 1.2 s of quiet since the last off */
    run(w, 0.2);
    EXPECT_NOTHING(w);
    run(w, 2);
    EXPECT(w, "ppg on", "start: ok", "stream_started ppg at 250", "data ppg");
}

static void a_start_without_a_band_is_not_connected(void **state)
{
    struct world *w = *state;

    ask_start(w, EEG, 0, 0);
    ask_start(w, 0, 0, 0);
    ask_stop(w);
    EXPECT(w, "start: NOT_CONNECTED", "start: INVALID_PARAMETERS", "stop: already ok");
    get_connected(w);
    ask_disconnect(w);
    ask_start(w, EEG, 0, 0);
    EXPECT(w, "start: NOT_CONNECTED");
}

static void nothing_is_lost_between_subscription_and_reply(void **state)
{
    struct world *w = *state;

    get_connected(w);
    ask_start(w, EEG | PPG | ACC, 0, 0);
    run(w, 30.05);
    EXPECT(w, "start: ok", "stream_started eeg,ppg,acc at 250", "data eeg", "data ppg", "data acc");
    for (int i = 0; i < SENSOR_STREAMED; i++)
        assert_int_equal(w->band->sent[i], w->places[0].got[i]);
    /* The level read at the connection is told too. */
    assert_int_equal(w->band->sent[SENSOR_BAT] + 1, w->places[0].got[SENSOR_BAT]);
    assert_that(w->band->sent[SENSOR_EEG], >, 280);
}

/* A hundred EEG packets come between its acknowledgement and that of the PPG. */
static void start_with_a_hundred_held(struct world *w)
{
    get_connected(w);
    w->band->silent = EEG;
    ask_start(w, EEG | PPG, 0, 0);
    while (!(w->band->on & EEG))
        run(w, 0.01);
    while (w->band->sent[SENSOR_EEG] < 100)
        send_packet(w, SENSOR_EEG);
    EXPECT_NOTHING(w);
}

static void what_a_start_held_is_let_go_of_in_portions(void **state)
{
    struct world *w = *state;
    unsigned most = 0, got = 0;

    start_with_a_hundred_held(w);
    for (int ms = 0; ms < 2000; ms++) {
        run(w, 0.001);
        if (got == 0 && w->places[0].got[SENSOR_EEG] > 0)
            send_packet(w, SENSOR_EEG); /* waits its turn, as on_packet sees */
        most =
            w->places[0].got[SENSOR_EEG] - got > most ? w->places[0].got[SENSOR_EEG] - got : most;
        got = w->places[0].got[SENSOR_EEG];
    }
    EXPECT(w, "start: ok", "stream_started eeg,ppg at 250", "data eeg", "data ppg");
    assert_int_equal(got, 101);
    assert_in_range(most, 1, 20);
}

static void a_link_lost_between_portions_loses_none_of_them(void **state)
{
    struct world *w = *state;

    start_with_a_hundred_held(w);
    while (w->places[0].got[SENSOR_EEG] == 0)
        run(w, 0.001);
    assert_in_range(w->places[0].got[SENSOR_EEG], 1, 40);
    EXPECT(w, "start: ok", "stream_started eeg,ppg at 250", "data eeg");
    lose_link(w, LINK_END_LOST);
    assert_int_equal(w->places[0].got[SENSOR_EEG], 100);
}

static void what_is_held_of_a_stopped_stream_is_not_the_next_ones(void **state)
{
    struct world *w = *state;

    start_with_a_hundred_held(w);
    while (w->places[0].got[SENSOR_EEG] == 0)
        run(w, 0.001);
    ask_stop(w);
    const int64_t stopped_us = w->now;
    const unsigned got = w->places[0].got[SENSOR_EEG];
    assert_that(got, <, 100);
    w->band->silent = 0;
    ask_start(w, EEG | PPG, 0, 0);
    while (w->places[0].got[SENSOR_EEG] == got)
        run(w, 0.001);
    assert_that(w->places[0].arrived[SENSOR_EEG], >=, stopped_us);
}

static void a_rate_is_judged_by_the_band_before_the_reply(void **state)
{
    struct world *w = *state;

    fake_eeg_rate = 500;
    get_connected(w);
    ask_start(w, EEG, 1000, 0);
    EXPECT(w, "start: INVALID_PARAMETERS");
    ask_start(w, EEG, 500, 0);
    run(w, 3);
    EXPECT(w, "start: ok", "stream_started eeg at 500", "data eeg");
    ask_start(w, EEG, 125, 0);
    run(w, 1);
    EXPECT(w, "start: ok", "stream_started eeg at 125", "data eeg");
}

static void a_rate_above_the_bands_is_refused_once_it_is_known(void **state)
{
    struct world *w = *state;

    get_connected(w);
    ask_start(w, EEG, 500, 0);
    run(w, 3);
    EXPECT(w, "start: INVALID_PARAMETERS", "data eeg");
    assert_int_equal(manager_status(w->manager, 0)->stream, STREAM_IDLE);
    ask_start(w, EEG, 500, 0);
    EXPECT(w, "start: INVALID_PARAMETERS");
}

static void without_eeg_250_is_taken_and_a_later_500_is_told(void **state)
{
    struct world *w = *state;

    fake_eeg_rate = 500;
    w->band->silent = EEG;
    get_connected(w);
    ask_start(w, EEG | PPG, 0, 0);
    run(w, 2.8);
    EXPECT(w, "start: ok", "stream_started eeg,ppg at 250", "data ppg");
    w->band->silent = 0;
    run(w, 0.8);
    EXPECT(w, "stream_started eeg,ppg at 250", "data eeg", "data ppg");
    assert_int_equal(manager_status(w->manager, 0)->eeg_rate, 500);
}

static void a_single_eeg_packet_settles_the_rate_after_a_second(void **state)
{
    struct world *w = *state;

    w->band->silent = EEG;
    get_connected(w);
    ask_start(w, EEG, 0, 0);
    run(w, 0.5);
    send_packet(w, SENSOR_EEG);
    run(w, 0.9);
    EXPECT_NOTHING(w);
    run(w, 0.2);
    EXPECT(w, "start: ok", "stream_started eeg at 250", "data eeg");
}

static void a_reconfiguration_leaves_a_staying_sensor_alone(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG | PPG);
    w->log_operations = true;
    unsigned sent = w->band->sent[SENSOR_EEG] - w->places[0].got[SENSOR_EEG];
    ask_start(w, EEG | ACC, 0, 0);
    run(w, 4.05);
    EXPECT(w, "ppg off", "acc on", "start: ok", "stream_started eeg,acc at 250", "data eeg",
           "data acc");
    assert_int_equal(w->band->sent[SENSOR_EEG] - w->places[0].got[SENSOR_EEG], sent);
}

static void a_start_that_is_already_so_only_sets_its_duration_anew(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG);
    ask_start(w, EEG, 250, 5);
    EXPECT(w, "start: already ok");
    run(w, 4);
    ask_start(w, EEG, 0, 5);
    EXPECT(w, "start: already ok");
    run(w, 4.9);
    EXPECT_NOTHING(w);
    assert_that(fabs(manager_status(w->manager, 0)->remaining - 0.1), <, 0.01);
    run(w, 0.2);
    EXPECT(w, "stream_stopped eeg duration");
}

static void a_stop_undoes_a_start(void **state)
{
    struct world *w = *state;

    get_connected(w);
    ask_start(w, EEG, 0, 0);
    ask_stop(w);
    run(w, 5);
    EXPECT(w, "start: CANCELLED", "stop: already ok");
    assert_int_equal(w->band->on & EEG, 0);
}

static void a_start_while_starting_joins_and_the_last_one_counts(void **state)
{
    struct world *w = *state;

    get_connected(w);
    ask_start(w, EEG, 0, 0);
    ask_start(w, PPG, 0, 0);
    run(w, 4);
    EXPECT(w, "start: ok", "start: ok", "stream_started ppg at 250", "data ppg");
}

static void one_refused_subscription_is_told_and_tried_again(void **state)
{
    struct world *w = *state;

    w->band->refused = PPG;
    get_connected(w);
    ask_start(w, EEG | PPG, 0, 0);
    run(w, 3);
    EXPECT(w, "start: ok", "stream_started eeg,ppg at 250", "sensor_status ppg retrying",
           "data eeg");
    run(w, 3);
    EXPECT(w, "sensor_status ppg retrying");
    w->band->refused = 0;
    run(w, 11);
    EXPECT(w, "sensor_status ppg flowing", "data ppg");
}

static void a_start_of_which_nothing_is_acknowledged_fails_naming_the_sensor(void **state)
{
    struct world *w = *state;

    w->band->refused = PPG | ACC;
    get_connected(w);
    ask_start(w, PPG | ACC, 0, 0);
    run(w, 3);
    EXPECT(w, "start: STREAMING_ERROR ppg");
    run(w, 60);
    EXPECT_NOTHING(w);
    assert_int_equal(manager_status(w->manager, 0)->link, LINK_CONNECTED);
}

static void a_reconfiguration_that_fails_ends_the_stream(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG);
    w->band->refused = ACC;
    ask_start(w, ACC, 0, 0);
    run(w, 3);
    EXPECT(w, "start: STREAMING_ERROR acc", "stream_stopped eeg error");
}

static void a_stack_that_hangs_is_answered_within_10_seconds(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->band->hangs = true;
    ask_start(w, EEG, 0, 0);
    run(w, 9.4);
    EXPECT_NOTHING(w);
    run(w, 0.6);
    EXPECT(w, "start: STREAMING_ERROR eeg");
}

static void a_silent_sensor_is_subscribed_anew_without_cost_to_the_others(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG | PPG);
    w->band->silent = PPG;
    w->log_operations = true;
    run(w, 6);
    EXPECT(w, "sensor_status ppg silent");
    run(w, 6.5);
    EXPECT(w, "sensor_status ppg retrying", "ppg off", "ppg on");
    run(w, 11);
    EXPECT(w, "sensor_status ppg retrying", "ppg off", "ppg on");
    w->band->silent = 0;
    run(w, 1);
    EXPECT(w, "sensor_status ppg flowing");
    w->band->silent = PPG;
    run(w, 12); /* the back-off begins anew */
    EXPECT(w, "sensor_status ppg silent", "sensor_status ppg retrying", "ppg off", "ppg on");
    assert_int_equal(w->band->sent[SENSOR_EEG], w->places[0].got[SENSOR_EEG]);
}

static void a_sensor_silent_for_long_is_tried_each_minute(void **state)
{
    struct world *w = *state;
    unsigned tries = 0;

    get_streaming(w, EEG | PPG);
    w->band->silent = PPG;
    run(w, 600);
    for (size_t i = 0; i < w->line_count; i++)
        tries += strcmp(w->lines[i], "sensor_status ppg retrying") == 0;
    assert_in_range(tries, 11, 13); /* 5 + 10 + 20 + 40 s, then each 60 s and a bit */
    forget_log(w);
}

static void when_all_are_silent_the_link_is_made_anew(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG | PPG);
    w->band->silent = EEG | PPG;
    run(w, 6);
    EXPECT(w, "sensor_status eeg silent", "sensor_status ppg silent",
           "device_disconnected silent will_reconnect",
           "stream_stopped eeg,ppg device_disconnected will_resume");
    w->band->silent = 0;
    run(w, 8);
    EXPECT(w, "device_connected resumed", "stream_started eeg,ppg at 250 resumed", "data eeg",
           "data ppg");
}

static struct failure told_why;

static void remember_why(struct world *w, const char *line)
{
    if (strcmp(line, "sensor_status eeg silent") == 0)
        assert_that(manager_bad_packets(w->manager, 0, SENSOR_EEG, &told_why), >, 0);
}

static void a_stream_resumed_where_only_cut_packets_come_says_so(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG | PPG);
    lose_link(w, LINK_END_LOST);
    forget_log(w);
    w->band->cut = EEG | PPG;
    w->on_line = remember_why;
    run(w, 4);
    EXPECT(w, "device_connected resumed", "sensor_status eeg silent",
           "device_disconnected silent will_reconnect");
    assert_non_null(strstr(told_why.message, "cut to 20 bytes, as by an MTU of 23"));
    w->band->cut = 0;
    run(w, 8);
    EXPECT(w, "device_connected resumed", "stream_started eeg,ppg at 250 resumed", "data eeg",
           "data ppg");
}

static void a_start_while_waiting_is_answered_at_once(void **state)
{
    struct world *w = *state;

    get_waiting(w, 0);
    ask_start(w, EEG, 0, 0);
    EXPECT(w, "start: ok");
    assert_int_equal(manager_status(w->manager, 0)->stream, STREAM_WAITING);
    w->band->absent = false;
    run(w, 30);
    EXPECT(w, "device_connected resumed", "stream_started eeg at 250", "data eeg");
}

static void a_start_whose_link_is_lost_is_answered_waiting(void **state)
{
    struct world *w = *state;

    get_connected(w);
    ask_start(w, EEG | PPG, 0, 0);
    run(w, 0.2);
    lose_link(w, LINK_END_LOST);
    EXPECT(w, "start: ok", "device_disconnected link_lost will_reconnect");
    run(w, 8);
    EXPECT(w, "device_connected resumed", "stream_started eeg,ppg at 250", "data eeg", "data ppg");
}

static void a_duration_runs_on_through_an_outage(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG);
    ask_start(w, EEG, 0, 10);
    w->band->absent = true;
    run(w, 5);
    lose_link(w, LINK_END_LOST);
    forget_log(w);
    run(w, 4.9);
    EXPECT_NOTHING(w);
    run(w, 0.2);
    EXPECT(w, "stream_stopped eeg duration");
    w->band->absent = false;
    run(w, 60);
    EXPECT(w, "device_connected resumed");
}

static void a_stop_while_waiting_ends_the_stream_but_not_the_waiting(void **state)
{
    struct world *w = *state;

    get_waiting(w, EEG);
    ask_stop(w);
    EXPECT(w, "stop: ok", "stream_stopped eeg user_request");
    w->band->absent = false;
    run(w, 30);
    EXPECT(w, "device_connected resumed");
}

static void a_recording_keeps_its_sensors_when_the_stream_stops(void **state)
{
    struct world *w = *state;

    get_streaming(w, EEG | PPG);
    manager_want_for_recording(w->manager, 0, EEG | ACC);
    run(w, 3);
    EXPECT(w, "data acc");
    w->log_operations = true;
    ask_stop(w);
    run(w, 2);
    EXPECT(w, "stop: ok", "stream_stopped eeg,ppg user_request", "ppg off");
    manager_want_for_recording(w->manager, 0, 0);
    run(w, 2);
    EXPECT(w, "eeg off", "acc off", "write stop");
}

static void a_recordings_data_flow_while_a_stream_starts(void **state)
{
    struct world *w = *state;

    get_connected(w);
    manager_want_for_recording(w->manager, 0, EEG);
    run(w, 3.05);
    assert_int_equal(w->band->sent[SENSOR_EEG], w->places[0].got[SENSOR_EEG]);
    forget_log(w);
    ask_start(w, EEG | PPG, 0, 0);
    run(w, 0.1);
    assert_int_equal(w->band->sent[SENSOR_EEG], w->places[0].got[SENSOR_EEG]);
    run(w, 3);
    EXPECT(w, "start: ok", "stream_started eeg,ppg at 250", "data eeg", "data ppg");
}

static void utc_is_anchored_anew_only_where_nothing_is_under_way(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->utc_offset += SECOND;
    manager_want_for_recording(w->manager, 0, PPG);
    ask_start(w, PPG, 0, 0);
    run(w, 4);
    assert_int_equal((int)round(manager_status(w->manager, 0)->utc_error_ms), 1000);
    ask_stop(w);
    manager_want_for_recording(w->manager, 0, 0);
    run(w, 1);
    ask_start(w, PPG, 0, 0);
    assert_int_equal((int)round(manager_status(w->manager, 0)->utc_error_ms), 0);
    run(w, 4);
    forget_log(w);
}

static void stop_from_within(struct world *w, const char *line)
{
    if (strncmp(line, "stream_started", 14) == 0) {
        w->on_line = NULL;
        ask_stop(w);
        ask_disconnect(w);
    }
}

static void commands_from_within_a_callback_do_no_harm(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->on_line = stop_from_within; /* inside the pipeline, for its rate is just found */
    ask_start(w, EEG, 0, 0);
    run(w, 5);
    EXPECT(w, "start: ok", "stream_started eeg at 250", "stop: ok",
           "stream_stopped eeg user_request", "data eeg", "disconnect: ok",
           "device_disconnected user_request");
}

static void shut_down_from_within(struct world *w, const char *line)
{
    if (strncmp(line, "stream_started", 14) != 0)
        return;
    w->on_line = NULL;
    manager_shutdown(w->manager, shut_down_done, w);
    assert_false(w->shut_down); /* the manager is still needed up the stack */
    ask_start(w, EEG, 0, 0);
}

static void a_shutdown_from_within_a_callback_does_no_harm(void **state)
{
    struct world *w = *state;

    get_connected(w);
    w->on_line = shut_down_from_within;
    ask_start(w, EEG, 0, 0);
    run(w, 5);
    EXPECT(w, "start: ok", "stream_started eeg at 250", "device_disconnected shutdown",
           "stream_stopped eeg device_disconnected", "start: CANCELLED", "data eeg");
    assert_true(w->shut_down);
}

static void what_makes_no_sense_from_a_backend_is_ignored(void **state)
{
    struct world *w = *state;
    const struct backend_listener *scanner = &w->backend.listener;
    struct failure failure = {.code = ERROR_BLUETOOTH};
    struct band_link other = {.band = {NAME2, ADDRESS2}};

    scanner->scan_ended(scanner->user, &failure);
    EXPECT_NOTHING(w);
    ask_connect(w);
    const struct link_listener *up = &w->band->link->listener;
    send_packet(w, SENSOR_EEG);
    up->notified(up->user, SENSOR_EEG, true, NULL);
    up->written(up->user, NULL);
    up->probed(up->user, true);
    EXPECT_NOTHING(w);
    run(w, 3);
    EXPECT(w, "connect: ok", "device_connected");
    up->up(up->user, &other);
    up->notified(up->user, SENSOR_BAT, true, &failure);
    scanner->scan_ended(scanner->user, &failure);
    run(w, 10);
    EXPECT_NOTHING(w);
    assert_string_equal(manager_status(w->manager, 0)->device.band.name, NAME);
}

static void battery_reaches_the_status(void **state)
{
    struct world *w = *state;

    get_connected(w);
    assert_int_equal(manager_status(w->manager, 0)->device.battery_level, 77);
    assert_that(w->places[0].got[SENSOR_BAT], >, 0);
}

#define story(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(notifications_come_on_in_the_order_known_to_work),
        story(a_start_without_a_band_is_not_connected),
        story(nothing_is_lost_between_subscription_and_reply),
        story(what_a_start_held_is_let_go_of_in_portions),
        story(a_link_lost_between_portions_loses_none_of_them),
        story(what_is_held_of_a_stopped_stream_is_not_the_next_ones),
        story(a_rate_is_judged_by_the_band_before_the_reply),
        story(a_rate_above_the_bands_is_refused_once_it_is_known),
        story(without_eeg_250_is_taken_and_a_later_500_is_told),
        story(a_single_eeg_packet_settles_the_rate_after_a_second),
        story(a_reconfiguration_leaves_a_staying_sensor_alone),
        story(a_start_that_is_already_so_only_sets_its_duration_anew),
        story(a_stop_undoes_a_start),
        story(a_start_while_starting_joins_and_the_last_one_counts),
        story(one_refused_subscription_is_told_and_tried_again),
        story(a_start_of_which_nothing_is_acknowledged_fails_naming_the_sensor),
        story(a_reconfiguration_that_fails_ends_the_stream),
        story(a_stack_that_hangs_is_answered_within_10_seconds),
        story(a_silent_sensor_is_subscribed_anew_without_cost_to_the_others),
        story(a_sensor_silent_for_long_is_tried_each_minute),
        story(when_all_are_silent_the_link_is_made_anew),
        story(a_stream_resumed_where_only_cut_packets_come_says_so),
        story(a_start_while_waiting_is_answered_at_once),
        story(a_start_whose_link_is_lost_is_answered_waiting),
        story(a_duration_runs_on_through_an_outage),
        story(a_stop_while_waiting_ends_the_stream_but_not_the_waiting),
        story(a_recording_keeps_its_sensors_when_the_stream_stops),
        story(a_recordings_data_flow_while_a_stream_starts),
        story(utc_is_anchored_anew_only_where_nothing_is_under_way),
        story(commands_from_within_a_callback_do_no_harm),
        story(a_shutdown_from_within_a_callback_does_no_harm),
        story(what_makes_no_sense_from_a_backend_is_ignored),
        story(battery_reaches_the_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
