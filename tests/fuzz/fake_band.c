#include "fake_band.h"

#include <stddef.h>
#include <string.h>

#include "hold.h"

#define UTC_OFFSET_US INT64_C(1764000000000000)

static const int64_t interval_us[SENSOR_COUNT] = {100000, 561000, 1189000, 60000000};

static struct fake_band *band_of(struct backend *backend)
{
    return (struct fake_band *)backend;
}

static struct fake_band *band_of_link(struct ble_link *handle)
{
    return (struct fake_band *)((char *)handle - offsetof(struct fake_band, handle));
}

/* ---- operations */

static void later(struct fake_band *band, int64_t us, struct fake_op op)
{
    HOLD(band->op_count < FAKE_OPS_MAX);
    op.at_us = band->now_us + us;
    band->ops[band->op_count++] = op;
}

static void scan_start(struct backend *backend)
{
    band_of(backend)->scanning = true;
}

static void scan_stop(struct backend *backend)
{
    later(band_of(backend), 50000, (struct fake_op){.kind = FAKE_SCAN_ENDS});
}

static void forget(struct fake_band *band, int kind)
{
    size_t kept = 0;

    for (size_t i = 0; i < band->op_count; i++) {
        if ((int)band->ops[i].kind != kind)
            band->ops[kept++] = band->ops[i];
    }
    band->op_count = kept;
}

static void close_link(struct ble_link *handle)
{
    struct fake_band *band = band_of_link(handle);

    HOLD(band->link != FAKE_FREE);
    forget(band, FAKE_LINK);
    band->closing = true;
    later(band, 100000, (struct fake_op){.kind = FAKE_UNLINK});
}

static void notify(struct ble_link *handle, enum sensor sensor, bool on)
{
    HOLD(band_of_link(handle)->link == FAKE_LINKED);
    later(band_of_link(handle), 20000,
          (struct fake_op){.kind = FAKE_NOTIFY, .sensor = sensor, .on = on});
}

static void write_control(struct ble_link *handle, const char *text)
{
    HOLD(text[0] && band_of_link(handle)->link == FAKE_LINKED);
    later(band_of_link(handle), 20000, (struct fake_op){.kind = FAKE_WRITE});
}

static void probe(struct ble_link *handle)
{
    HOLD(band_of_link(handle)->link == FAKE_LINKED);
    later(band_of_link(handle), 20000, (struct fake_op){.kind = FAKE_PROBE});
}

static const struct ble_link_ops link_ops = {close_link, notify, write_control, probe};

static struct ble_link *open_link(struct backend *backend, const struct band_identity *identity,
                                  const struct link_listener *listener)
{
    struct fake_band *band = band_of(backend);

    HOLD(identity->name[0] || identity->address[0]);
    HOLD(band->link == FAKE_FREE);
    band->link = FAKE_TRYING;
    band->closing = false;
    band->handle = (struct ble_link){&link_ops, *listener};
    if (!band->absent)
        later(band, 500000, (struct fake_op){.kind = FAKE_LINK});
    return &band->handle;
}

static void destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    band_of(backend)->manager = NULL;
    done(user);
}

static const struct backend_ops ops = {"fake", scan_start, scan_stop, open_link, destroy};

/* ---- their ends */

static void end_link(struct fake_band *band)
{
    struct band_link link = {.band = {FAKE_NAME, FAKE_ADDRESS}, .rssi = -60, .battery_level = 80};

    band->link = FAKE_LINKED;
    band->on = 0;
    link.anchor = (struct clock_anchor){band->now_us, band->now_us + UTC_OFFSET_US};
    band->handle.listener.up(band->handle.listener.user, &link);
}

/* With all that is pending on it: of that nothing is told. */
static void go_down(struct fake_band *band, enum link_end why, const struct failure *failure)
{
    const struct link_listener up = band->handle.listener;
    static const int kinds[] = {FAKE_LINK, FAKE_NOTIFY, FAKE_WRITE, FAKE_PROBE};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        forget(band, kinds[i]);
    band->link = FAKE_FREE;
    band->on = 0;
    memset(&band->handle, 0, sizeof(band->handle));
    up.down(up.user, why, failure);
}

/* The stack's Disconnect comes late: where the link was lost before it, it meets the next. */
static void end_unlink(struct fake_band *band)
{
    struct failure failure;

    failure_set(&failure, ERROR_CONNECTION_FAILED, "Cancelled");
    if (band->link == FAKE_LINKED)
        go_down(band, LINK_END_ASKED, NULL);
    else if (band->link == FAKE_TRYING && band->closing)
        go_down(band, LINK_END_CANCELLED, NULL);
    else if (band->link == FAKE_TRYING)
        go_down(band, LINK_END_FAILED, &failure);
}

static void end_notify(struct fake_band *band, const struct fake_op *op)
{
    const struct link_listener *up = &band->handle.listener;
    const bool fails = op->on && band->refused & SENSOR_BIT(op->sensor);
    struct failure failure;

    band->on &= ~SENSOR_BIT(op->sensor);
    if (op->on && !fails) {
        band->on |= SENSOR_BIT(op->sensor);
        band->next_us[op->sensor] = band->now_us + interval_us[op->sensor];
    }
    failure_set(&failure, ERROR_BLUETOOTH, "Refused");
    up->notified(up->user, op->sensor, op->on, fails ? &failure : NULL);
}

static void end(struct fake_band *band, const struct fake_op *op)
{
    const struct backend_listener *scanner = &band->backend.listener;
    const struct link_listener *up = &band->handle.listener;

    switch (op->kind) {
    case FAKE_SCAN_ENDS:
        band->scanning = false;
        scanner->scan_ended(scanner->user, NULL);
        break;
    case FAKE_LINK:
        end_link(band);
        break;
    case FAKE_UNLINK:
        end_unlink(band);
        break;
    case FAKE_NOTIFY:
        end_notify(band, op);
        break;
    case FAKE_WRITE:
        up->written(up->user, NULL);
        break;
    case FAKE_PROBE:
        up->probed(up->user, true);
        break;
    }
}

/* ---- time */

static void send(struct fake_band *band, enum sensor sensor)
{
    const struct model_sensor *profile = &model_default()->sensors[sensor];
    uint32_t tick = (uint32_t)((band->now_us - interval_us[sensor]) * BLOCK_TICK_HZ / 1000000);
    uint8_t bytes[BAND_PACKET_MAX] = {0};
    struct packet packet = {sensor, band->now_us, bytes, 1, 0};

    if (sensor != SENSOR_BAT) {
        memcpy(bytes, &tick, sizeof(tick));
        packet.len = 4 + profile->packet_samples * profile->sample_size;
    }
    band->packets++;
    band->handle.listener.packet(band->handle.listener.user, &packet);
}

static bool sends(const struct fake_band *band, int sensor)
{
    return band->link == FAKE_LINKED && band->packets < band->packets_max &&
           (band->on & ~band->silent & SENSOR_BIT(sensor));
}

static int64_t next_us(const struct fake_band *band)
{
    int64_t next = band->wake_us;

    for (size_t i = 0; i < band->op_count; i++)
        next = band->ops[i].at_us < next ? band->ops[i].at_us : next;
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (sends(band, i) && band->next_us[i] < next)
            next = band->next_us[i];
    }
    return next;
}

static void end_due(struct fake_band *band)
{
    for (size_t i = 0; i < band->op_count;) {
        const struct fake_op op = band->ops[i];
        if (op.at_us > band->now_us) {
            i++;
            continue;
        }
        memmove(&band->ops[i], &band->ops[i + 1], (--band->op_count - i) * sizeof(op));
        end(band, &op);
        i = 0;
    }
}

static void send_due(struct fake_band *band)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (!sends(band, i) || band->next_us[i] > band->now_us)
            continue;
        band->next_us[i] += interval_us[i];
        send(band, (enum sensor)i);
    }
}

static void be_seen(struct fake_band *band)
{
    const struct band_sighting sighting = {.band = {FAKE_NAME, FAKE_ADDRESS}, .rssi = -60};

    if (!band->absent && (band->scanning || band->link == FAKE_TRYING))
        band->backend.listener.seen(band->backend.listener.user, &sighting);
}

void fake_band_run(struct fake_band *band, int64_t us)
{
    const int64_t until_us = band->now_us + us;

    be_seen(band);
    while (next_us(band) <= until_us) {
        if (next_us(band) > band->now_us)
            band->now_us = next_us(band);
        end_due(band);
        send_due(band);
        if (band->wake_us <= band->now_us) {
            band->wake_us = INT64_MAX;
            manager_wake(band->manager);
        }
    }
    band->now_us = until_us;
}

void fake_band_lose(struct fake_band *band, enum link_end why)
{
    if (band->link == FAKE_LINKED)
        go_down(band, why, NULL);
}

void fake_band_bluetooth(struct fake_band *band, bool available, bool powered)
{
    if (!powered)
        fake_band_lose(band, LINK_END_BLUETOOTH);
    band->backend.listener.bluetooth(band->backend.listener.user, available, powered,
                                     powered ? "ready" : "switched off");
}

/* ---- life */

static int64_t boot_us(void *user)
{
    return ((struct fake_band *)user)->now_us;
}

static int64_t utc_us(void *user)
{
    return ((struct fake_band *)user)->now_us + UTC_OFFSET_US;
}

static void wake_at(void *user, int64_t at_us)
{
    ((struct fake_band *)user)->wake_us = at_us;
}

void fake_band_init(struct fake_band *band, unsigned packets_max)
{
    *band = (struct fake_band){.backend.ops = &ops,
                               .now_us = 1000000000,
                               .wake_us = INT64_MAX,
                               .packets_max = packets_max};
}

struct manager_host fake_band_host(struct fake_band *band)
{
    return (struct manager_host){band, boot_us, utc_us, wake_at};
}
