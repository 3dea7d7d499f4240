/* Several bands in one air: each has its own data, its own faults, its own end. */
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

#include "band/block.h"
#include "band/capture.h"
#include "base/now.h"
#include "ble/replay.h"
#include "ble/sim.h"
#include "ble/sim_band.h"
#include "client.h"

#define BANDS 3

/* The first runs the loop. */
static struct client clients[BANDS];

static struct sim_options options_of(const char *text)
{
    struct sim_options options;
    struct failure failure;

    sim_options_init(&options);
    options.radio_fast = true;
    if (!sim_options_parse(text, &options, &failure))
        fail_msg("%s", failure.message);
    return options;
}

static void begin(const char *text)
{
    struct sim_options options = options_of(text);
    struct failure failure;

    client_init(&clients[0]);
    client_listen(&clients[0], sim_create(&clients[0].loop, &options, &failure));
    for (int i = 1; i < BANDS; i++)
        client_join(&clients[i], &clients[0]);
}

static void finish(void)
{
    client_finish(&clients[0]);
    for (int i = 1; i < BANDS; i++)
        client_leave(&clients[i]);
}

static void connect_to(int which)
{
    static const char *const addresses[BANDS] = {SIM_ADDRESS, "AA:BB:CC:DD:EE:01",
                                                 "AA:BB:CC:DD:EE:02"};

    client_connect(&clients[which], "", addresses[which]);
}

static void connect_all(void)
{
    for (int i = 0; i < BANDS; i++)
        connect_to(i);
    for (int i = 0; i < BANDS; i++)
        client_until(&clients[0], &clients[i].connected, 1);
}

static void stream(int which)
{
    client_control(&clients[which], model_default()->control.start);
    for (int i = 0; i < SENSOR_COUNT; i++)
        client_notify(&clients[which], (enum sensor)i, true);
}

static void until_packets(int which, size_t least)
{
    const int64_t began_us = now_monotonic_us();

    while (clients[which].count < least) {
        uv_run(&clients[0].loop, UV_RUN_ONCE);
        assert_that(now_monotonic_us() - began_us, <, INT64_C(60000000));
    }
}

static bool is_same(const struct sim_packet *made, const struct noted_packet *got)
{
    return made->sensor == got->sensor && made->len == got->len &&
           memcmp(made->bytes, got->bytes, got->len) == 0;
}

/* Each packet that arrived is one that this band makes, in its order; none is missing. */
static void hold_own(const char *text, int which, size_t count)
{
    struct sim_options options = options_of(text), own;

    sim_options_of_band(&options, which, &own);
    struct sim_band *band = sim_band_create(&own, which);
    for (size_t matched = 0; matched < count; sim_band_advance(band)) {
        if (is_same(sim_band_next(band), &clients[which].packets[matched]))
            matched++;
        else /* only what came before the subscriptions may be missing */
            assert_that(matched, <, 20);
    }
    sim_band_destroy(band);
}

/* Packets of two that are the same, place by place. */
static size_t alike(const struct client *one, const struct client *other, size_t count)
{
    size_t same = 0;

    for (size_t i = 0; i < count; i++) {
        const struct noted_packet *a = &one->packets[i], *b = &other->packets[i];
        same += a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
    }
    return same;
}

static void each_band_sends_what_is_its_own(void **state)
{
    const char *text = "bands=3,seed=5,speed=20,drain=3600";

    (void)state;
    begin(text);
    connect_all();
    assert_string_equal(clients[0].link.band.name, SIM_NAME);
    assert_string_equal(clients[2].link.band.name, "LXB-51A00002");
    for (int i = 0; i < BANDS; i++)
        stream(i);
    for (int i = 0; i < BANDS; i++)
        until_packets(i, 300);
    for (int i = 0; i < BANDS; i++)
        hold_own(text, i, 300);
    assert_that(alike(&clients[0], &clients[1], 300), <, 300);
    finish();
}

static uint32_t tick_of(const struct noted_packet *packet)
{
    uint32_t tick;

    memcpy(&tick, packet->bytes, 4); /* the tests run on little-endian machines */
    return tick;
}

/* Most between two EEG packets, s by the band's counter. */
static double longest_gap(const struct client *client)
{
    double longest = 0, last = 0;

    for (size_t i = 0; i < client->count; i++) {
        if (client->packets[i].sensor != SENSOR_EEG)
            continue;
        const double at = (double)tick_of(&client->packets[i]) / BLOCK_TICK_HZ;
        if (last > 0)
            longest = fmax(longest, at - last);
        last = at;
    }
    return longest;
}

static void what_befalls_one_is_not_the_others(void **state)
{
    (void)state;
    begin("bands=3,speed=20,1:drop-at=10:5,1:refuse=acc,2:silent=ppg");
    connect_all();
    for (int i = 0; i < BANDS; i++)
        stream(i);
    client_until(&clients[0], &clients[1].lost, 1);
    assert_int_equal(clients[1].end, LINK_END_LOST);
    for (int i = 0; i < BANDS; i += 2)
        until_packets(i, clients[i].count + 100);
    print_message("longest gap of EEG %.3f s\n", longest_gap(&clients[0]));
    assert_that(longest_gap(&clients[0]), <, 0.2);
    assert_that(longest_gap(&clients[2]), <, 0.2);
    assert_int_equal(clients[0].lost + clients[2].lost, 0);
    assert_int_equal(clients[1].refused[SENSOR_ACC], 1);
    assert_int_equal(clients[0].refused[SENSOR_ACC], 0);
    assert_int_equal(clients[2].counts[SENSOR_PPG], 0);
    assert_that(clients[0].counts[SENSOR_PPG], >, 0);
    connect_to(1);
    client_until(&clients[0], &clients[1].connected, 2);
    finish();
}

static void one_that_cannot_be_reached_delays_nobody(void **state)
{
    (void)state;
    begin("bands=3,0:connectfail=1000000,1:absent=1000000");
    for (int i = 0; i < BANDS; i++)
        connect_to(i);
    client_until(&clients[0], &clients[2].connected, 1);
    stream(2);
    until_packets(2, 3);
    assert_int_equal(clients[0].connected + clients[1].connected, 0);
    client_disconnect(&clients[1]);
    client_until(&clients[0], &clients[1].failed, 1);
    assert_int_equal(clients[1].connect_error, ERROR_CANCELLED);
    assert_int_equal(clients[2].lost, 0);
    finish();
}

static void a_band_has_one_link_and_is_free_when_that_is_down(void **state)
{
    (void)state;
    begin("bands=2");
    connect_to(0);
    client_connect(&clients[1], SIM_NAME, "");
    client_until(&clients[0], &clients[1].failed, 1);
    assert_int_equal(clients[1].connect_error, ERROR_BUSY);
    client_until(&clients[0], &clients[0].connected, 1);
    client_disconnect(&clients[0]);
    client_until(&clients[0], &clients[0].lost, 1);
    client_connect(&clients[1], SIM_NAME, "");
    client_until(&clients[0], &clients[1].connected, 1);
    finish();
}

static void an_adapter_that_goes_takes_all(void **state)
{
    (void)state;
    begin("bands=3,off=0.5:0.3,2:absent=100000");
    for (int i = 0; i < BANDS; i++)
        connect_to(i);
    for (int i = 0; i < 2; i++) {
        client_until(&clients[0], &clients[i].lost, 1);
        assert_int_equal(clients[i].connected, 1);
        assert_int_equal(clients[i].end, LINK_END_BLUETOOTH);
    }
    client_until(&clients[0], &clients[2].failed, 1);
    assert_int_equal(clients[2].connect_error, ERROR_BLUETOOTH);
    finish();
}

static void more_bands_are_seen_than_are_connected(void **state)
{
    (void)state;
    begin("bands=12");
    connect_all();
    clients[0].sightings = 0;
    client_scan(&clients[0], true);
    while (clients[0].sightings < 40)
        client_run_ms(&clients[0], 20);
    for (size_t i = 0; i < clients[0].sightings; i++)
        assert_that(strtol(clients[0].seen[i].band.address + 15, NULL, 16) % 0xff, >=, BANDS);
    finish();
}

/* ---- The event */

/* When it was by what arrived, µs of the clock of all bands; at this speed an arrival is when the
 * packet was complete, one step behind its last sample. 0: it isn't there. */
static double event_in(const struct noted_packet *packet, double *before)
{
    const struct packet raw = {SENSOR_EEG, 0, packet->bytes, packet->len, 0};
    struct samples samples;

    assert_int_equal(packet_decode(model_default(), &raw, &samples), PACKET_OK);
    const double step_us = 1e6 / model_default()->sensors[SENSOR_EEG].initial_rates[0];
    for (size_t i = 0; i < samples.count; i++) {
        const double uv = samples.eeg[i].uv[0];
        const double share = (uv - *before) / SIM_EVENT_UV;
        if (uv == 0) /* the real band's flaw */
            continue;
        if (*before != 0 && share > 0.1)
            return (double)packet->arrival_us -
                   step_us * ((double)(samples.count - i) + fmin(share, 1));
        *before = uv;
    }
    return 0;
}

static double event_of(const struct client *client)
{
    double before = 0, at = 0;

    for (size_t i = 0; i < client->count && at == 0; i++) {
        if (client->packets[i].sensor == SENSOR_EEG)
            at = event_in(&client->packets[i], &before);
    }
    return at;
}

static void an_event_is_at_one_instant_in_all_bands(void **state)
{
    double at[BANDS];

    (void)state;
    begin("bands=3,speed=10,jitter=0,leadoff=0,skip=0,event=1.5,seed=3");
    connect_to(0);
    client_until(&clients[0], &clients[0].connected, 1);
    client_run_ms(&clients[0], 100); /* the others power on later */
    for (int i = 1; i < BANDS; i++) {
        connect_to(i);
        client_until(&clients[0], &clients[i].connected, 1);
    }
    for (int i = 0; i < BANDS; i++)
        stream(i);
    for (int i = 0; i < BANDS; i++) {
        while ((at[i] = event_of(&clients[i])) == 0)
            client_run_ms(&clients[0], 50);
        print_message("band %d: %.3f ms after that of the first\n", i, (at[i] - at[0]) / 1e3);
        assert_that(fabs(at[i] - at[0]), <, 1000);
    }
    finish();
}

/* ---- Captures */

static char paths[2][64];

static struct backend *play_of(const unsigned *sessions, bool loop, const char *first,
                               const char *second, struct failure *failure)
{
    const char *const texts[] = {first, second};
    const char *const list[] = {paths[0], paths[1]};
    const struct replay_options options = {list, 2, sessions, loop};

    client_init(&clients[0]);
    for (int i = 0; i < 2; i++) {
        snprintf(paths[i], sizeof(paths[i]), "/tmp/test_several_XXXXXX");
        int fd = mkstemp(paths[i]);
        assert_int_equal(write(fd, texts[i], strlen(texts[i])), (ssize_t)strlen(texts[i]));
        close(fd);
    }
    return replay_create(&clients[0].loop, &options, failure);
}

static struct backend *play(const char *first, const char *second, struct failure *failure)
{
    return play_of(NULL, false, first, second, failure);
}

static void end_play(void)
{
    client_finish(&clients[0]);
    unlink(paths[0]);
    unlink(paths[1]);
}

static void each_capture_is_a_band(void **state)
{
    struct failure failure;

    (void)state;
    client_listen(&clients[0],
                  play("# linkband capture v2\n#! device LXB-0263003F "
                       "11:22:33:44:55:66 1.2.3\n0.000000 acc 02000000010002000300\n",
                       "0.0 acc 03000000010002000300\n0.1 acc 04000000010002000300\n", &failure));
    client_join(&clients[1], &clients[0]);
    client_connect(&clients[0], "LXB-0263003F", "");
    client_connect(&clients[1], "LXB-00000001", "");
    for (int i = 0; i < 2; i++) {
        client_until(&clients[0], &clients[i].connected, 1);
        client_notify(&clients[i], SENSOR_ACC, true);
    }
    assert_string_equal(clients[0].link.firmware, "1.2.3");
    assert_string_equal(clients[1].link.band.address, "AA:BB:CC:DD:EE:01");
    until_packets(0, 1);
    until_packets(1, 2);
    assert_int_equal(clients[0].packets[0].bytes[0], 2);
    assert_int_equal(clients[1].packets[1].bytes[0], 4);
    client_until(&clients[0], &clients[0].lost, 1); /* at its end, and only then the other */
    client_until(&clients[0], &clients[1].lost, 1);
    end_play();
    client_leave(&clients[1]);
}

/* ---- Of one session */

/* The second was recorded 1.5 s later. Their packets, by their first byte: 1 at 0 s, 2 at 0.4 s, 3
 * at 3 s, 4 at 4.2 s, 5 at 6 s. */
#define FIRST                                                                                      \
    "# linkband capture v2\n#! start 2026-11-24T09:00:00.000000Z\n"                                \
    "#! device LXB-00000000 AA:BB:CC:DD:EE:00 1\n0.000000 acc 01000000010002000300\n"              \
    "0.400000 acc 02000000010002000300\n4.200000 acc 04000000010002000300\n"
#define SECOND                                                                                     \
    "# linkband capture v2\n#! start 2026-11-24T09:00:01.500000Z\n"                                \
    "#! device LXB-00000001 AA:BB:CC:DD:EE:01 1\n1.500000 acc 03000000010002000300\n"              \
    "4.500000 acc 05000000010002000300\n"

static void begin_session(bool loop)
{
    const unsigned sessions[] = {0, 0};
    struct failure failure;

    client_listen(&clients[0], play_of(sessions, loop, FIRST, SECOND, &failure));
    client_join(&clients[1], &clients[0]);
}

static void end_session(void)
{
    end_play();
    client_leave(&clients[1]);
}

/* Connects it, again as often as its link is lost, until so many packets came. */
static void follow(int which, size_t least)
{
    struct client *client = &clients[which];

    while (client->count < least) {
        const int connected = client->connected;
        client_connect(client, which ? "LXB-00000001" : "LXB-00000000", "");
        client_until(&clients[0], &client->connected, connected + 1);
        client_notify(client, SENSOR_ACC, true);
        while (client->handle && client->count < least)
            uv_run(&clients[0].loop, UV_RUN_ONCE);
    }
}

/* What both got, in the order in which it arrived. */
static void expect_arrived(const char *expected)
{
    char told[32] = "";
    size_t a = 0, b = 0, count = clients[0].count + clients[1].count;

    for (size_t i = 0; i < count && i + 1 < sizeof(told); i++) {
        const bool first = b == clients[1].count ||
                           (a < clients[0].count &&
                            clients[0].packets[a].arrival_us <= clients[1].packets[b].arrival_us);
        const struct client *client = &clients[first ? 0 : 1];
        told[i] = (char)('0' + client->packets[first ? a++ : b++].bytes[0]);
    }
    assert_string_equal(told, expected);
}

static void captures_of_one_session_keep_the_time_between_them(void **state)
{
    (void)state;
    begin_session(false);
    client_connect(&clients[1], "LXB-00000001", "");
    client_connect(&clients[0], "LXB-00000000", "");
    client_until(&clients[0], &clients[1].connected, 1);
    client_until(&clients[0], &clients[0].connected, 1);
    client_notify(&clients[1], SENSOR_ACC, true); /* it isn't there yet */
    client_notify(&clients[0], SENSOR_ACC, true);
    client_until(&clients[0], &clients[1].lost, 1);
    follow(1, 2);
    until_packets(0, 3);
    expect_arrived("12345");
    end_session();
}

static void who_was_recorded_later_begins_at_once_where_it_is_alone(void **state)
{
    (void)state;
    begin_session(false);
    client_connect(&clients[1], "LXB-00000001", "");
    client_until(&clients[0], &clients[1].connected, 1);
    client_notify(&clients[1], SENSOR_ACC, true);
    client_until(&clients[0], &clients[1].notified[SENSOR_ACC], 1);
    follow(0, 1);
    assert_int_equal(clients[1].lost, 0);
    expect_arrived("34");
    /* The other goes on: it is no new performance. */
    client_disconnect(&clients[0]);
    client_until(&clients[0], &clients[0].lost, 1);
    until_packets(1, 2);
    expect_arrived("345");
    end_session();
}

static void a_round_of_a_session_is_as_long_as_its_longest(void **state)
{
    (void)state;
    begin_session(true);
    follow(0, 4);
    follow(1, 1);
    expect_arrived("124123");
    assert_int_equal(clients[0].lost, 0);
    assert_that(clients[0].packets[3].arrival_us - clients[0].packets[2].arrival_us, >, 2500000);
    end_session();
}

static void two_captures_of_one_band_are_refused(void **state)
{
    const char *of_one = "# linkband capture v2\n#! device LXB-0263003F 11:22:33:44:55:66 1\n"
                         "0.000000 bat 57\n";
    struct failure failure = {ERROR_NONE, ""};

    (void)state;
    assert_null(play(of_one, of_one, &failure));
    assert_non_null(strstr(failure.message, "LXB-0263003F"));
    assert_non_null(strstr(failure.message, paths[1]));
    end_play();
}

static void the_second_capture_is_looked_at_too(void **state)
{
    struct failure failure = {ERROR_NONE, ""};

    (void)state;
    assert_null(play("0.0 bat 57\n", "hello\n", &failure));
    assert_non_null(strstr(failure.message, paths[1]));
    end_play();
}

static void they_can_be_destroyed_while_several_are_up(void **state)
{
    (void)state;
    for (int when = 0; when < 3; when++) {
        begin("bands=3,speed=20");
        if (when > 0)
            connect_all();
        else
            connect_to(1);
        if (when > 1)
            stream(1);
        if (when > 1)
            until_packets(1, 5);
        finish();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_band_sends_what_is_its_own),
        cmocka_unit_test(what_befalls_one_is_not_the_others),
        cmocka_unit_test(one_that_cannot_be_reached_delays_nobody),
        cmocka_unit_test(a_band_has_one_link_and_is_free_when_that_is_down),
        cmocka_unit_test(an_adapter_that_goes_takes_all),
        cmocka_unit_test(more_bands_are_seen_than_are_connected),
        cmocka_unit_test(an_event_is_at_one_instant_in_all_bands),
        cmocka_unit_test(each_capture_is_a_band),
        cmocka_unit_test(captures_of_one_session_keep_the_time_between_them),
        cmocka_unit_test(who_was_recorded_later_begins_at_once_where_it_is_alone),
        cmocka_unit_test(a_round_of_a_session_is_as_long_as_its_longest),
        cmocka_unit_test(two_captures_of_one_band_are_refused),
        cmocka_unit_test(the_second_capture_is_looked_at_too),
        cmocka_unit_test(they_can_be_destroyed_while_several_are_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
