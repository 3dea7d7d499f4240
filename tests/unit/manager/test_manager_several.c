/* Stories of several bands: what befalls one is nothing to the others, and all are on one clock. */
#include <math.h>
#include <string.h>

#include "world.h"

static int three_of_two(void **state)
{
    return world_open_for(state, 2, 3);
}

static int four(void **state)
{
    return world_open_for(state, 4, 4);
}

static void connect_band(struct world *w, size_t number)
{
    turn_to(w, number);
    get_connected(w);
}

static void stream_band(struct world *w, size_t number)
{
    turn_to(w, number);
    get_streaming(w, EEG | PPG | ACC);
}

static struct manager_outcome heard;

static void hear(void *user, const struct manager_outcome *outcome)
{
    (void)user;
    heard = *outcome;
}

static const struct manager_reply hearing = {.done = hear};

static const char *link_of(struct world *w, unsigned place)
{
    static const char *const names[] = {"idle", "connecting", "connected", "disconnecting",
                                        "waiting"};

    return names[manager_status(w->manager, place)->link];
}

/* ---- Places */

static void each_has_a_place_and_one_more_is_busy(void **state)
{
    struct world *w = *state;
    unsigned places[MANAGER_DEVICES_MAX];

    assert_int_equal(manager_devices(w->manager, places), 0);
    connect_band(w, 1);
    connect_band(w, 2);
    assert_int_equal(manager_devices(w->manager, places), 2);
    assert_string_equal(manager_status(w->manager, 0)->device.band.name, NAME);
    assert_string_equal(manager_status(w->manager, 1)->device.band.name, NAME2);
    ask_connect(w);
    EXPECT(w, "2 connect: already ok");
    manager_connect(w->manager, NULL, "LXB-00000003", hearing);
    assert_int_equal(heard.failure.code, ERROR_BUSY);
    assert_string_equal(heard.failure.message,
                        "--max-bands is 2: disconnect LXB-00000001 or LXB-00000002 first");
    assert_int_equal(manager_ground(w->manager)->max_bands, 2);
}

static void a_place_is_its_bands_until_that_is_let_go(void **state)
{
    struct world *w = *state;
    unsigned places[MANAGER_DEVICES_MAX];

    connect_band(w, 1);
    connect_band(w, 2);
    turn_to(w, 1);
    ask_disconnect(w);
    run(w, 3);
    EXPECT(w, "1 disconnect: ok", "1 device_disconnected user_request");
    assert_string_equal(link_of(w, 0), "idle");
    assert_string_equal(manager_status(w->manager, 1)->device.band.name, NAME2);
    connect_band(w, 3);
    assert_string_equal(manager_status(w->manager, 0)->device.band.name, "LXB-00000003");
    /* In the order they came. */
    assert_int_equal(manager_devices(w->manager, places), 2);
    assert_int_equal(places[0], 1);
    assert_int_equal(places[1], 0);
}

static void who_comes_again_has_its_place_again(void **state)
{
    struct world *w = *state;

    for (size_t number = 1; number <= 3; number++)
        connect_band(w, number);
    for (size_t number = 1; number <= 3; number++) {
        turn_to(w, number);
        ask_disconnect(w);
        run(w, 3);
    }
    connect_band(w, 3);
    assert_string_equal(link_of(w, 2), "connected");
    connect_band(w, 4);
    assert_string_equal(link_of(w, 0), "connected");
}

static void one_that_is_being_let_go_gives_its_place_to_the_next(void **state)
{
    struct world *w = *state;

    connect_band(w, 1);
    connect_band(w, 2);
    ask_disconnect(w);
    turn_to(w, 3);
    ask_connect(w);
    run(w, 3);
    EXPECT(w, "2 disconnect: ok", "2 device_disconnected user_request", "3 connect: ok",
           "2 device_connected");
    assert_string_equal(manager_status(w->manager, 1)->device.band.name, "LXB-00000003");
}

/* Its old place has another next: it waits in a new one until the old link has ended. */
static void one_that_comes_back_to_a_place_given_away_has_a_free_one(void **state)
{
    struct world *w = *state;

    connect_band(w, 1);
    connect_band(w, 2);
    turn_to(w, 1);
    ask_disconnect(w);
    manager_connect(w->manager, NULL, "LXB-00000003", hearing);
    manager_disconnect(w->manager, 1, hearing);
    manager_connect(w->manager, NULL, NAME, hearing);
    assert_int_equal(w->bands[0].connects, 1);
    run(w, 4);
    assert_int_equal(w->bands[0].connects, 2);
    assert_int_equal(heard.failure.code, ERROR_NONE);
    assert_string_equal(manager_status(w->manager, 0)->device.band.name, "LXB-00000003");
    assert_string_equal(manager_status(w->manager, 1)->device.band.name, NAME);
    assert_string_equal(link_of(w, 0), "connected");
    assert_string_equal(link_of(w, 1), "connected");
}

/* Though the old one, which still lets go of it, has nobody next any more. */
static void one_that_has_a_new_place_is_there_whoever_asks_again(void **state)
{
    struct world *w = *state;

    connect_band(w, 1);
    connect_band(w, 2);
    turn_to(w, 1);
    ask_disconnect(w);
    manager_connect(w->manager, NULL, "LXB-00000003", hearing);
    manager_disconnect(w->manager, 1, hearing);
    manager_connect(w->manager, NULL, NAME, hearing);
    manager_disconnect(w->manager, 0, hearing);
    manager_connect(w->manager, NULL, NAME, hearing);
    run(w, 6);
    assert_int_equal(heard.failure.code, ERROR_NONE);
    assert_int_equal(w->bands[0].connects, 2);
    assert_string_equal(link_of(w, 0), "idle");
    assert_string_equal(link_of(w, 1), "connected");
}

static void what_nobody_has_costs_nothing_and_is_idle(void **state)
{
    struct world *w = *state;

    assert_non_null(manager_status(w->manager, 0)->pipeline);
    assert_null(manager_status(w->manager, 3)->pipeline);
    assert_string_equal(link_of(w, 3), "idle");
    assert_int_equal(manager_counts(w->manager, 3, SENSOR_EEG)->received, 0);
    manager_start_streaming(w->manager, 3, EEG, 0, 0, hearing);
    assert_int_equal(heard.failure.code, ERROR_NOT_CONNECTED);
    manager_stop_streaming(w->manager, 3, hearing);
    assert_true(heard.already);
    manager_disconnect(w->manager, 3, hearing);
    assert_true(heard.already);
    assert_int_equal(heard.device, 3);
    run(w, 100);
    EXPECT_NOTHING(w);
}

static void a_band_is_named_by_what_is_known_of_it(void **state)
{
    struct world *w = *state;

    turn_to(w, 1);
    w->band->absent = true;
    ask_connect_to(w, NULL, NAME);
    assert_true(manager_is_named(w->manager, 0, "lxb-00000001"));
    assert_true(manager_is_named(w->manager, 0, ADDRESS2)); /* who else? */
    assert_false(manager_is_named(w->manager, 0, NAME2));
    connect_band(w, 2);
    assert_false(manager_is_named(w->manager, 0, ADDRESS2));
    assert_true(manager_is_named(w->manager, 1, "aa:bb:cc:dd:ee:02"));
    assert_true(manager_is_named(w->manager, 1, NAME2));
    assert_false(manager_is_named(w->manager, 2, NAME2));
}

static void name_and_address_that_turn_out_to_be_one_band_have_one_place(void **state)
{
    struct world *w = *state;

    turn_to(w, 2);
    w->band->absent = true;
    manager_auto_connect(w->manager, ADDRESS2);
    run(w, 60);
    forget_log(w);
    ask_connect_to(w, NULL, NAME2);
    w->band->absent = false;
    run(w, 3);
    EXPECT(w, "2 connect: BUSY", "2 device_connection_failed BUSY", "1 device_connected");
    assert_string_equal(link_of(w, 0), "connected");
    assert_string_equal(link_of(w, 1), "idle");
}

/* ---- Side by side */

static void streams_run_beside_each_other(void **state)
{
    struct world *w = *state;

    for (size_t number = 1; number <= 4; number++)
        stream_band(w, number);
    turn_to(w, 2);
    ask_stop(w);
    EXPECT(w, "2 stop: ok", "2 stream_stopped eeg,ppg,acc user_request");
    turn_to(w, 3);
    ask_start(w, EEG, 125, 5);
    run(w, 3);
    EXPECT(w, "3 start: ok", "3 stream_started eeg at 125", "3 data eeg");
    run(w, 3);
    EXPECT(w, "3 stream_stopped eeg duration");
    ask_disconnect(w);
    run(w, 3);
    EXPECT(w, "3 disconnect: ok", "3 device_disconnected user_request");
    assert_int_equal(manager_status(w->manager, 0)->sensors, EEG | PPG | ACC);
    assert_int_equal(manager_status(w->manager, 3)->sensors, EEG | PPG | ACC);
    for (unsigned place = 0; place < 4; place++) {
        const struct manager_status *status = manager_status(w->manager, place);
        const struct manager_streamed streamed = manager_streamed(w->manager, place);
        assert_string_equal(streamed.device_id, status->device.band.name);
        assert_int_equal(streamed.sensors, status->stream == STREAM_IDLE ? 0 : status->sensors);
        assert_true(streamed.sample_rate == status->sample_rate);
    }
}

/* All that the first band sent came, without a pause. */
static void expect_no_gap(struct world *w)
{
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++)
        assert_int_equal(w->places[0].got[sensor], w->bands[0].sent[sensor]);
    for (size_t i = 0; i < w->line_count; i++)
        assert_that(w->lines[i][0], !=, '1');
    assert_int_equal(w->bands[0].on, EEG | PPG | ACC | BAT);
}

static void one_that_hangs_in_connecting_holds_up_nobody(void **state)
{
    struct world *w = *state;

    stream_band(w, 1);
    turn_to(w, 2);
    w->band->absent = true;
    ask_connect(w);
    run(w, 1);
    turn_to(w, 3);
    ask_connect(w);
    run(w, 1);
    EXPECT(w, "3 connect: ok", "3 device_connected");
    lose_link(w, LINK_END_LOST);
    run(w, 2);
    EXPECT(w, "3 device_disconnected link_lost will_reconnect", "3 device_connected resumed");
    run(w, 16);
    expect_no_gap(w);
    EXPECT(w, "2 connect: DEVICE_NOT_FOUND", "2 device_connection_failed DEVICE_NOT_FOUND");
}

static void lose(struct world *w)
{
    lose_link(w, LINK_END_LOST);
}

static void go_away(struct world *w)
{
    w->band->absent = true;
    lose_link(w, LINK_END_LOST);
}

static void fall_silent(struct world *w)
{
    w->band->silent = SENSOR_SET_ALL;
}

static void lose_a_sensor(struct world *w)
{
    w->band->silent = PPG;
}

static void refuse(struct world *w)
{
    w->band->refused = SENSOR_SET_ALL;
    lose_link(w, LINK_END_LOST);
}

static void cut(struct world *w)
{
    w->band->cut = SENSOR_SET_ALL;
}

static void hang(struct world *w)
{
    w->band->hangs = true;
    ask_start(w, EEG, 0, 0);
}

static void never_let_go(struct world *w)
{
    w->band->deaf = true;
    ask_disconnect(w);
}

static void a_fault_of_one_leaves_the_others_without_a_gap(void **unused)
{
    void (*const faults[])(struct world * w) = {lose,   go_away, fall_silent, lose_a_sensor,
                                                refuse, cut,     hang,        never_let_go};

    (void)unused;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        void *state = NULL;
        assert_int_equal(world_open_for(&state, 2, 2), 0);
        struct world *w = state;
        stream_band(w, 1);
        stream_band(w, 2);
        faults[i](w);
        run(w, 60);
        assert_that(w->line_count, >, 0);
        expect_no_gap(w);
        w->band->deaf = w->band->hangs = false;
        assert_int_equal(world_close(&state), 0);
    }
}

static void a_scan_is_for_all_and_waits_for_whoever_is_being_connected(void **state)
{
    struct world *w = *state;
    const struct band_sighting *devices;

    connect_band(w, 1);
    ask_scan(w, 2);
    run(w, 3);
    EXPECT(w, "scan_result scanning", "scan_result scanning", "scan_result scanning",
           "scan_result scanning", "scan_result scanning", "scan: ok", "scan_result completed");
    assert_int_equal(manager_scan_devices(w->manager, &devices), 4);
    turn_to(w, 2);
    ask_connect(w);
    ask_scan(w, 2);
    run(w, 1);
    EXPECT(w, "scan: BUSY", "2 connect: ok", "2 device_connected");
}

/* ---- What befalls all */

static void bluetooth_off_is_everyones(void **state)
{
    struct world *w = *state;

    stream_band(w, 1);
    connect_band(w, 2);
    set_bluetooth(w, false);
    turn_to(w, 1);
    lose_link(w, LINK_END_BLUETOOTH);
    turn_to(w, 2);
    lose_link(w, LINK_END_BLUETOOTH);
    run(w, 40);
    EXPECT(w, "bluetooth_status", "1 device_disconnected bluetooth_off will_reconnect",
           "1 stream_stopped eeg,ppg,acc device_disconnected will_resume",
           "2 device_disconnected bluetooth_off will_reconnect");
    set_bluetooth(w, true);
    run(w, 5);
    EXPECT(w, "bluetooth_status", "1 device_connected resumed", "2 device_connected resumed",
           "1 stream_started eeg,ppg,acc at 250 resumed", "1 data eeg", "1 data ppg", "1 data acc");
}

static void after_a_suspend_each_is_looked_after(void **state)
{
    struct world *w = *state;

    stream_band(w, 1);
    stream_band(w, 2);
    turn_to(w, 1);
    w->band->absent = true;
    lose_link(w, LINK_END_LOST);
    run(w, 50);
    w->band->absent = false;
    forget_log(w);
    w->now += 3600 * SECOND;
    w->slept += 3600 * SECOND;
    manager_resumed(w->manager);
    run(w, 5);
    EXPECT(w, "1 device_connected resumed", "1 stream_started eeg,ppg,acc at 250 resumed",
           "1 data eeg", "1 data ppg", "1 data acc");
}

static void a_shutdown_tells_the_end_of_each(void **state)
{
    struct world *w = *state;

    stream_band(w, 1);
    connect_band(w, 2);
    turn_to(w, 3);
    ask_connect(w);
    forget_log(w);
    shut_down(w);
    EXPECT(w, "1 device_disconnected shutdown", "1 stream_stopped eeg,ppg,acc device_disconnected",
           "2 device_disconnected shutdown", "3 connect: CANCELLED");
}

/* ---- Unasked */

static void all_that_was_wanted_is_restored_as_far_as_there_are_places(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < 3; i++) {
        struct manager_wants wants = {.band = w->bands[i].identity, .sensors = i == 1 ? EEG : 0};
        wants.since_utc_us = i == 1 ? w->now + w->utc_offset : 0;
        manager_restore(w->manager, &wants);
    }
    run(w, 5);
    EXPECT(w, "1 device_connected resumed", "2 device_connected resumed",
           "2 stream_started eeg at 250 resumed", "2 data eeg");
    assert_string_equal(w->places[0].wants.band.name, NAME);
    assert_int_equal(w->places[1].wants.sensors, EEG);
}

static void several_are_connected_as_they_appear(void **state)
{
    struct world *w = *state;

    for (size_t i = 0; i < 4; i++)
        w->bands[i].absent = true;
    manager_auto_connect(w->manager, "LXB-00000001");
    manager_auto_connect(w->manager, "LXB-00000003");
    manager_auto_connect(w->manager, "lxb-00000001");
    run(w, 30);
    forget_log(w);
    w->bands[2].absent = false;
    run(w, 60);
    EXPECT(w, "2 device_connected", "2 stream_started eeg,ppg,acc,bat at 250", "2 data eeg",
           "2 data ppg", "2 data acc");
    assert_string_equal(link_of(w, 0), "waiting");
    assert_string_equal(link_of(w, 2), "idle");
}

static void who_never_came_stands_back_only_where_all_places_are_taken(void **state)
{
    struct world *w = *state;

    w->bands[0].absent = true;
    manager_auto_connect(w->manager, NAME);
    connect_band(w, 2);
    assert_string_equal(link_of(w, 0), "waiting");
    connect_band(w, 3);
    assert_string_equal(manager_status(w->manager, 0)->device.band.name, "LXB-00000003");
}

/* ---- One clock */

static void expect_one_clock(struct world *w, double error_ms)
{
    const double first = manager_utc_ms(w->manager, 0, w->now);

    assert_int_equal(round(manager_status(w->manager, 0)->utc_error_ms), error_ms);
    for (unsigned place = 1; place < 3; place++)
        assert_int_equal(round(1000 * (manager_utc_ms(w->manager, place, w->now) - first)), 0);
}

static void who_comes_later_is_told_in_the_clock_of_those_who_are_there(void **state)
{
    struct world *w = *state;

    stream_band(w, 1);
    w->utc_offset -= SECOND / 2;
    connect_band(w, 2);
    stream_band(w, 3);
    expect_one_clock(w, -500);
}

static void a_step_forward_moves_all_at_once(void **state)
{
    struct world *w = *state;

    stream_band(w, 1);
    connect_band(w, 2);
    stream_band(w, 3);
    forget_log(w);
    w->utc_offset += 10 * SECOND;
    run(w, 2);
    EXPECT(w, "1 clock_stepped 10000", "2 clock_stepped 10000", "3 clock_stepped 10000");
    expect_one_clock(w, 0);
}

static void while_one_is_recorded_or_streams_nobodys_clock_moves(void **state)
{
    struct world *w = *state;

    for (size_t number = 1; number <= 3; number++)
        connect_band(w, number);
    manager_want_for_recording(w->manager, 1, EEG);
    run(w, 3);
    w->utc_offset += 10 * SECOND;
    run(w, 3);
    expect_one_clock(w, 10000);
    manager_want_for_recording(w->manager, 1, 0);
    run(w, 3);
    expect_one_clock(w, 0);
    /* Back: not while one streams. */
    turn_to(w, 1);
    ask_start(w, EEG, 0, 0);
    run(w, 3);
    w->utc_offset -= SECOND / 10;
    run(w, 3);
    expect_one_clock(w, -100);
    ask_stop(w);
    run(w, 3);
    expect_one_clock(w, 0);
}

#define story(name)          cmocka_unit_test_setup_teardown(name, four, world_close)
#define story_of_three(name) cmocka_unit_test_setup_teardown(name, three_of_two, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story_of_three(each_has_a_place_and_one_more_is_busy),
        story_of_three(a_place_is_its_bands_until_that_is_let_go),
        story(who_comes_again_has_its_place_again),
        story_of_three(one_that_is_being_let_go_gives_its_place_to_the_next),
        story_of_three(one_that_comes_back_to_a_place_given_away_has_a_free_one),
        story_of_three(one_that_has_a_new_place_is_there_whoever_asks_again),
        story(what_nobody_has_costs_nothing_and_is_idle),
        story(a_band_is_named_by_what_is_known_of_it),
        story(name_and_address_that_turn_out_to_be_one_band_have_one_place),
        story(streams_run_beside_each_other),
        story(one_that_hangs_in_connecting_holds_up_nobody),
        cmocka_unit_test(a_fault_of_one_leaves_the_others_without_a_gap),
        story(a_scan_is_for_all_and_waits_for_whoever_is_being_connected),
        story(bluetooth_off_is_everyones),
        story(after_a_suspend_each_is_looked_after),
        story(a_shutdown_tells_the_end_of_each),
        story_of_three(all_that_was_wanted_is_restored_as_far_as_there_are_places),
        story(several_are_connected_as_they_appear),
        story_of_three(who_never_came_stands_back_only_where_all_places_are_taken),
        story(who_comes_later_is_told_in_the_clock_of_those_who_are_there),
        story(a_step_forward_moves_all_at_once),
        story(while_one_is_recorded_or_streams_nobodys_clock_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
