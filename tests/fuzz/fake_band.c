#include "fake_band.h"

#include <string.h>
#include <strings.h>

#include "hold.h"

#define UTC_OFFSET_US INT64_C(1764000000000000)

static const int64_t interval_us[SENSOR_COUNT] = {100000, 561000, 1189000, 60000000};

static struct fake_band *band_of(struct backend *backend)
{
    return (struct fake_band *)backend;
}

static struct fake_link *link_of(struct ble_link *handle)
{
    return (struct fake_link *)handle;
}

static struct band_identity identity_of(unsigned number)
{
    struct band_identity identity = {FAKE_NAME, FAKE_ADDRESS};

    if (number > 0) {
        identity.name[strlen(identity.name) - 1] = (char)('0' + number);
        identity.address[strlen(identity.address) - 1] = (char)('0' + number);
    }
    return identity;
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

static void forget(struct fake_link *link, int kind)
{
    struct fake_band *band = link->air;
    size_t kept = 0;

    for (size_t i = 0; i < band->op_count; i++) {
        if (band->ops[i].link != link || (int)band->ops[i].kind != kind)
            band->ops[kept++] = band->ops[i];
    }
    band->op_count = kept;
}

static void close_link(struct ble_link *handle)
{
    struct fake_link *link = link_of(handle);

    HOLD(link->state != FAKE_FREE);
    forget(link, FAKE_LINK);
    link->closing = true;
    later(link->air, 100000, (struct fake_op){.link = link, .kind = FAKE_UNLINK});
}

static void ask(struct ble_link *handle, struct fake_op op)
{
    struct fake_link *link = link_of(handle);

    HOLD(link->state == FAKE_LINKED);
    op.link = link;
    later(link->air, 20000, op);
}

static void notify(struct ble_link *handle, enum sensor sensor, bool on)
{
    ask(handle, (struct fake_op){.kind = FAKE_NOTIFY, .sensor = sensor, .on = on});
}

static void write_control(struct ble_link *handle, const char *text)
{
    HOLD(text[0]);
    ask(handle, (struct fake_op){.kind = FAKE_WRITE});
}

static void probe(struct ble_link *handle)
{
    ask(handle, (struct fake_op){.kind = FAKE_PROBE});
}

static const struct ble_link_ops link_ops = {close_link, notify, write_control, probe};

/* An unknown one is the first: the manager has to see that it is another. */
static unsigned number_of(const struct fake_band *band, const struct band_identity *identity)
{
    for (unsigned number = 0; number < band->count; number++) {
        const struct band_identity one = identity_of(number);
        if (identity->address[0] ? strcmp(identity->address, one.address) == 0
                                 : strcasecmp(identity->name, one.name) == 0)
            return number;
    }
    return 0;
}

static struct fake_link *free_link(struct fake_band *band)
{
    struct fake_link *link = band->links;

    while (link < &band->links[FAKE_BANDS_MAX] && link->state != FAKE_FREE)
        link++;
    HOLD(link < &band->links[FAKE_BANDS_MAX]);
    return link;
}

static struct ble_link *open_link(struct backend *backend, const struct band_identity *identity,
                                  const struct link_listener *listener)
{
    struct fake_band *band = band_of(backend);
    struct fake_link *link = free_link(band);

    HOLD(identity->name[0] || identity->address[0]);
    *link = (struct fake_link){.handle = {&link_ops, *listener},
                               .air = band,
                               .band = number_of(band, identity),
                               .state = FAKE_TRYING};
    if (!band->absent)
        later(band, 500000, (struct fake_op){.link = link, .kind = FAKE_LINK});
    return &link->handle;
}

static void destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    band_of(backend)->manager = NULL;
    done(user);
}

static const struct backend_ops ops = {"fake", scan_start, scan_stop, open_link, destroy};

/* ---- their ends */

static bool is_linked(const struct fake_band *band, unsigned number)
{
    bool linked = false;

    for (size_t i = 0; i < FAKE_BANDS_MAX; i++)
        linked |= band->links[i].state == FAKE_LINKED && band->links[i].band == number;
    return linked;
}

/* A band has one link: another stays a try. */
static void end_link(struct fake_link *link)
{
    struct fake_band *band = link->air;
    struct band_link made = {.band = identity_of(link->band), .rssi = -60, .battery_level = 80};

    if (is_linked(band, link->band))
        return;
    link->state = FAKE_LINKED;
    made.anchor = (struct clock_anchor){band->now_us, band->now_us + UTC_OFFSET_US};
    link->handle.listener.up(link->handle.listener.user, &made);
}

/* With all that is pending on it: of that nothing is told. */
static void go_down(struct fake_link *link, enum link_end why, const struct failure *failure)
{
    const struct link_listener up = link->handle.listener;
    static const int kinds[] = {FAKE_LINK, FAKE_NOTIFY, FAKE_WRITE, FAKE_PROBE};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        forget(link, kinds[i]);
    link->state = FAKE_FREE;
    link->on = 0;
    memset(&link->handle, 0, sizeof(link->handle));
    up.down(up.user, why, failure);
}

/* The stack's Disconnect comes late: where the link was lost before it, it meets the next. */
static void end_unlink(struct fake_link *link)
{
    struct failure failure;

    failure_set(&failure, ERROR_CONNECTION_FAILED, "Cancelled");
    if (link->state == FAKE_LINKED)
        go_down(link, LINK_END_ASKED, NULL);
    else if (link->state == FAKE_TRYING && link->closing)
        go_down(link, LINK_END_CANCELLED, NULL);
    else if (link->state == FAKE_TRYING)
        go_down(link, LINK_END_FAILED, &failure);
}

static void end_notify(struct fake_link *link, const struct fake_op *op)
{
    const struct link_listener *up = &link->handle.listener;
    const bool fails = op->on && link->air->refused & SENSOR_BIT(op->sensor);
    struct failure failure;

    link->on &= ~SENSOR_BIT(op->sensor);
    if (op->on && !fails) {
        link->on |= SENSOR_BIT(op->sensor);
        link->next_us[op->sensor] = link->air->now_us + interval_us[op->sensor];
    }
    failure_set(&failure, ERROR_BLUETOOTH, "Refused");
    up->notified(up->user, op->sensor, op->on, fails ? &failure : NULL);
}

static void end_scan(struct fake_band *band)
{
    const struct backend_listener *scanner = &band->backend.listener;

    band->scanning = false;
    scanner->scan_ended(scanner->user, NULL);
}

static void end(struct fake_band *band, const struct fake_op *op)
{
    const struct link_listener *up = op->link ? &op->link->handle.listener : NULL;

    switch (op->kind) {
    case FAKE_SCAN_ENDS:
        end_scan(band);
        break;
    case FAKE_LINK:
        end_link(op->link);
        break;
    case FAKE_UNLINK:
        end_unlink(op->link);
        break;
    case FAKE_NOTIFY:
        end_notify(op->link, op);
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

static void send(struct fake_link *link, enum sensor sensor)
{
    struct fake_band *band = link->air;
    const struct model_sensor *profile = &model_default()->sensors[sensor];
    uint32_t tick = (uint32_t)((band->now_us - interval_us[sensor]) * BLOCK_TICK_HZ / 1000000);
    uint8_t bytes[BAND_PACKET_MAX] = {0};
    struct packet packet = {sensor, band->now_us, bytes, 1, 0};

    if (sensor != SENSOR_BAT) {
        memcpy(bytes, &tick, sizeof(tick));
        packet.len = 4 + profile->packet_samples * profile->sample_size;
    }
    band->packets++;
    link->handle.listener.packet(link->handle.listener.user, &packet);
}

static bool sends(const struct fake_link *link, int sensor)
{
    return link->state == FAKE_LINKED && link->air->packets < link->air->packets_max &&
           (link->on & ~link->air->silent & SENSOR_BIT(sensor));
}

static int64_t next_us(const struct fake_band *band)
{
    int64_t next = band->wake_us;

    for (size_t i = 0; i < band->op_count; i++)
        next = band->ops[i].at_us < next ? band->ops[i].at_us : next;
    for (size_t i = 0; i < FAKE_BANDS_MAX * SENSOR_COUNT; i++) {
        const struct fake_link *link = &band->links[i / SENSOR_COUNT];
        const int sensor = (int)(i % SENSOR_COUNT);
        if (sends(link, sensor) && link->next_us[sensor] < next)
            next = link->next_us[sensor];
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
    for (size_t i = 0; i < FAKE_BANDS_MAX * SENSOR_COUNT; i++) {
        struct fake_link *link = &band->links[i / SENSOR_COUNT];
        const int sensor = (int)(i % SENSOR_COUNT);
        if (!sends(link, sensor) || link->next_us[sensor] > band->now_us)
            continue;
        link->next_us[sensor] += interval_us[sensor];
        send(link, (enum sensor)sensor);
    }
}

static void be_seen(struct fake_band *band)
{
    bool looked_for = band->scanning;

    for (size_t i = 0; i < FAKE_BANDS_MAX; i++)
        looked_for |= band->links[i].state == FAKE_TRYING;
    for (unsigned number = 0; number < band->count; number++) {
        const struct band_sighting sighting = {.band = identity_of(number), .rssi = -60};
        if (!band->absent && looked_for)
            band->backend.listener.seen(band->backend.listener.user, &sighting);
    }
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

void fake_band_lose(struct fake_band *band, unsigned number, enum link_end why)
{
    for (size_t i = 0; i < FAKE_BANDS_MAX; i++) {
        if (band->links[i].state == FAKE_LINKED && band->links[i].band == number)
            go_down(&band->links[i], why, NULL);
    }
}

void fake_band_bluetooth(struct fake_band *band, bool available, bool powered)
{
    for (unsigned number = 0; number < band->count && !powered; number++)
        fake_band_lose(band, number, LINK_END_BLUETOOTH);
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

void fake_band_init(struct fake_band *band, unsigned count, unsigned packets_max)
{
    HOLD(count >= 1 && count <= FAKE_BANDS_MAX);
    *band = (struct fake_band){.backend.ops = &ops,
                               .count = count,
                               .now_us = 1000000000,
                               .wake_us = INT64_MAX,
                               .packets_max = packets_max};
}

struct manager_host fake_band_host(struct fake_band *band)
{
    return (struct manager_host){band, boot_us, utc_us, wake_at};
}
