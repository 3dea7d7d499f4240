/*
 * Random commands, faults and nonsense from the backend, seeded: whatever the order, each command
 * is answered once and within its limit (world.c checks that), and the events never contradict each
 * other.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

/* More of them on the command line, and of one test: test_manager_random 100000 'so_it*' */
static uint64_t seeds = 300;
#define STEPS 120
/* Of several bands so many times fewer walks, as there is so much more in each. */
#define MORE_TO_DO 5

static uint64_t seed;

static unsigned random_below(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

/* What a client that believes every event would think of the band in each place. */
static struct belief {
    bool connected, awaited, streaming;
} beliefs[MANAGER_DEVICES_MAX];

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

static void follow(struct world *w, const char *line)
{
    const bool numbered = w->band_count > 1 && line[1] == ' ';
    struct belief *client = &beliefs[numbered ? line[0] - '1' : 0];
    bool goes_on = strstr(line, "will_re") != NULL;

    line += numbered ? 2 : 0;

    if (begins(line, "device_connected")) {
        assert_false(client->connected);
        assert_int_equal(strstr(line, "resumed") != NULL, client->awaited);
        client->connected = true;
    } else if (begins(line, "device_disconnected")) {
        assert_true(client->connected || (client->awaited && !goes_on));
        client->connected = false;
        client->awaited = goes_on;
    } else if (begins(line, "stream_started")) {
        assert_true(client->connected);
        client->streaming = true;
    } else if (begins(line, "stream_stopped")) {
        assert_true(client->streaming || !goes_on);
        client->streaming = false;
    } else if (begins(line, "device_connection_failed")) {
        /* A connect queued behind a disconnect is undone before the link's end is told. */
        assert_true(!client->connected || strstr(line, "CANCELLED"));
    }
    /* Commands from within callbacks too. */
    turn_to(w, 1 + random_below((unsigned)w->band_count));
    if (!begins(line, "start") && random_below(40) == 0)
        ask_stop(w);
    if (!begins(line, "disconnect") && random_below(80) == 0)
        ask_disconnect(w);
}

static void connect_by_name(struct world *w)
{
    const bool known = random_below(3) != 0;

    if (w->band_count > 1)
        ask_connect_to(w, NULL, w->band->identity.name);
    else
        ask_connect_to(w, NULL, known ? NAME : NAME2);
}

static void command(struct world *w)
{
    static const int rates[] = {0, 125, 250, 500, 1000};
    /* One by one: the order in which arguments are evaluated is the compiler's. */
    sensor_set sensors = random_below(16);
    int rate = rates[random_below(5)];
    unsigned seconds = random_below(3) ? 0 : random_below(30);

    switch (random_below(9)) {
    case 0:
        ask_scan(w, 1 + random_below(20));
        break;
    case 1:
        ask_stop_scan(w);
        break;
    case 2:
    case 3:
        ask_connect(w);
        break;
    case 4:
        connect_by_name(w);
        break;
    case 5:
        if (random_below(3) == 0)
            ask_disconnect(w);
        break;
    case 6:
    case 7:
        ask_start(w, sensors, rate, seconds);
        break;
    default:
        ask_stop(w);
        break;
    }
}

static void suspend(struct world *w, int64_t length)
{
    w->now += length;
    w->slept += length;
}

static void fault(struct world *w)
{
    switch (random_below(9)) {
    case 0:
        w->band->absent = random_below(2);
        break;
    case 1:
        w->band->unreachable = random_below(4) == 0;
        break;
    case 2:
        w->band->refused = random_below(3) ? 0 : random_below(16);
        break;
    case 3:
        w->band->silent = random_below(2) ? 0 : random_below(16);
        break;
    case 4:
        if (w->band->link)
            lose_link(w, random_below(4) ? LINK_END_LOST : LINK_END_BLUETOOTH);
        break;
    case 5:
        set_bluetooth(w, random_below(4) != 0);
        break;
    case 6:
        suspend(w, random_below(10) * SECOND);
        manager_resumed(w->manager);
        break;
    case 7:
        manager_want_for_recording(w->manager, random_below(manager_ground(w->manager)->max_bands),
                                   random_below(2) ? 0 : random_below(16));
        break;
    default:
        w->utc_offset += (int64_t)random_below(2000000) - SECOND;
        break;
    }
}

/* Ends for reasons that don't fit, and what was never asked for. */
static void nonsense(struct world *w)
{
    const struct backend_listener *scanner = &w->backend.listener;
    struct failure failure = {.code = (enum error_code)random_below(ERROR_INTERNAL + 1)};
    enum sensor sensor = (enum sensor)random_below(SENSOR_COUNT);
    bool on = random_below(2), fails = random_below(2);
    unsigned what = random_below(5);

    w->odd = true;
    if (what == 0)
        scanner->scan_ended(scanner->user, fails ? &failure : NULL);
    if (what == 0 || !w->band->link)
        return;
    const struct link_listener *up = &w->band->link->listener;
    switch (what) {
    case 1:
        end_link(w, (enum link_end)random_below(LINK_END_CANCELLED + 1), fails ? &failure : NULL);
        break;
    case 2:
        up->notified(up->user, sensor, on, fails ? &failure : NULL);
        break;
    case 3:
        up->written(up->user, fails ? &failure : NULL);
        break;
    default:
        send_packet(w, sensor);
        break;
    }
}

/* A band has one place at most, and who is connected is told in one clock. */
static void look(struct world *w)
{
    unsigned places[MANAGER_DEVICES_MAX];
    const size_t count = manager_devices(w->manager, places);

    for (size_t i = 0; i < count; i++) {
        const struct manager_status *one = manager_status(w->manager, places[i]);
        for (size_t j = 0; j < i; j++) {
            const struct manager_status *other = manager_status(w->manager, places[j]);
            if (one->link != LINK_CONNECTED || other->link != LINK_CONNECTED)
                continue;
            assert_string_not_equal(one->device.band.address, other->device.band.address);
            assert_that(fabs(one->utc_error_ms - other->utc_error_ms), <, 0.002);
        }
    }
}

static void step(struct world *w, bool with_nonsense)
{
    unsigned choice = random_below(10);

    turn_to(w, 1 + random_below((unsigned)w->band_count));
    if (choice < 6)
        command(w);
    else if (choice < 9 || !with_nonsense)
        fault(w);
    else
        nonsense(w);
    forget_log(w);
    run(w, random_below(3) ? random_below(1000) / 1000.0 : random_below(30));
    look(w);
}

static void wander(uint64_t from, unsigned bands, bool with_nonsense)
{
    void *world = NULL;

    seed = from;
    world_fast_start = from % 2;
    /* Of several one more than there are places. */
    assert_int_equal(world_open_for(&world, bands > 1 ? bands - 1 : 1, bands), 0);
    struct world *w = world;
    memset(beliefs, 0, sizeof(beliefs));
    w->on_line = follow;
    if (bands > 1 && random_below(2))
        manager_auto_connect(w->manager, random_below(2) ? NAME : ADDRESS2);
    for (int i = 0; i < STEPS; i++)
        step(w, with_nonsense);
    w->on_line = NULL;
    run(w, 70);
    assert_int_equal(w->asked, w->answered);
    assert_int_equal(world_close(&world), 0);
}

static void whatever_happens_each_command_is_answered_once(void **unused)
{
    (void)unused;
    for (uint64_t from = 1; from <= seeds; from++)
        wander(from, 1, false);
}

static void a_backend_that_talks_nonsense_breaks_nothing(void **unused)
{
    (void)unused;
    for (uint64_t from = 1; from <= seeds; from++)
        wander(UINT64_C(1000000) + from, 1, true);
}

static void so_it_is_with_several_bands(void **unused)
{
    (void)unused;
    for (uint64_t from = 1; from <= seeds; from += MORE_TO_DO)
        wander(UINT64_C(2000000) + from, 2 + from / MORE_TO_DO % (BANDS - 1),
               from / MORE_TO_DO % 2);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_happens_each_command_is_answered_once),
        cmocka_unit_test(a_backend_that_talks_nonsense_breaks_nothing),
        cmocka_unit_test(so_it_is_with_several_bands),
    };

    if (argc > 1)
        seeds = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
