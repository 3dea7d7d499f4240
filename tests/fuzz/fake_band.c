#include "fake_band.h"

#include <string.h>

#include "hold.h"

#define UTC_OFFSET_US INT64_C(1764000000000000)

static const int64_t interval_us[SENSOR_COUNT] = {100000, 561000, 1189000, 60000000};

static struct fake_band *band_of(struct backend *backend)
{
    return (struct fake_band *)backend;
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

static void connect(struct backend *backend, const struct band_identity *identity)
{
    struct fake_band *band = band_of(backend);

    HOLD(identity->name[0] || identity->address[0]);
    HOLD(band->link == FAKE_FREE);
    band->link = FAKE_TRYING;
    if (!band->absent)
        later(band, 500000, (struct fake_op){.kind = FAKE_LINK});
}

static void disconnect(struct backend *backend)
{
    later(band_of(backend), 100000, (struct fake_op){.kind = FAKE_UNLINK});
}

static void notify(struct backend *backend, enum sensor sensor, bool on)
{
    later(band_of(backend), 20000,
          (struct fake_op){.kind = FAKE_NOTIFY, .sensor = sensor, .on = on});
}

static void control(struct backend *backend, const char *text)
{
    HOLD(text[0]);
    later(band_of(backend), 20000, (struct fake_op){.kind = FAKE_CONTROL});
}

static void probe(struct backend *backend)
{
    later(band_of(backend), 20000, (struct fake_op){.kind = FAKE_PROBE});
}

static void destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    band_of(backend)->manager = NULL;
    done(user);
}

static const struct backend_ops ops = {"fake", scan_start, scan_stop, connect, disconnect,
                                       notify, control,    probe,     destroy};

/* ---- their ends */

static void end_link(struct fake_band *band)
{
    struct band_link link = {.band = {FAKE_NAME, FAKE_ADDRESS}, .rssi = -60, .battery_level = 80};

    if (band->link != FAKE_TRYING)
        return;
    band->link = FAKE_LINKED;
    band->on = 0;
    link.anchor = (struct clock_anchor){band->now_us, band->now_us + UTC_OFFSET_US};
    band->backend.listener.connected(band->backend.listener.user, &link);
}

static void end_unlink(struct fake_band *band)
{
    const struct backend_listener *up = &band->backend.listener;
    bool linked = band->link == FAKE_LINKED, trying = band->link == FAKE_TRYING;
    struct failure failure;

    band->link = FAKE_FREE;
    band->on = 0;
    if (linked)
        up->disconnected(up->user, LINK_END_ASKED);
    else if (trying)
        up->connect_failed(up->user, failure_set(&failure, ERROR_CANCELLED, "Cancelled"));
}

static void end_notify(struct fake_band *band, const struct fake_op *op)
{
    const struct backend_listener *up = &band->backend.listener;
    const bool fails =
        band->link != FAKE_LINKED || (op->on && band->refused & SENSOR_BIT(op->sensor));
    struct failure failure;

    band->on &= ~SENSOR_BIT(op->sensor);
    if (op->on && !fails) {
        band->on |= SENSOR_BIT(op->sensor);
        band->next_us[op->sensor] = band->now_us + interval_us[op->sensor];
    }
    failure_set(&failure, ERROR_BLUETOOTH, "Refused");
    if (band->link == FAKE_LINKED)
        up->notified(up->user, op->sensor, op->on, fails ? &failure : NULL);
}

static void end(struct fake_band *band, const struct fake_op *op)
{
    const struct backend_listener *up = &band->backend.listener;

    switch (op->kind) {
    case FAKE_SCAN_ENDS:
        band->scanning = false;
        up->scan_ended(up->user, NULL);
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
    case FAKE_CONTROL:
        if (band->link == FAKE_LINKED)
            up->controlled(up->user, NULL);
        break;
    case FAKE_PROBE:
        if (band->link == FAKE_LINKED)
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
    struct packet packet = {sensor, band->now_us, bytes, 1};

    if (sensor != SENSOR_BAT) {
        memcpy(bytes, &tick, sizeof(tick));
        packet.len = 4 + profile->packet_samples * profile->sample_size;
    }
    band->packets++;
    band->backend.listener.packet(band->backend.listener.user, &packet);
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
    if (band->link != FAKE_LINKED)
        return;
    band->link = FAKE_FREE;
    band->on = 0;
    band->backend.listener.disconnected(band->backend.listener.user, why);
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
