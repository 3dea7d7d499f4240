#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

/* Of the device in this place; its number comes first where there are several. */
__attribute__((format(printf, 3, 4))) static void note_of(struct world *w, unsigned place,
                                                          const char *format, ...)
{
    char text[sizeof(w->lines[0]) - 4];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (w->band_count > 1)
        note(w, "%u %s", place + 1, text);
    else
        note(w, "%s", text);
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

/* ---- The backend */

static struct world *world_of(struct backend *backend)
{
    return (struct world *)((char *)backend - offsetof(struct world, backend));
}

/* Of its own piece of memory, for a sanitizer to see who uses it after its end. */
struct fake_link {
    struct ble_link link;
    struct world *world;
    struct fake_band *band; /* NULL: of one that has a link already; it comes to nothing */
};

static struct world *world_of_link(const struct ble_link *link)
{
    return ((const struct fake_link *)link)->world;
}

static struct fake_band *band_of_link(const struct ble_link *link)
{
    return ((const struct fake_link *)link)->band;
}

static struct op *later(struct world *w, double seconds, int kind, struct ble_link *link)
{
    assert_that(w->op_count, <, OPS_MAX);
    struct op *op = &w->ops[w->op_count++];
    *op = (struct op){.at = w->now + (int64_t)(seconds * 1e6), .link = link};
    op->kind = kind;
    return op;
}

static bool is_under_way(const struct world *w, int kind, const struct ble_link *link)
{
    for (size_t i = 0; i < w->op_count; i++) {
        if ((int)w->ops[i].kind == kind && w->ops[i].link == link)
            return true;
    }
    return false;
}

/* What is under way on the link goes with it. */
static void drop_link_ops(struct world *w, const struct ble_link *link)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->op_count; i++) {
        if (w->ops[i].link != link)
            w->ops[kept++] = w->ops[i];
    }
    w->op_count = kept;
}

static void drop_ops(struct world *w, int kind, const struct ble_link *link)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->op_count; i++) {
        if ((int)w->ops[i].kind != kind || w->ops[i].link != link)
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

    later(w, 0.05, OP_SCAN_ENDED, NULL);
}

static void fake_close(struct ble_link *link)
{
    struct world *w = world_of_link(link);
    const struct fake_band *band = band_of_link(link);
    bool linked = band && band->radio == FAKE_LINKED;

    drop_ops(w, OP_UP, link);
    drop_ops(w, OP_REFUSED, link);
    if (!band || !band->deaf)
        later(w, linked ? 1 : 0.1, OP_DOWN, link);
}

/* Of a link that is up; says of which world it is. */
static struct world *asked(struct ble_link *link)
{
    assert_non_null(band_of_link(link));
    assert_ptr_equal(link, band_of_link(link)->link);
    assert_int_equal(band_of_link(link)->radio, FAKE_LINKED);
    return world_of_link(link);
}

static void fake_notify(struct ble_link *link, enum sensor sensor, bool on)
{
    struct world *w = asked(link);

    if (w->log_operations)
        note(w, "%s %s", sensor_name(sensor), on ? "on" : "off");
    if (band_of_link(link)->hangs)
        return;
    struct op *op = later(w, 0.02, OP_NOTIFIED, link);
    op->sensor = sensor;
    op->on = on;
}

static void fake_write(struct ble_link *link, const char *text)
{
    struct world *w = asked(link);

    if (w->log_operations)
        note(w, "write %s", text);
    failure_set(&later(w, 0.02, OP_WRITTEN, link)->failure, ERROR_BLUETOOTH, "Not supported");
}

static void fake_probe(struct ble_link *link)
{
    struct world *w = asked(link);

    if (w->log_operations)
        note(w, "probe");
    if (!band_of_link(link)->hangs)
        later(w, 0.02, OP_PROBED, link);
}

static const struct ble_link_ops fake_link_ops = {fake_close, fake_notify, fake_write, fake_probe};

/* Where there is one band every wish meets it. */
static struct fake_band *meant(struct world *w, const struct band_identity *identity)
{
    for (size_t i = 0; i < BANDS && w->band_count > 1; i++) {
        struct fake_band *band = &w->bands[i];
        if (identity->address[0] ? strcasecmp(identity->address, band->identity.address) == 0
                                 : strcasecmp(identity->name, band->identity.name) == 0)
            return band;
    }
    assert_int_equal(w->band_count, 1);
    return &w->bands[0];
}

static struct ble_link *fake_open(struct backend *backend, const struct band_identity *identity,
                                  const struct link_listener *listener)
{
    struct world *w = world_of(backend);
    struct fake_band *band = meant(w, identity);
    struct fake_link *link = calloc(1, sizeof(*link));

    assert_non_null(link);
    *link = (struct fake_link){{&fake_link_ops, *listener}, w, band->link ? NULL : band};
    if (band->link) {
        assert_that(w->band_count, >, 1);
        failure_set(&later(w, 0.1, OP_REFUSED, &link->link)->failure, ERROR_BUSY, "It has one");
        return &link->link;
    }
    band->link = &link->link;
    band->connects++;
    band->radio = FAKE_TRYING;
    return band->link;
}

static void free_links(struct world *w)
{
    for (size_t i = 0; i < w->op_count; i++) {
        if (w->ops[i].link && !band_of_link(w->ops[i].link))
            free(w->ops[i].link);
    }
    for (size_t i = 0; i < BANDS; i++) {
        free(w->bands[i].link);
        w->bands[i].link = NULL;
        w->bands[i].radio = FAKE_FREE;
        w->bands[i].on = 0;
    }
}

static void fake_destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    struct world *w = world_of(backend);

    free_links(w);
    w->scanning = false;
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

static void complete_up(struct world *w, struct ble_link *link)
{
    struct fake_band *band = band_of_link(link);
    struct band_link made = {.band = band->identity, .rssi = -60, .battery_level = 80};

    band->radio = FAKE_LINKED;
    band->on = 0;
    made.anchor.boot_us = w->now;
    made.anchor.utc_us = w->now + w->utc_offset;
    link->listener.up(link->listener.user, &made);
}

static void complete_notified(struct world *w, const struct op *op)
{
    struct fake_band *band = band_of_link(op->link);
    const struct link_listener *up = &op->link->listener;
    struct failure failure;
    bool fails = op->on && (band->refused & SENSOR_BIT(op->sensor));

    band->on &= ~SENSOR_BIT(op->sensor);
    if (op->on && !fails) {
        band->on |= SENSOR_BIT(op->sensor);
        band->next_packet[op->sensor] =
            w->now + (op->sensor == SENSOR_BAT ? 50000 : interval[op->sensor]);
    }
    failure_set(&failure, ERROR_BLUETOOTH, "Refused");
    up->notified(up->user, op->sensor, op->on, fails ? &failure : NULL);
}

static void end_this_link(struct world *w, struct ble_link *link, enum link_end end,
                          const struct failure *failure)
{
    const struct link_listener up = link->listener;
    struct fake_band *band = band_of_link(link);

    drop_link_ops(w, link);
    free(link);
    if (band) {
        band->link = NULL;
        band->radio = FAKE_FREE;
        band->on = 0;
    }
    up.down(up.user, end, failure);
}

void end_link(struct world *w, enum link_end end, const struct failure *failure)
{
    end_this_link(w, w->band->link, end, failure);
}

static void complete_down(struct world *w, struct ble_link *link)
{
    const struct fake_band *band = band_of_link(link);
    bool linked = band && band->radio == FAKE_LINKED;

    end_this_link(w, link, linked ? LINK_END_ASKED : LINK_END_CANCELLED, NULL);
}

static void complete(struct world *w, const struct op *op)
{
    const struct backend_listener *scanner = &w->backend.listener;
    const struct link_listener *up = op->link ? &op->link->listener : NULL;

    switch (op->kind) {
    case OP_UP:
        complete_up(w, op->link);
        break;
    case OP_DOWN:
        complete_down(w, op->link);
        break;
    case OP_REFUSED:
        end_this_link(w, op->link, LINK_END_FAILED, &op->failure);
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

/* ---- The listener */

static void on_reply(void *user, const struct manager_outcome *outcome);

struct ticket {
    struct world *world;
    const char *name;
    const struct fake_band *band; /* NULL: about none */
    int64_t asked_us, limit_us;
    bool answered;
};

static struct ticket tickets[100000];

static struct manager_reply ticket(struct world *w, const struct fake_band *band, const char *name,
                                   double limit)
{
    assert_that(w->asked, <, sizeof(tickets) / sizeof(tickets[0]));
    struct ticket *t = &tickets[w->asked++];
    *t = (struct ticket){
        .world = w,
        .name = name,
        .band = band,
        .asked_us = w->now - w->slept,
        .limit_us = (int64_t)(limit * 1e6),
    };
    return (struct manager_reply){.done = on_reply, .user = t};
}

static void tell_reply(const struct ticket *t, const struct manager_outcome *outcome)
{
    const char *sensor = outcome->sensor >= 0 ? sensor_name((enum sensor)outcome->sensor) : "";
    char text[64];

    if (outcome->failure.code == ERROR_NONE)
        snprintf(text, sizeof(text), "%sok", outcome->already ? "already " : "");
    else
        snprintf(text, sizeof(text), "%s%s%s", error_code_name(outcome->failure.code),
                 sensor[0] ? " " : "", sensor);
    if (t->band)
        note_of(t->world, (unsigned)(t->band - t->world->bands), "%s: %s", t->name, text);
    else
        note(t->world, "%s: %s", t->name, text);
}

static void on_reply(void *user, const struct manager_outcome *outcome)
{
    struct ticket *t = user;

    assert_false(t->answered);
    assert_that(t->world->now - t->world->slept - t->asked_us, <=, t->limit_us);
    t->answered = true;
    t->world->answered++;
    tell_reply(t, outcome);
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
    note_of(user, device, "device_connected%s", resumed ? " resumed" : "");
    if (step_ms != 0)
        note_of(user, device, "clock_step %.0f", step_ms);
}

static void on_clock_stepped(void *user, unsigned device, double step_ms)
{
    note_of(user, device, "clock_stepped %.0f", step_ms);
}

static void on_device_disconnected(void *user, unsigned device, const struct band_identity *band,
                                   enum disconnect_reason reason, bool will_reconnect)
{
    assert_true(band->name[0] || band->address[0]);
    note_of(user, device, "device_disconnected %s%s", disconnect_reason_name(reason),
            will_reconnect ? " will_reconnect" : "");
}

static void on_connection_failed(void *user, unsigned device, const struct band_identity *band,
                                 const struct failure *failure, bool will_retry)
{
    assert_true(band->name[0] || band->address[0]);
    note_of(user, device, "device_connection_failed %s%s", error_code_name(failure->code),
            will_retry ? " will_retry" : "");
}

static void on_stream_started(void *user, unsigned device, bool resumed)
{
    struct world *w = user;
    const struct manager_status *status = manager_status(w->manager, device);

    w->places[device].streaming = true;
    w->places[device].first_seen = 0;
    note_of(w, device, "stream_started %s at %g%s", set_text(status->sensors), status->sample_rate,
            resumed ? " resumed" : "");
}

static void on_stream_stopped(void *user, unsigned device, const struct band_identity *band,
                              sensor_set sensors, enum stream_end reason, bool will_resume)
{
    struct world *w = user;

    assert_true(band->name[0] || band->address[0]);
    w->places[device].streaming = false;
    note_of(w, device, "stream_stopped %s %s%s", set_text(sensors), stream_end_name(reason),
            will_resume ? " will_resume" : "");
}

static void on_sensor_status(void *user, unsigned device, enum sensor sensor,
                             enum sensor_state state, double silent_for)
{
    assert_that(silent_for, >=, 0);
    note_of(user, device, "sensor_status %s %s", sensor_name(sensor), sensor_state_name(state));
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

    assert_that(packet->len, >, 0);
    assert_that(packet->arrival_us, >=, w->places[device].arrived[packet->sensor]);
    w->places[device].arrived[packet->sensor] = packet->arrival_us;
}

/* Data are logged once a sensor since the stream began, to see their place among the events. */
static void on_samples(void *user, unsigned device, const struct sample_block *block)
{
    struct world *w = user;
    enum sensor sensor = block->samples.sensor;

    w->places[device].got[sensor]++;
    if (sensor == SENSOR_BAT || (w->places[device].first_seen & SENSOR_BIT(sensor)))
        return;
    w->places[device].first_seen |= SENSOR_BIT(sensor);
    note_of(w, device, "data %s", sensor_name(sensor));
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
    ((struct world *)user)->places[device].wants = *wants;
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

static void make_bands(struct world *w, size_t count)
{
    w->band = &w->bands[0];
    w->band_count = count;
    for (size_t i = 0; i < BANDS; i++) {
        struct band_identity *identity = &w->bands[i].identity;
        snprintf(identity->name, sizeof(identity->name), "LXB-0000000%zu", i + 1);
        snprintf(identity->address, sizeof(identity->address), "AA:BB:CC:DD:EE:0%zu", i + 1);
        w->bands[i].absent = i >= count;
    }
}

void turn_to(struct world *w, size_t number)
{
    w->band = &w->bands[number - 1];
}

bool world_fast_start;

int world_open(void **state)
{
    return world_open_for(state, 0, 1);
}

int world_open_for(void **state, unsigned max_bands, size_t bands)
{
    struct world *w = calloc(1, sizeof(*w));
    const struct manager_config config = {
        .mains_hz = 50, .max_bands = max_bands, .fast_start = world_fast_start};

    if (!w)
        return -1;
    make_bands(w, bands);
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
    int failed = !w->shut_down || w->asked != w->answered;
    for (size_t i = 0; i < MANAGER_DEVICES_MAX; i++)
        failed |= w->places[i].wants.band.name[0] != '\0';
    free(w);
    return failed;
}

/* ---- Commands */

/* As the protocol finds it: the band's place, else a free one. False: there is none. */
static bool find_place(const struct world *w, unsigned *place)
{
    const struct band_identity *band = &w->band->identity;
    unsigned places[MANAGER_DEVICES_MAX], used = 0;
    const size_t count = manager_devices(w->manager, places);

    for (size_t i = 0; i < count; i++) {
        used |= 1u << places[i];
        *place = places[i];
        if (w->band_count == 1 || manager_is_named(w->manager, *place, band->name) ||
            manager_is_named(w->manager, *place, band->address))
            return true;
    }
    for (*place = 0; used & (1u << *place);)
        ++*place;
    return *place < manager_ground(w->manager)->max_bands;
}

void ask_scan(struct world *w, double seconds)
{
    manager_scan(w->manager, seconds, ticket(w, NULL, "scan", 60));
}

void ask_stop_scan(struct world *w)
{
    manager_stop_scan(w->manager, ticket(w, NULL, "stop_scan", 0));
}

void ask_connect(struct world *w)
{
    ask_connect_to(w, w->band->identity.address, NULL);
}

void ask_connect_to(struct world *w, const char *address, const char *name)
{
    manager_connect(w->manager, address, name, ticket(w, w->band, "connect", 20));
}

void ask_disconnect(struct world *w)
{
    unsigned place;

    if (find_place(w, &place))
        manager_disconnect(w->manager, place, ticket(w, w->band, "disconnect", 10));
}

void ask_start(struct world *w, sensor_set sensors, int rate, double seconds)
{
    unsigned place;

    if (find_place(w, &place))
        manager_start_streaming(w->manager, place, sensors, rate, seconds,
                                ticket(w, w->band, "start", 30));
}

void ask_stop(struct world *w)
{
    unsigned place;

    if (find_place(w, &place))
        manager_stop_streaming(w->manager, place, ticket(w, w->band, "stop", 0));
}

/* ---- Time */

static void send_from(struct world *w, struct fake_band *band, enum sensor sensor)
{
    static const uint8_t bytes[184] = {1};
    struct packet packet = {
        .sensor = sensor,
        .arrival_us = w->now,
        .bytes = bytes,
        .len = sensor == SENSOR_BAT ? 1 : sizeof(bytes),
    };

    if (band->cut & SENSOR_BIT(sensor))
        packet.len = CUT_LEN;
    band->sent[sensor]++;
    band->link->listener.packet(band->link->listener.user, &packet);
}

void send_packet(struct world *w, enum sensor sensor)
{
    send_from(w, w->band, sensor);
}

static bool any_is_looked_for(const struct world *w)
{
    bool any = w->scanning;

    for (size_t i = 0; i < BANDS; i++)
        any |= w->bands[i].radio == FAKE_TRYING;
    return any;
}

static void see_band(struct world *w, const struct fake_band *band)
{
    struct band_sighting sighting = {.band = band->identity, .rssi = -60};

    if (band->absent)
        return;
    if (any_is_looked_for(w))
        w->backend.listener.seen(w->backend.listener.user, &sighting);
    if (band->radio == FAKE_TRYING && !band->unreachable && !is_under_way(w, OP_UP, band->link) &&
        !is_under_way(w, OP_DOWN, band->link))
        later(w, 0.5, OP_UP, band->link);
}

static void see_bands(struct world *w)
{
    for (size_t i = 0; i < BANDS; i++)
        see_band(w, &w->bands[i]);
}

static int64_t next_packet_of(const struct fake_band *band, int64_t next)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if ((band->on & ~band->silent & SENSOR_BIT(i)) && band->next_packet[i] < next)
            next = band->next_packet[i];
    }
    return next;
}

static int64_t next_of_all(const struct world *w)
{
    int64_t next = w->alarm;

    for (size_t i = 0; i < w->op_count; i++)
        next = w->ops[i].at < next ? w->ops[i].at : next;
    for (size_t i = 0; i < BANDS; i++)
        next = next_packet_of(&w->bands[i], next);
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

static void do_packets_of(struct world *w, struct fake_band *band)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (band->next_packet[i] > w->now || !(band->on & SENSOR_BIT(i)))
            continue;
        band->next_packet[i] = w->now + interval[i];
        if (!(band->silent & SENSOR_BIT(i)))
            send_from(w, band, (enum sensor)i);
    }
}

static void do_packets(struct world *w)
{
    for (size_t i = 0; i < BANDS; i++)
        do_packets_of(w, &w->bands[i]);
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
    unsigned place;

    ask_connect(w);
    run(w, 3);
    assert_true(find_place(w, &place));
    assert_int_equal(manager_status(w->manager, place)->link, LINK_CONNECTED);
    forget_log(w);
}

void get_streaming(struct world *w, sensor_set sensors)
{
    unsigned place;

    get_connected(w);
    ask_start(w, sensors, 0, 0);
    run(w, 4);
    assert_true(find_place(w, &place));
    assert_true(w->places[place].streaming);
    forget_log(w);
}

void get_waiting(struct world *w, sensor_set sensors)
{
    if (sensors)
        get_streaming(w, sensors);
    else
        get_connected(w);
    w->band->absent = true;
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
