/*
 * The manager's machines by themselves: this program has no device, nobody who carries out, answers
 * or tells. Facts go in, and what is asked of them is their one next step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "reach.h"
#include "scan.h"
#include "sensors.h"
#include "stream.h"
#include "utc.h"

#define EEG SENSOR_BIT(SENSOR_EEG)
#define PPG SENSOR_BIT(SENSOR_PPG)
#define ACC SENSOR_BIT(SENSOR_ACC)
#define BAT SENSOR_BIT(SENSOR_BAT)

static const struct band_identity band = {"LXB-00000001", "AA:BB:CC:DD:EE:01"};

/* ---- reach */

static struct reach reach;

static int asked_reach(struct when *when)
{
    when->wake_us = NEVER;
    return (int)reach_next(&reach, false, when);
}

static void a_link_that_nobody_wants_is_closed_and_then_left(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};

    (void)unused;
    reach = (struct reach){.state = LINK_IDLE};
    assert_int_equal(asked_reach(&when), REACH_DO_NOTHING);
    assert_int_equal(when.wake_us, NEVER);
    reach_connect(&reach, &band, INT64_MIN, when.now_us + CONNECT_LIMIT_US);
    assert_int_equal(asked_reach(&when), REACH_DO_OPEN);
    assert_int_equal(asked_reach(&when), REACH_DO_NOTHING);
    assert_int_equal(when.wake_us, when.now_us + CONNECT_LIMIT_US);
    reach_disconnect(&reach);
    reach_answered(&reach);
    assert_int_equal(asked_reach(&when), REACH_DO_CLOSE);
    assert_int_equal(asked_reach(&when), REACH_DO_NOTHING);
    assert_int_equal(reach_down(&reach), REACH_DOWN_EXPECTED);
    assert_int_equal(asked_reach(&when), REACH_DO_FAREWELL);
    assert_false(reach_leave(&reach));
    assert_int_equal(asked_reach(&when), REACH_DO_NOTHING);
}

static void a_backend_that_does_not_let_go_holds_up_the_next_attempt_alone(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};

    (void)unused;
    reach = (struct reach){.state = LINK_IDLE};
    reach_connect(&reach, &band, INT64_MIN, when.now_us + CONNECT_LIMIT_US);
    assert_int_equal(asked_reach(&when), REACH_DO_OPEN);
    reach_disconnect(&reach);
    reach_queue(&reach, &band, when.now_us);
    assert_int_equal(asked_reach(&when), REACH_DO_CLOSE);
    assert_int_equal(asked_reach(&when), REACH_DO_NOTHING);
    when.now_us = when.wake_us;
    assert_int_equal(asked_reach(&when), REACH_DO_GO_ON);
    assert_int_equal(asked_reach(&when), REACH_DO_FAREWELL);
    assert_true(reach_leave(&reach));
    reach_connect(&reach, &reach.next, INT64_MIN, reach.owed_until_us);
    assert_int_equal(asked_reach(&when), REACH_DO_NOTHING);
    assert_int_equal(reach_down(&reach), REACH_DOWN_EXPECTED);
    assert_int_equal(asked_reach(&when), REACH_DO_OPEN);
}

static void the_pauses_between_tries_double_up_to_half_a_minute(void **unused)
{
    static const double pauses[] = {0.25, 0.5, 1, 2, 4, 8, 16, 30, 30};
    const struct band_link made = {.band = band};
    struct when when = {.now_us = 100 * SECOND};

    (void)unused;
    reach = (struct reach){.state = LINK_IDLE};
    reach_connect(&reach, &band, INT64_MIN, when.now_us + CONNECT_LIMIT_US);
    assert_int_equal(asked_reach(&when), REACH_DO_OPEN);
    assert_int_equal(reach_up(&reach, &made, when.now_us), REACH_UP_FIRST);
    reach_answered(&reach);
    assert_int_equal(reach_down(&reach), REACH_DOWN_CONNECTION);
    reach_lost(&reach, when.now_us);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        assert_int_equal(asked_reach(&when), REACH_DO_NOTHING);
        assert_int_equal(when.wake_us - when.now_us, (int64_t)(pauses[i] * 1e6));
        when.now_us = when.wake_us;
        assert_int_equal(asked_reach(&when), REACH_DO_OPEN);
        assert_int_equal(reach_down(&reach), REACH_DOWN_ATTEMPT);
        reach_failed(&reach, when.now_us);
    }
    assert_int_equal(reach_next(&reach, true, &when), REACH_DO_NOTHING);
}

/* ---- sensors */

static struct sensors sensors;
static char done[512];

/* Lets `seconds` pass; each operation is done at once and noted, and what is told. */
static void let_pass(struct when *when, double seconds, sensor_set wanted)
{
    static const char *const states[] = {"flowing", "silent", "retrying"};
    const int64_t end_us = when->now_us + (int64_t)(seconds * 1e6);
    struct sensors_move move;

    done[0] = '\0';
    for (;;) {
        char *at = done + strlen(done);
        size_t left = sizeof(done) - strlen(done);
        when->wake_us = NEVER;
        switch (sensors_next(&sensors, wanted, false, &move, when)) {
        case SENSORS_DO_NOTHING:
            when->now_us = when->wake_us < end_us ? when->wake_us : end_us;
            if (when->wake_us > end_us)
                return;
            break;
        case SENSORS_DO_NOTIFY:
            snprintf(at, left, "%s %s, ", sensor_name(move.sensor), move.on ? "on" : "off");
            sensors_notified(&sensors, move.sensor, move.on, false, wanted, when->now_us);
            break;
        case SENSORS_DO_WRITE:
            snprintf(at, left, "%s, ", move.on ? "start" : "stop");
            sensors_written(&sensors);
            break;
        case SENSORS_DO_TELL:
            snprintf(at, left, "%s %s, ", sensor_name(move.sensor), states[move.state]);
            break;
        case SENSORS_DO_ORDER:
            snprintf(at, left, "in order: ");
            break;
        case SENSORS_DO_PROBE:
        case SENSORS_DO_SILENT:
        case SENSORS_DO_DEAD:
            snprintf(at, left, "gives up");
            return;
        }
    }
}

static void notifications_go_in_the_models_order_and_only_the_differences(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};

    (void)unused;
    sensors_begin(&sensors, model_default(), false);
    let_pass(&when, 2, BAT);
    assert_string_equal(done, "bat off, eeg off, acc off, ppg off, bat on, ");
    let_pass(&when, 2, BAT | EEG | ACC);
    assert_string_equal(done, "start, eeg on, acc on, ");
    let_pass(&when, 2, BAT | ACC | PPG);
    assert_string_equal(done, "eeg off, stop, ppg on, ");
}

static void a_silent_sensor_is_asked_anew_and_all_silent_give_the_link_up(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};
    double silent_for;

    (void)unused;
    sensors_begin(&sensors, model_default(), false);
    let_pass(&when, 2.2, BAT | EEG | PPG);
    when.now_us += SECOND;
    assert_false(sensors_heard(&sensors, SENSOR_EEG, 0, when.now_us, &silent_for));
    let_pass(&when, 2.9, BAT | EEG | PPG);
    assert_string_equal(done, "");
    let_pass(&when, 60, BAT | EEG | PPG);
    assert_string_equal(done, "eeg silent, ppg silent, gives up");
    assert_true(sensors_heard(&sensors, SENSOR_PPG, 0, when.now_us, &silent_for));
    assert_that(silent_for, >=, 5);
    let_pass(&when, 3, BAT | EEG | PPG);
    assert_string_equal(done, "");
    assert_false(sensors_heard(&sensors, SENSOR_PPG, 0, when.now_us, &silent_for));
    let_pass(&when, 4.5, BAT | EEG | PPG);
    assert_string_equal(done, "eeg retrying, eeg off, start, eeg on, ");
}

static void in_haste_the_first_goes_at_once_and_all_anew_where_nothing_comes_of_it(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};
    double silent_for;

    (void)unused;
    sensors_begin(&sensors, model_default(), true);
    let_pass(&when, 0.001, BAT);
    assert_string_equal(done, "bat on, ");
    let_pass(&when, 0.9, BAT | EEG | ACC | PPG);
    assert_string_equal(done, "start, eeg on, acc on, ppg on, ");
    sensors_heard(&sensors, SENSOR_EEG, 0, when.now_us, &silent_for);
    let_pass(&when, 2, BAT | EEG | ACC | PPG);
    assert_string_equal(done, "");

    sensors_begin(&sensors, model_default(), true);
    let_pass(&when, 0.9, BAT | EEG | ACC);
    assert_string_equal(done, "start, eeg on, bat on, acc on, ");
    let_pass(&when, 2.2, BAT | EEG | ACC);
    assert_string_equal(done,
                        "in order: bat off, eeg off, acc off, ppg off, bat on, start, eeg on, "
                        "acc on, ");
    sensors_heard(&sensors, SENSOR_ACC, 0, when.now_us, &silent_for);
    let_pass(&when, 2.8, BAT | EEG | ACC);
    assert_string_equal(done, "eeg silent, ");
}

static void haste_that_was_of_use_is_not_doubted_when_the_sensor_falls_silent(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};
    double silent_for;

    (void)unused;
    sensors_begin(&sensors, model_default(), true);
    let_pass(&when, 0.9, BAT | EEG | PPG);
    sensors_heard(&sensors, SENSOR_EEG, 0, when.now_us, &silent_for);
    for (int i = 0; i < 20; i++) {
        sensors_heard(&sensors, SENSOR_PPG, 0, when.now_us, &silent_for);
        let_pass(&when, 1, BAT | EEG | PPG);
        assert_null(strstr(done, "in order"));
        assert_null(strstr(done, "ppg"));
    }
}

/* It may have come too early: in the known order it may be taken. */
static void refused_in_haste_the_first_is_asked_again_in_order(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};

    (void)unused;
    sensors_begin(&sensors, model_default(), true);
    when.wake_us = NEVER;
    struct sensors_move move;
    assert_int_equal(sensors_next(&sensors, EEG, false, &move, &when), SENSORS_DO_WRITE);
    sensors_written(&sensors);
    assert_int_equal(sensors_next(&sensors, EEG, false, &move, &when), SENSORS_DO_NOTIFY);
    assert_int_equal(move.sensor, SENSOR_EEG);
    assert_false(sensors_notified(&sensors, SENSOR_EEG, true, true, EEG, when.now_us));
    let_pass(&when, 1.5, EEG);
    assert_string_equal(done, "in order: bat off, eeg off, acc off, ppg off, start, eeg on, ");
}

/* ---- stream */

static struct stream stream;

static int asked_stream(struct stream_facts facts, struct when *when)
{
    when->wake_us = NEVER;
    return (int)stream_next(&stream, &facts, when);
}

static void ask(sensor_set set, double rate, const struct when *when)
{
    const struct demand demand = {.sensors = set, .rate = rate};

    stream_init(&stream, "LXB-00000001", model_default());
    stream_ask(&stream, &demand, 0, true, when->now_us);
}

static void a_start_waits_for_what_is_open_and_then_for_the_rate(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};

    (void)unused;
    ask(EEG | PPG, 0, &when);
    assert_int_equal(asked_stream((struct stream_facts){.connected = true, .on = EEG}, &when),
                     STREAM_DO_NOTHING);
    assert_int_equal(stream_held(&stream), EEG | PPG);
    const struct stream_facts settled = {.connected = true, .on = EEG, .refused = PPG};
    assert_int_equal(asked_stream(settled, &when), STREAM_DO_JUDGE);
    assert_int_equal(stream_held(&stream), PPG);
    assert_int_equal(asked_stream(settled, &when), STREAM_DO_NOTHING);
    when.now_us = when.wake_us;
    assert_int_equal(asked_stream(settled, &when), STREAM_DO_BEGIN);
    assert_false(stream_begin(&stream, 0, (struct clock_anchor){when.now_us, when.now_us}));
    assert_int_equal(stream_held(&stream), 0);
    assert_that(stream.sample_rate, ==, 250);
    assert_int_equal(asked_stream(settled, &when), STREAM_DO_NOTHING);
    assert_int_equal(when.wake_us, NEVER);
}

static void a_start_comes_to_nothing_by_refusal_by_rate_or_by_what_cannot_be_read(void **unused)
{
    struct when when = {.now_us = 100 * SECOND};
    struct stream_facts facts = {.connected = true, .refused = EEG};

    (void)unused;
    ask(EEG, 500, &when);
    assert_int_equal(asked_stream(facts, &when), STREAM_DO_FAIL);
    facts = (struct stream_facts){.connected = true, .on = EEG, .eeg_rate = 250};
    assert_int_equal(asked_stream(facts, &when), STREAM_DO_REFUSE);
    assert_false(stream_fall_back(&stream));
    facts.unreadable = true;
    assert_int_equal(asked_stream(facts, &when), STREAM_DO_FAIL);
    facts = (struct stream_facts){.connected = true};
    assert_int_equal(asked_stream(facts, &when), STREAM_DO_NOTHING);
    when.now_us = when.wake_us;
    assert_int_equal(asked_stream(facts, &when), STREAM_DO_GIVE_UP);
    assert_int_equal(stream_open(&stream, &facts), EEG);
}

/* ---- scan and utc */

static void a_scan_is_started_and_stopped_once(void **unused)
{
    struct scan scan = {.wanted = false};
    struct when when = {.now_us = 100 * SECOND, .wake_us = NEVER};

    (void)unused;
    scan_want(&scan, 10, when.now_us);
    assert_int_equal(scan_next(&scan, &when), SCAN_DO_START);
    assert_int_equal(scan_next(&scan, &when), SCAN_DO_NOTHING);
    when.now_us = when.wake_us;
    assert_int_equal(scan_next(&scan, &when), SCAN_DO_FINISH);
    assert_true(scan_drop(&scan));
    assert_int_equal(scan_next(&scan, &when), SCAN_DO_STOP);
    assert_int_equal(scan_next(&scan, &when), SCAN_DO_NOTHING);
    assert_false(scan_stopped(&scan));
    assert_int_equal(scan_next(&scan, &when), SCAN_DO_NOTHING);
}

static void a_step_of_utc_is_told_from_ten_milliseconds_on(void **unused)
{
    struct utc utc;
    struct when when = {.now_us = 100 * SECOND, .wake_us = NEVER};

    (void)unused;
    utc_begin(&utc, true, 5 * SECOND, when.now_us);
    assert_false(utc_looks(&utc, &when));
    when.now_us = when.wake_us;
    assert_true(utc_looks(&utc, &when));
    assert_int_equal(utc_saw(&utc, 5 * SECOND + 9999), 0);
    assert_int_equal(utc_saw(&utc, 5 * SECOND - 1), -10000);
    assert_true(utc_is_off(-5000, false));
    assert_false(utc_is_off(-5000, true));
    assert_true(utc_is_off(SECOND + 1, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_that_nobody_wants_is_closed_and_then_left),
        cmocka_unit_test(a_backend_that_does_not_let_go_holds_up_the_next_attempt_alone),
        cmocka_unit_test(the_pauses_between_tries_double_up_to_half_a_minute),
        cmocka_unit_test(notifications_go_in_the_models_order_and_only_the_differences),
        cmocka_unit_test(haste_that_was_of_use_is_not_doubted_when_the_sensor_falls_silent),
        cmocka_unit_test(refused_in_haste_the_first_is_asked_again_in_order),
        cmocka_unit_test(in_haste_the_first_goes_at_once_and_all_anew_where_nothing_comes_of_it),
        cmocka_unit_test(a_silent_sensor_is_asked_anew_and_all_silent_give_the_link_up),
        cmocka_unit_test(a_start_waits_for_what_is_open_and_then_for_the_rate),
        cmocka_unit_test(a_start_comes_to_nothing_by_refusal_by_rate_or_by_what_cannot_be_read),
        cmocka_unit_test(a_scan_is_started_and_stopped_once),
        cmocka_unit_test(a_step_of_utc_is_told_from_ten_milliseconds_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
