#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "fake_pipeline.h"

#define START_US INT64_C(1000000000)

static const int64_t interval[SENSOR_COUNT] = {100000, 561000, 1189000, 60000000};

__attribute__((format(printf, 2, 3))) static void note(struct world *w, const char *format, ...)
{
    va_list args;

    assert_that(w->line_count, <, LINES_MAX);
    char *line = w->lines[w->line_count++];
    va_start(args, format);
    vsnprintf(line, sizeof(w->lines[0]), format, args);
    va_end(args);
    if (w->on_line)
        w->on_line(w, line);
}

static const char *set_text(sensor_set set)
{
    static char text[2][32];
    static int turn;
    char *out = text[turn++ & 1];

    size_t len = 0;

    out[0] = '\0';
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (set & SENSOR_BIT(i))
            len += (size_t)snprintf(out + len, sizeof(text[0]) - len, "%s%s", len ? "," : "",
                                    sensor_name((enum sensor)i));
    }
    return out;
}

/* ---- The backend ---- */

static struct world *world_of(struct backend *backend)
{
    return (struct world *)((char *)backend - offsetof(struct world, backend));
}

/* Of its own piece of memory, for a sanitizer to see who uses it after its end. */
struct fake_link {
    struct ble_link link;
    struct world *world;
};

static struct world *world_of_link(struct ble_link *link)
{
    struct world *w = ((struct fake_link *)link)->world;

    assert_ptr_equal(link, w->link);
    return w;
}

static struct op *later(struct world *w, double seconds, int kind)
{
    assert_that(w->op_count, <, OPS_MAX);
    struct op *op = &w->ops[w->op_count++];
    *op = (struct op){.at = w->now + (int64_t)(seconds * 1e6)};
    op->kind = kind;
    return op;
}

/* What is under way on the link goes with it. */
static void drop_link_ops(struct world *w)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->op_count; i++) {
        if (w->ops[i].kind == OP_SCAN_ENDED)
            w->ops[kept++] = w->ops[i];
    }
    w->op_count = kept;
}

static void drop_ops(struct world *w, int kind)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->op_count; i++) {
        if ((int)w->ops[i].kind != kind)
            w->ops[kept++] = w->ops[i];
    }
    w->op_count = kept;
}

static void fake_scan_start(struct backend *backend)
{
    struct world *w = world_of(backend);

    assert_true(w->odd || !w->scanning);
    w->scanning = true;
}

static void fake_scan_stop(struct backend *backend)
{
    struct world *w = world_of(backend);

    later(w, 0.05, OP_SCAN_ENDED);
}

static void fake_close(struct ble_link *link)
{
    struct world *w = world_of_link(link);

    drop_ops(w, OP_UP);
    if (!w->deaf)
        later(w, w->radio == FAKE_LINKED ? 1 : 0.1, OP_DOWN);
}

static void fake_notify(struct ble_link *link, enum sensor sensor, bool on)
{
    struct world *w = world_of_link(link);

    assert_int_equal(w->radio, FAKE_LINKED);
    if (w->log_operations)
        note(w, "%s %s", sensor_name(sensor), on ? "on" : "off");
    if (w->hangs)
        return;
    struct op *op = later(w, 0.02, OP_NOTIFIED);
    op->sensor = sensor;
    op->on = on;
}

static void fake_write(struct ble_link *link, const char *text)
{
    struct world *w = world_of_link(link);

    assert_int_equal(w->radio, FAKE_LINKED);
    if (w->log_operations)
        note(w, "write %s", text);
    failure_set(&later(w, 0.02, OP_WRITTEN)->failure, ERROR_BLUETOOTH, "Not supported");
}

static void fake_probe(struct ble_link *link)
{
    struct world *w = world_of_link(link);

    assert_int_equal(w->radio, FAKE_LINKED);
    if (w->log_operations)
        note(w, "probe");
    if (!w->hangs)
        later(w, 0.02, OP_PROBED);
}

static const struct ble_link_ops fake_link_ops = {fake_close, fake_notify, fake_write, fake_probe};

static struct ble_link *fake_open(struct backend *backend, const struct band_identity *band,
                                  const struct link_listener *listener)
{
    struct world *w = world_of(backend);
    struct fake_link *link = calloc(1, sizeof(*link));

    (void)band;
    assert_non_null(link);
    assert_null(w->link);
    link->link = (struct ble_link){&fake_link_ops, *listener};
    link->world = w;
    w->link = &link->link;
    w->connects++;
    w->radio = FAKE_TRYING;
    return w->link;
}

static void fake_destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    struct world *w = world_of(backend);

    free(w->link);
    w->link = NULL;
    w->radio = FAKE_FREE;
    w->scanning = false;
    w->on = 0;
    w->op_count = 0;
    done(user);
}

static const struct backend_ops fake_ops = {
    .name = "fake",
    .scan_start = fake_scan_start,
    .scan_stop = fake_scan_stop,
    .open = fake_open,
    .destroy = fake_destroy,
};

static void complete_up(struct world *w)
{
    struct band_link link = {.band = {NAME, ADDRESS}, .rssi = -60, .battery_level = 80};

    w->radio = FAKE_LINKED;
    w->on = 0;
    link.anchor.boot_us = w->now;
    link.anchor.utc_us = w->now + w->utc_offset;
    w->link->listener.up(w->link->listener.user, &link);
}

static void complete_notified(struct world *w, const struct op *op)
{
    struct failure failure;
    bool fails = op->on && (w->refused & SENSOR_BIT(op->sensor));

    w->on &= ~SENSOR_BIT(op->sensor);
    if (op->on && !fails) {
        w->on |= SENSOR_BIT(op->sensor);
        w->next_packet[op->sensor] =
            w->now + (op->sensor == SENSOR_BAT ? 50000 : interval[op->sensor]);
    }
    failure_set(&failure, ERROR_BLUETOOTH, "Refused");
    w->link->listener.notified(w->link->listener.user, op->sensor, op->on, fails ? &failure : NULL);
}

void end_link(struct world *w, enum link_end end, const struct failure *failure)
{
    const struct link_listener up = w->link->listener;

    drop_link_ops(w);
    free(w->link);
    w->link = NULL;
    w->radio = FAKE_FREE;
    w->on = 0;
    up.down(up.user, end, failure);
}

static void complete(struct world *w, const struct op *op)
{
    const struct backend_listener *scanner = &w->backend.listener;
    const struct link_listener *up = w->link ? &w->link->listener : NULL;

    switch (op->kind) {
    case OP_UP:
        complete_up(w);
        break;
    case OP_DOWN:
        end_link(w, w->radio == FAKE_LINKED ? LINK_END_ASKED : LINK_END_CANCELLED, NULL);
        break;
    case OP_NOTIFIED:
        complete_notified(w, op);
        break;
    case OP_WRITTEN:
        up->written(up->user, &op->failure);
        break;
    case OP_PROBED:
        up->probed(up->user, true);
        break;
    case OP_SCAN_ENDED:
        w->scanning = false;
        scanner->scan_ended(scanner->user, NULL);
        break;
    }
}

/* ---- The listener ---- */

static void on_reply(void *user, const struct manager_outcome *outcome);

struct ticket {
    struct world *world;
    const char *name;
    int64_t asked_us, limit_us;
    bool answered;
};

static struct ticket tickets[100000];

static struct manager_reply ticket(struct world *w, const char *name, double limit)
{
    assert_that(w->asked, <, sizeof(tickets) / sizeof(tickets[0]));
    struct ticket *t = &tickets[w->asked++];
    *t = (struct ticket){
        .world = w,
        .name = name,
        .asked_us = w->now - w->slept,
        .limit_us = (int64_t)(limit * 1e6),
    };
    return (struct manager_reply){.done = on_reply, .user = t};
}

static void on_reply(void *user, const struct manager_outcome *outcome)
{
    struct ticket *t = user;

    assert_false(t->answered);
    assert_that(t->world->now - t->world->slept - t->asked_us, <=, t->limit_us);
    t->answered = true;
    t->world->answered++;
    if (outcome->failure.code == ERROR_NONE)
        note(t->world, "%s: %sok", t->name, outcome->already ? "already " : "");
    else
        note(t->world, "%s: %s%s%s", t->name, error_code_name(outcome->failure.code),
             outcome->sensor >= 0 ? " " : "",
             outcome->sensor >= 0 ? sensor_name((enum sensor)outcome->sensor) : "");
}

static void on_bluetooth_status(void *user)
{
    note(user, "bluetooth_status");
}

static void on_scan_result(void *user, enum scan_status status)
{
    note(user, "scan_result %s", scan_status_name(status));
}

static void on_device_info(void *user, unsigned device)
{
    (void)device;
    (void)user;
}

static void on_device_connected(void *user, unsigned device, bool resumed, double step_ms)
{
    (void)device;
    note(user, "device_connected%s", resumed ? " resumed" : "");
    if (step_ms != 0)
        note(user, "clock_step %.0f", step_ms);
}

static void on_clock_stepped(void *user, unsigned device, double step_ms)
{
    (void)device;
    note(user, "clock_stepped %.0f", step_ms);
}

static void on_device_disconnected(void *user, unsigned device, const struct band_identity *band,
                                   enum disconnect_reason reason, bool will_reconnect)
{
    (void)device;
    assert_true(band->name[0] || band->address[0]);
    note(user, "device_disconnected %s%s", disconnect_reason_name(reason),
         will_reconnect ? " will_reconnect" : "");
}

static void on_connection_failed(void *user, unsigned device, const struct band_identity *band,
                                 const struct failure *failure, bool will_retry)
{
    (void)device;
    assert_true(band->name[0] || band->address[0]);
    note(user, "device_connection_failed %s%s", error_code_name(failure->code),
         will_retry ? " will_retry" : "");
}

static void on_stream_started(void *user, unsigned device, bool resumed)
{
    struct world *w = user;
    const struct manager_status *status = manager_status(w->manager, device);

    w->streaming = true;
    w->first_seen = 0;
    note(w, "stream_started %s at %g%s", set_text(status->sensors), status->sample_rate,
         resumed ? " resumed" : "");
}

static void on_stream_stopped(void *user, unsigned device, const struct band_identity *band,
                              sensor_set sensors, enum stream_end reason, bool will_resume)
{
    struct world *w = user;

    (void)device;
    assert_true(band->name[0] || band->address[0]);
    w->streaming = false;
    note(w, "stream_stopped %s %s%s", set_text(sensors), stream_end_name(reason),
         will_resume ? " will_resume" : "");
}

static void on_sensor_status(void *user, unsigned device, enum sensor sensor,
                             enum sensor_state state, double silent_for)
{
    (void)device;
    assert_that(silent_for, >=, 0);
    note(user, "sensor_status %s %s", sensor_name(sensor), sensor_state_name(state));
}

static void on_link_up(void *user, unsigned device, const struct band_link *link)
{
    (void)device;
    (void)user;
    (void)link;
}

static void on_link_down(void *user, unsigned device, int64_t boot_us)
{
    struct world *w = user;

    (void)device;
    assert_that(boot_us, <=, w->now);
}

static void on_subscription(void *user, unsigned device, sensor_set sensors)
{
    (void)device;
    (void)user;
    assert_true(sensors & BAT);
}

static void on_packet(void *user, unsigned device, const struct packet *packet)
{
    struct world *w = user;

    (void)device;
    assert_that(packet->len, >, 0);
    assert_that(packet->arrival_us, >=, w->arrived[packet->sensor]);
    w->arrived[packet->sensor] = packet->arrival_us;
}

/* Data are logged once a sensor since the stream began, to see their place among the events. */
static void on_samples(void *user, unsigned device, const struct sample_block *block)
{
    struct world *w = user;
    enum sensor sensor = block->samples.sensor;

    (void)device;
    w->got[sensor]++;
    if (sensor == SENSOR_BAT || (w->first_seen & SENSOR_BIT(sensor)))
        return;
    w->first_seen |= SENSOR_BIT(sensor);
    note(w, "data %s", sensor_name(sensor));
}

static void on_eeg(void *user, unsigned device, const struct eeg_features *features)
{
    (void)device;
    (void)user;
    (void)features;
}

static void on_ppg(void *user, unsigned device, const struct ppg_features *features)
{
    (void)device;
    (void)user;
    (void)features;
}

static void on_acc(void *user, unsigned device, const struct acc_features *features)
{
    (void)device;
    (void)user;
    (void)features;
}

static void on_wants(void *user, unsigned device, const struct manager_wants *wants)
{
    (void)device;
    ((struct world *)user)->wants = *wants;
}

static int64_t host_boot(void *user)
{
    return ((struct world *)user)->now;
}

static int64_t host_utc(void *user)
{
    return ((struct world *)user)->now + ((struct world *)user)->utc_offset;
}

static void host_wake_at(void *user, int64_t at)
{
    ((struct world *)user)->alarm = at;
}

int world_open(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    const struct manager_config config = {.mains_hz = 50};

    if (!w)
        return -1;
    const struct manager_host host = {w, host_boot, host_utc, host_wake_at};
    const struct manager_listener listener = {
        .user = w,
        .bluetooth_status = on_bluetooth_status,
        .scan_result = on_scan_result,
        .device_info = on_device_info,
        .device_connected = on_device_connected,
        .clock_stepped = on_clock_stepped,
        .device_disconnected = on_device_disconnected,
        .device_connection_failed = on_connection_failed,
        .stream_started = on_stream_started,
        .stream_stopped = on_stream_stopped,
        .sensor_status = on_sensor_status,
        .link_up = on_link_up,
        .link_down = on_link_down,
        .subscription = on_subscription,
        .packet = on_packet,
        .samples = on_samples,
        .eeg = on_eeg,
        .ppg = on_ppg,
        .acc = on_acc,
        .wants_changed = on_wants,
    };
    fake_eeg_rate = 250;
    w->now = START_US;
    w->utc_offset = INT64_C(1700000000) * SECOND;
    w->alarm = INT64_MAX;
    w->backend.ops = &fake_ops;
    w->manager = manager_create(&config, &w->backend, &host, &listener);
    *state = w;
    set_bluetooth(w, true);
    forget_log(w);
    return w->manager ? 0 : -1;
}

void shut_down_done(void *user)
{
    ((struct world *)user)->shut_down = true;
}

void shut_down(struct world *w)
{
    manager_shutdown(w->manager, shut_down_done, w);
    assert_true(w->shut_down);
}

/* Every story ends with each command answered exactly once. */
int world_close(void **state)
{
    struct world *w = *state;

    w->on_line = NULL;
    if (!w->shut_down)
        manager_shutdown(w->manager, shut_down_done, w);
    int failed = !w->shut_down || w->asked != w->answered || w->wants.band.name[0];
    free(w);
    return failed;
}

/* ---- Commands ---- */

void ask_scan(struct world *w, double seconds)
{
    manager_scan(w->manager, seconds, ticket(w, "scan", 60));
}

void ask_stop_scan(struct world *w)
{
    manager_stop_scan(w->manager, ticket(w, "stop_scan", 0));
}

void ask_connect(struct world *w)
{
    ask_connect_to(w, ADDRESS, NULL);
}

void ask_connect_to(struct world *w, const char *address, const char *name)
{
    manager_connect(w->manager, address, name, ticket(w, "connect", 20));
}

void ask_disconnect(struct world *w)
{
    manager_disconnect(w->manager, 0, ticket(w, "disconnect", 10));
}

void ask_start(struct world *w, sensor_set sensors, int rate, double seconds)
{
    manager_start_streaming(w->manager, 0, sensors, rate, seconds, ticket(w, "start", 30));
}

void ask_stop(struct world *w)
{
    manager_stop_streaming(w->manager, 0, ticket(w, "stop", 0));
}

/* ---- Time ---- */

void send_packet(struct world *w, enum sensor sensor)
{
    static const uint8_t bytes[184] = {1};
    struct packet packet = {
        .sensor = sensor,
        .arrival_us = w->now,
        .bytes = bytes,
        .len = sensor == SENSOR_BAT ? 1 : sizeof(bytes),
    };

    if (w->cut & SENSOR_BIT(sensor))
        packet.len = CUT_LEN;
    w->sent[sensor]++;
    w->link->listener.packet(w->link->listener.user, &packet);
}

static bool is_under_way(const struct world *w, int kind)
{
    for (size_t i = 0; i < w->op_count; i++) {
        if ((int)w->ops[i].kind == kind)
            return true;
    }
    return false;
}

static void see_bands(struct world *w)
{
    struct band_sighting sighting = {.band = {NAME, ADDRESS}, .rssi = -60};

    if (!w->absent && (w->scanning || w->radio == FAKE_TRYING))
        w->backend.listener.seen(w->backend.listener.user, &sighting);
    if (w->radio == FAKE_TRYING && !w->absent && !w->unreachable && !is_under_way(w, OP_UP) &&
        !is_under_way(w, OP_DOWN))
        later(w, 0.5, OP_UP);
}

static int64_t next_of_all(const struct world *w)
{
    int64_t next = w->alarm;

    for (size_t i = 0; i < w->op_count; i++)
        next = w->ops[i].at < next ? w->ops[i].at : next;
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if ((w->on & ~w->silent & SENSOR_BIT(i)) && w->next_packet[i] < next)
            next = w->next_packet[i];
    }
    return next;
}

static void do_ops(struct world *w)
{
    for (size_t i = 0; i < w->op_count;) {
        struct op op = w->ops[i];
        if (op.at > w->now) {
            i++;
            continue;
        }
        memmove(&w->ops[i], &w->ops[i + 1], (--w->op_count - i) * sizeof(op));
        complete(w, &op);
        i = 0;
    }
}

static void do_packets(struct world *w)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (w->next_packet[i] > w->now || !(w->on & SENSOR_BIT(i)))
            continue;
        w->next_packet[i] = w->now + interval[i];
        if (!(w->silent & SENSOR_BIT(i)))
            send_packet(w, (enum sensor)i);
    }
}

void run(struct world *w, double seconds)
{
    int64_t end = w->now + (int64_t)(seconds * 1e6);

    see_bands(w);
    while (next_of_all(w) <= end) {
        int64_t next = next_of_all(w);
        if (next > w->now)
            w->now = next;
        do_ops(w);
        do_packets(w);
        if (w->alarm <= w->now) {
            w->alarm = INT64_MAX;
            manager_wake(w->manager);
        }
        see_bands(w);
    }
    w->now = end;
}

void lose_link(struct world *w, enum link_end end)
{
    end_link(w, end, NULL);
}

void set_bluetooth(struct world *w, bool on)
{
    w->backend.listener.bluetooth(w->backend.listener.user, true, on,
                                  on ? "ready" : "switched off");
}

void forget_log(struct world *w)
{
    w->read = w->line_count = 0;
}

void get_connected(struct world *w)
{
    ask_connect(w);
    run(w, 3);
    EXPECT(w, "connect: ok", "device_connected");
}

void get_streaming(struct world *w, sensor_set sensors)
{
    get_connected(w);
    ask_start(w, sensors, 0, 0);
    run(w, 4);
    assert_true(w->streaming);
    forget_log(w);
}

void get_waiting(struct world *w, sensor_set sensors)
{
    if (sensors)
        get_streaming(w, sensors);
    else
        get_connected(w);
    w->absent = true;
    lose_link(w, LINK_END_LOST);
    run(w, 1);
    forget_log(w);
}

static void print_difference(const struct world *w, const char *const *expected)
{
    print_error("told:\n");
    for (size_t i = w->read; i < w->line_count; i++)
        print_error("    %s\n", w->lines[i]);
    print_error("expected:\n");
    for (size_t i = 0; expected[i]; i++)
        print_error("    %s\n", expected[i]);
}

void expect_lines(struct world *w, const char *file, int line, const char *const *expected)
{
    size_t count = 0, have = w->line_count - w->read, same = 0;

    while (expected[count])
        count++;
    while (same < count && same < have && strcmp(w->lines[w->read + same], expected[same]) == 0)
        same++;
    if (same != count || count != have) {
        print_difference(w, expected);
        _fail(file, line);
    }
    forget_log(w);
}
