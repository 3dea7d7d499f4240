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
#include "ble/sim.h"
#include "ble/sim_band.h"
#include "client.h"

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

static void begin(struct client *client, const char *text)
{
    struct sim_options options = options_of(text);
    struct failure failure;

    client_init(client);
    client_listen(client, sim_create(&client->loop, &options, &failure));
}

static void a_scan_sees_each_band_again_and_again(void **state)
{
    struct client client;
    bool seen[256] = {false};
    int names = 0;

    (void)state;
    begin(&client, "bands=32");
    client_scan(&client, true);
    while (client.sightings < 100)
        client_run_ms(&client, 20);
    client_scan(&client, false);
    client_until(&client, &client.scans_ended, 1);
    assert_int_equal(client.scan_error, ERROR_NONE);
    for (size_t i = 0; i < client.sightings; i++) {
        const char *address = client.seen[i].band.address;
        long which = strtol(address + 15, NULL, 16);
        assert_memory_equal(client.seen[i].band.name, "LXB-", 4);
        assert_in_range(-client.seen[i].rssi, 40, 120);
        if (which == 0xff)
            assert_string_equal(client.seen[i].band.name, SIM_NAME);
        names += !seen[which & 0xff];
        seen[which & 0xff] = true;
    }
    assert_int_equal(names, 32);
    size_t sightings = client.sightings;
    client_run_ms(&client, 60);
    assert_int_equal(client.sightings, sightings);
    client_finish(&client);
}

static void a_scan_takes_a_radios_time(void **state)
{
    struct client client;
    struct sim_options options = options_of("radio=real");
    struct failure failure;

    (void)state;
    client_init(&client);
    client_listen(&client, sim_create(&client.loop, &options, &failure));
    client_scan(&client, true);
    client_run_ms(&client, 150);
    assert_int_equal(client.sightings, 0);
    assert_int_equal(client.told_bluetooth, 1);
    assert_true(client.powered && client.available);
    client_run_ms(&client, 1500);
    assert_that(client.sightings, >=, 1);
    client_finish(&client);
}

static void no_band_is_in_the_air_where_none_is_asked_for(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "bands=0");
    client_scan(&client, true);
    client_connect(&client, "", SIM_ADDRESS);
    client_run_ms(&client, 150);
    assert_int_equal(client.sightings, 0);
    assert_int_equal(client.connected, 0);
    client_disconnect(&client);
    client_until(&client, &client.failed, 1);
    assert_int_equal(client.connect_error, ERROR_CANCELLED);
    client_finish(&client);
}

static void an_absent_band_is_found_once_it_comes(void **state)
{
    struct client client;
    int64_t began_us = now_boot_us();

    (void)state;
    begin(&client, "absent=0.3,rssi=-80,battery=40,drain=0");
    client_connect(&client, SIM_NAME, "");
    client_until(&client, &client.connected, 1);
    assert_that(now_boot_us() - began_us, >=, 300000);
    assert_string_equal(client.link.band.address, SIM_ADDRESS);
    assert_string_equal(client.link.band.name, SIM_NAME);
    assert_int_equal(client.link.battery_level, 40);
    assert_int_equal(client.link.rssi, -80);
    assert_that(llabs(client.link.anchor.boot_us - now_boot_us()), <, 5000000);
    assert_that(llabs(client.link.anchor.utc_us - now_utc_us()), <, 5000000);
    client_finish(&client);
}

static void the_first_attempts_fail_as_asked_but_the_band_is_seen(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "connectfail=3");
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.connected, 1);
    assert_int_equal(client.sightings, 4);
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.failed, 1);
    assert_int_equal(client.connect_error, ERROR_BUSY);
    client_finish(&client);
}

/* Each packet that arrived is the one the pure band makes, in its order; none is missing. */
static void a_stream_is_what_the_band_makes(void **state)
{
    struct client client;
    struct sim_options options = options_of("seed=5,speed=50,drain=3600");
    struct sim_band *band = sim_band_create(&options, 0);
    size_t matched = 0, total[SENSOR_COUNT] = {0};

    (void)state;
    begin(&client, "seed=5,speed=50,drain=3600");
    client_start(&client);
    client_until_packets(&client, 1000);
    for (; matched < 1000; sim_band_advance(band)) {
        const struct sim_packet *made = sim_band_next(band);
        const struct noted_packet *got = &client.packets[matched];
        bool same = made->sensor == got->sensor && made->len == got->len &&
                    memcmp(made->bytes, got->bytes, got->len) == 0;
        if (!same) /* only what came before the subscriptions may be missing */
            assert_that(matched, <, 20);
        if (same) {
            total[made->sensor]++;
            matched++;
        }
    }
    print_message("eeg %zu, ppg %zu, acc %zu, bat %zu\n", total[0], total[1], total[2], total[3]);
    for (int i = 0; i < SENSOR_COUNT; i++)
        assert_that(total[i], >, 10);
    sim_band_destroy(band);
    client_finish(&client);
}

static void at_its_own_pace_packets_come_when_they_are_complete(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "skip=0");
    client_start(&client);
    client_until_packets(&client, 25);
    int64_t first = 0, last = 0;
    int count = 0;
    for (size_t i = 0; i < 25; i++) {
        if (client.packets[i].sensor != SENSOR_EEG)
            continue;
        first = first ? first : client.packets[i].arrival_us;
        last = client.packets[i].arrival_us;
        count++;
    }
    double interval = (double)(last - first) / 1000 / (count - 1);
    print_message("an EEG packet each %.2f ms\n", interval);
    assert_true(interval > 80 && interval < 140); /* coarse: a loaded machine */
    assert_that(llabs(last - now_boot_us()), <, 5000000);
    client_finish(&client);
}

static void eeg_needs_start_the_others_do_not(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=50");
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.connected, 1);
    for (int i = 0; i < SENSOR_STREAMED; i++)
        client_notify(&client, (enum sensor)i, true);
    client_until_packets(&client, 20);
    assert_int_equal(client.counts[SENSOR_EEG], 0);
    assert_true(client.counts[SENSOR_PPG] > 0 && client.counts[SENSOR_ACC] > 0);
    client_control(&client, "nonsense");
    client_until(&client, &client.controls, 1);
    assert_int_equal(client.controls_refused, 1);
    client_control(&client, model_default()->control.start);
    /* A busy machine may have many of the others on their way already. */
    for (int more = 0; more < 500 && client.counts[SENSOR_EEG] == 0; more++)
        client_until_packets(&client, client.count + 1);
    assert_that(client.counts[SENSOR_EEG], >, 0);
    client_control(&client, model_default()->control.stop);
    client_notify(&client, SENSOR_PPG, false);
    client_until(&client, &client.controls, 3);
    client_until(&client, &client.notified[SENSOR_PPG], 2);
    size_t eeg = client.counts[SENSOR_EEG], ppg = client.counts[SENSOR_PPG];
    client_until_packets(&client, client.count + 10);
    assert_int_equal(client.counts[SENSOR_EEG], eeg);
    assert_int_equal(client.counts[SENSOR_PPG], ppg);
    client_finish(&client);
}

static void a_band_without_control_sends_eeg_on_its_subscription(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=50,control=0,refuse=ppg");
    client_start(&client);
    assert_int_equal(client.refused[SENSOR_PPG], 1);
    assert_int_equal(client.refused[SENSOR_ACC], 0);
    client_until_packets(&client, 50);
    assert_int_equal(client.controls_refused, 1);
    assert_that(client.counts[SENSOR_EEG], >, 20);
    assert_int_equal(client.counts[SENSOR_PPG], 0);
    client_finish(&client);
}

static void a_disconnect_turns_everything_off(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=50");
    client_start(&client);
    client_until_packets(&client, 20);
    client_disconnect(&client);
    client_notify(&client, SENSOR_ACC, true);
    client_until(&client, &client.lost, 1);
    assert_int_equal(client.end, LINK_END_ASKED);
    assert_int_equal(client.notified[SENSOR_ACC], 1);
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.connected, 2);
    size_t count = client.count;
    client_run_ms(&client, 100);
    assert_int_equal(client.count, count);
    client_finish(&client);
}

static uint32_t tick_of(const struct noted_packet *packet)
{
    uint32_t tick;

    memcpy(&tick, packet->bytes, 4); /* the tests run on little-endian machines */
    return tick;
}

/* The first EEG packet after the outage against the last before it, s by the band's counter. */
static double outage_by_ticks(struct client *client, size_t before, size_t after)
{
    while (client->packets[before - 1].sensor != SENSOR_EEG)
        before--;
    while (client->packets[after].sensor != SENSOR_EEG)
        after++;
    return (double)(int32_t)(tick_of(&client->packets[after]) -
                             tick_of(&client->packets[before - 1])) /
           BLOCK_TICK_HZ;
}

static void the_counter_runs_on_across_a_link_drop(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=20,drop-at=10:20");
    client_start(&client);
    client_until(&client, &client.lost, 1);
    assert_int_equal(client.end, LINK_END_LOST);
    size_t before = client.count;
    client_start(&client);
    client_until_packets(&client, before + 30);
    double outage = outage_by_ticks(&client, before, before);
    double arrivals =
        (double)(client.packets[before].arrival_us - client.packets[before - 1].arrival_us) / 1e6;
    print_message("away for %.1f s by the ticks, %.1f s by the arrivals\n", outage, arrivals);
    assert_that(outage, >=, 19.9);
    assert_that(fabs(outage - arrivals), <, 1.5);
    client_finish(&client);
}

static void a_reboot_drops_the_link_and_the_counter(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=20,reboot-at=10:1");
    client_start(&client);
    client_until(&client, &client.lost, 1);
    size_t before = client.count;
    client_start(&client);
    client_until_packets(&client, before + 10);
    assert_that(tick_of(&client.packets[before - 1]), >, 467605 + 8 * BLOCK_TICK_HZ);
    assert_that(outage_by_ticks(&client, before, before), <, 0);
    client_finish(&client);
}

static void drops_come_by_chance_where_a_mean_is_given(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=100,drop=5:1");
    for (int i = 1; i <= 3; i++) {
        client_start(&client);
        client_until(&client, &client.lost, i);
        assert_int_equal(client.end, LINK_END_LOST);
    }
    client_finish(&client);
}

static void a_silent_sensor_sends_nothing_for_its_time(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=50,silent=ppg:10:20+acc");
    client_start(&client);
    client_until_packets(&client, 500);
    assert_int_equal(client.counts[SENSOR_ACC], 0);
    double longest = 0, last = 0;
    for (size_t i = 0; i < 500; i++) {
        if (client.packets[i].sensor != SENSOR_PPG)
            continue;
        double t = (double)tick_of(&client.packets[i]) / BLOCK_TICK_HZ;
        longest = last > 0 && t - last > longest ? t - last : longest;
        last = t;
    }
    print_message("ppg was silent for %.1f s\n", longest);
    assert_true(longest > 19 && longest < 22);
    client_finish(&client);
}

static void a_stalled_sensor_comes_back_when_it_is_subscribed_anew(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=50,stall=ppg:5");
    client_start(&client);
    client_until_packets(&client, 300);
    size_t first = client.counts[SENSOR_PPG];
    assert_in_range(first, 1, 12);
    client_notify(&client, SENSOR_PPG, true);
    client_until_packets(&client, 600);
    assert_in_range(client.counts[SENSOR_PPG], first + 1, first + 12);
    client_finish(&client);
}

static void a_switched_off_adapter_ends_everything_and_comes_back(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "off=0.4:0.3");
    client_scan(&client, true);
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.connected, 1);
    client_until(&client, &client.lost, 1);
    assert_int_equal(client.end, LINK_END_BLUETOOTH);
    assert_false(client.powered);
    assert_true(client.available);
    assert_int_equal(client.scans_ended, 1);
    assert_int_equal(client.scan_error, ERROR_BLUETOOTH);
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.failed, 1);
    assert_int_equal(client.connect_error, ERROR_BLUETOOTH);
    client_until(&client, &client.told_bluetooth, 3);
    assert_true(client.powered);
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.connected, 2);
    client_finish(&client);
}

static void without_an_adapter_nothing_begins(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "bluetooth=none");
    client_scan(&client, true);
    client_until(&client, &client.scans_ended, 1);
    assert_int_equal(client.scan_error, ERROR_BLUETOOTH);
    client_connect(&client, "", SIM_ADDRESS);
    client_until(&client, &client.failed, 1);
    assert_int_equal(client.connect_error, ERROR_BLUETOOTH);
    assert_false(client.available || client.powered);
    client_finish(&client);
}

static bool same_packet(const struct capture_record *record, const struct noted_packet *got)
{
    return record->packet.sensor == got->sensor && record->packet.len == got->len &&
           memcmp(record->packet.bytes, got->bytes, got->len) == 0;
}

/* Every row of the truth is a packet that arrived, every comment one that did not. */
static void the_truth_tells_what_was_sent_and_what_was_lost(void **state)
{
    struct client client;
    char path[] = "/tmp/test_sim_truth_XXXXXX", text[100], line[CAPTURE_LINE_MAX];
    static struct capture_record record;
    int fd = mkstemp(path), lost = 0;
    size_t arrived = 0;

    (void)state;
    snprintf(text, sizeof(text), "speed=50,loss=0.2,truth=%s", path);
    begin(&client, text);
    client_start(&client);
    client_until_packets(&client, 300);
    size_t count = client.count;
    struct noted_packet *packets = client.packets;
    client.packets = calloc(CLIENT_PACKETS_MAX, sizeof(*packets));
    client.count = CLIENT_PACKETS_MAX;
    client_finish(&client);
    FILE *truth = fdopen(fd, "r");
    while (fgets(line, sizeof(line), truth)) {
        bool missing = strncmp(line, "# lost ", 7) == 0;
        assert_null(capture_parse(missing ? line + 7 : line, &record));
        if (record.kind != CAPTURE_PACKET || arrived == count)
            continue;
        lost += missing;
        if (!missing)
            assert_true(same_packet(&record, &packets[arrived++]));
    }
    print_message("%zu arrived, %d lost\n", arrived, lost);
    assert_int_equal(arrived, count);
    assert_that(lost, >, 30);
    fclose(truth);
    unlink(path);
    free(packets);
}

static void a_truth_that_cannot_be_written_is_refused(void **state)
{
    struct sim_options options = options_of("truth=/nonexistent/file");
    struct failure failure;
    struct client client;

    (void)state;
    client_init(&client);
    assert_null(sim_create(&client.loop, &options, &failure));
    assert_non_null(strstr(failure.message, "/nonexistent/file"));
    client_finish(&client);
}

static void gone(void *user)
{
    ((struct client *)user)->destroyed++;
}

static void destroy_inside(struct client *client)
{
    client->backend->ops->destroy(client->backend, gone, client);
    client->backend = NULL;
}

static void it_can_be_destroyed_in_every_state(void **state)
{
    (void)state;
    for (int when = 0; when < 7; when++) {
        struct client client;
        begin(&client, "speed=50");
        if (when == 6)
            client.on_connected = destroy_inside;
        if (when == 1)
            client_scan(&client, true);
        if (when >= 2)
            client_connect(&client, "", SIM_ADDRESS);
        if (when >= 3)
            client_until(&client, &client.connected, 1);
        if (when >= 4 && when < 6)
            client_notify(&client, SENSOR_PPG, true);
        if (when == 5)
            client_until_packets(&client, 1);
        if (when == 6)
            uv_run(&client.loop, UV_RUN_DEFAULT);
        client_finish(&client);
        assert_int_equal(client.destroyed, 1);
    }
}

/* libuv's own timers and sockets get their turn between two of its. */
static void one_that_cannot_keep_up_leaves_others_their_turn(void **state)
{
    struct client client;

    (void)state;
    begin(&client, "speed=10000");
    client_start(&client);
    client.slow_us = 1000;
    alarm(60);
    client_run_ms(&client, 100);
    alarm(0);
    assert_that(client.counts[SENSOR_EEG], >, 0);
    client_finish(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_sees_each_band_again_and_again),
        cmocka_unit_test(a_scan_takes_a_radios_time),
        cmocka_unit_test(no_band_is_in_the_air_where_none_is_asked_for),
        cmocka_unit_test(an_absent_band_is_found_once_it_comes),
        cmocka_unit_test(the_first_attempts_fail_as_asked_but_the_band_is_seen),
        cmocka_unit_test(a_stream_is_what_the_band_makes),
        cmocka_unit_test(at_its_own_pace_packets_come_when_they_are_complete),
        cmocka_unit_test(eeg_needs_start_the_others_do_not),
        cmocka_unit_test(a_band_without_control_sends_eeg_on_its_subscription),
        cmocka_unit_test(a_disconnect_turns_everything_off),
        cmocka_unit_test(the_counter_runs_on_across_a_link_drop),
        cmocka_unit_test(a_reboot_drops_the_link_and_the_counter),
        cmocka_unit_test(drops_come_by_chance_where_a_mean_is_given),
        cmocka_unit_test(a_silent_sensor_sends_nothing_for_its_time),
        cmocka_unit_test(a_stalled_sensor_comes_back_when_it_is_subscribed_anew),
        cmocka_unit_test(a_switched_off_adapter_ends_everything_and_comes_back),
        cmocka_unit_test(without_an_adapter_nothing_begins),
        cmocka_unit_test(the_truth_tells_what_was_sent_and_what_was_lost),
        cmocka_unit_test(a_truth_that_cannot_be_written_is_refused),
        cmocka_unit_test(it_can_be_destroyed_in_every_state),
        cmocka_unit_test(one_that_cannot_keep_up_leaves_others_their_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
