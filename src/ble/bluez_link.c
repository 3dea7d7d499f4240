#include "bluez_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/now.h"
#include "bluez_connect.h"
#include "bluez_errors.h"
#include "bluez_method.h"
#include "bluez_seek.h"

#define CLOSED_MS (DISCONNECT_LIMIT_MS + 1000) /* from close() of a link that was up */

/* ---- Up */

/* The band's own name, if it never advertised one to us, nor was called so: its address. */
static void begin_up(struct bluez_link *link)
{
    if (!link->band.name[0])
        memcpy(link->band.name, link->band.address, sizeof(link->band.address));
    sources_begin(&link->sources, link->gatt.model, &link->ground->watch->objects, link->device);
    link->was_up = true;
}

static void tell_up(struct bluez_link *link, const struct bluez_device *device)
{
    struct band_link made = {
        .band = link->band,
        .model = link->gatt.model,
        .rssi = device->rssi,
        .battery_level = link->gatt.battery,
        .anchor = {now_boot_us(), now_utc_us()},
    };

    memcpy(made.firmware, link->gatt.firmware, sizeof(made.firmware));
    snprintf(made.adapter, sizeof(made.adapter), "%s", adapter_name(device->adapter));
    log_info("%s: connected, %s", link->band.name, link->band.address);
    link->link.listener.up(link->link.listener.user, &made);
}

static void on_gatt_read(void *user)
{
    struct bluez_link *link = user;
    const struct bluez_device *device = bluez_device_of(link);

    if (link->state != BLUEZ_LINK_READ)
        return;
    if (device && device->connected) {
        begin_up(link);
        bluez_enter(link, BLUEZ_LINK_UP, 0);
        tell_up(link, device);
    }
    bluez_digest(link);
}

void bluez_link_loaded(struct bluez_link *link)
{
    const struct bluez_device *device = bluez_device_of(link);

    if (link->state != BLUEZ_LINK_CHECK || !device || !device->connected ||
        !bluez_is_complete(link))
        return;
    bluez_enter(link, BLUEZ_LINK_READ, 0);
    gatt_read(&link->gatt, on_gatt_read, link);
}

bool bluez_link_value(struct bluez_link *link, const char *path, const uint8_t *bytes, size_t len,
                      int64_t arrival_us)
{
    if (!link->was_up || link->state == BLUEZ_LINK_DOWN)
        return false;
    return sources_value(&link->sources, path, bytes, len, arrival_us);
}

/* Battery1 stands in for the characteristic where BlueZ hides that. */
static void advance_battery(struct bluez_link *link, const struct bluez_device *device)
{
    struct notify *battery = sources_pathless_battery(&link->sources);
    const uint8_t level = (uint8_t)device->battery;

    if (!battery || device->battery == BATTERY_UNKNOWN || device->battery == link->gatt.battery)
        return;
    link->gatt.battery = device->battery;
    notify_value(battery, &level, 1, now_boot_us());
}

static void on_cut(void *user, DBusMessage *reply)
{
    struct bluez_link *link = user;
    struct failure failure;

    if (bluez_error(reply) != BLUEZ_OK)
        log_info("%s: %s", link->label,
                 bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Disconnecting")->message);
    bluez_digest(link);
}

static void cut(struct bluez_link *link)
{
    if (!link->disconnect_call)
        bluez_call(link, &link->disconnect_call, BLUEZ_DEVICE, "Disconnect", DISCONNECT_LIMIT_MS,
                   on_cut);
}

/* A new link has no locks. Once a band: if another program does hold it, it would take it again. */
static void on_locked(void *user)
{
    struct bluez_link *link = user;
    char *unlocked = link->ground->unlocked_address;

    if (link->state != BLUEZ_LINK_UP || strcmp(unlocked, link->band.address) == 0 ||
        !bluez_may_cut(link))
        return;
    log_info("%s: notifications are locked: connecting anew", link->label);
    memcpy(unlocked, link->band.address, sizeof(link->band.address));
    cut(link);
}

static void on_worked(void *user)
{
    struct bluez_link *link = user;

    if (strcmp(link->ground->unlocked_address, link->band.address) == 0)
        link->ground->unlocked_address[0] = '\0';
}

static void end_up(struct bluez_link *link)
{
    bluez_enter(link, BLUEZ_LINK_ENDING, VERDICT_MS);
    gatt_void(&link->gatt);
    sources_void(&link->sources);
}

/* ---- Steps, by the state */

static void closed(struct bluez_link *link)
{
    bluez_down(link, link->was_up ? LINK_END_ASKED : LINK_END_CANCELLED, NULL);
}

static void on_limit(void *user)
{
    struct bluez_link *link = user;

    switch (link->state) {
    case BLUEZ_LINK_SEEK:
        link->patient = true;
        break;
    case BLUEZ_LINK_PAUSE:
        bluez_seek(link);
        break;
    case BLUEZ_LINK_CONNECT:
        bluez_connect_late(link);
        break;
    case BLUEZ_LINK_RESOLVE:
    case BLUEZ_LINK_CHECK:
        bluez_resolve_late(link);
        break;
    case BLUEZ_LINK_DROP:
        bluez_dropped(link);
        break;
    case BLUEZ_LINK_ENDING:
        bluez_down(link, LINK_END_LOST, NULL);
        break;
    case BLUEZ_LINK_CLOSING:
        closed(link);
        break;
    case BLUEZ_LINK_BUSY:
        bluez_fail_busy(link);
        break;
    case BLUEZ_LINK_TURN: /* these have no alarm */
    case BLUEZ_LINK_READ:
    case BLUEZ_LINK_UP:
    case BLUEZ_LINK_REMOVE:
    case BLUEZ_LINK_DOWN:
        break;
    }
    bluez_digest(link);
}

static void advance_with(struct bluez_link *link, const struct bluez_device *device)
{
    switch (link->state) {
    case BLUEZ_LINK_TURN:
        bluez_connect(link);
        break;
    case BLUEZ_LINK_CONNECT:
        if (device->connected && device->resolved)
            bluez_check(link);
        else if (device->connected)
            bluez_resolve(link);
        break;
    case BLUEZ_LINK_RESOLVE:
    case BLUEZ_LINK_CHECK:
    case BLUEZ_LINK_READ:
        if (!device->connected)
            bluez_pause(link);
        else if (link->state == BLUEZ_LINK_RESOLVE && device->resolved)
            bluez_check(link);
        break;
    case BLUEZ_LINK_UP:
        if (device->connected)
            advance_battery(link, device);
        else
            end_up(link);
        break;
    case BLUEZ_LINK_DROP:
        if (link->replied && !device->connected)
            bluez_dropped(link);
        break;
    case BLUEZ_LINK_CLOSING:
        if ((link->replied || link->was_up) && !device->connected)
            closed(link);
        break;
    case BLUEZ_LINK_SEEK: /* these are not for it */
    case BLUEZ_LINK_ENDING:
    case BLUEZ_LINK_REMOVE:
    case BLUEZ_LINK_PAUSE:
    case BLUEZ_LINK_BUSY:
    case BLUEZ_LINK_DOWN:
        break;
    }
}

/* Its object is gone: removed by anyone, or with its adapter. */
static void advance_without(struct bluez_link *link)
{
    if (link->state == BLUEZ_LINK_UP) {
        end_up(link);
    } else if (link->state == BLUEZ_LINK_CLOSING) {
        closed(link);
    } else {
        link->sighted = 0;
        bluez_disown(link);
        bluez_pause(link);
    }
}

static bool is_waiting(const struct bluez_link *link)
{
    return link->state == BLUEZ_LINK_PAUSE || link->state == BLUEZ_LINK_REMOVE ||
           link->state == BLUEZ_LINK_ENDING || link->state == BLUEZ_LINK_BUSY ||
           link->state == BLUEZ_LINK_DOWN;
}

static bool is_airless(const struct bluez_link *link)
{
    return !(link->air ? link->air->usable : airs_are_usable(link->ground->airs));
}

void bluez_link_advance(struct bluez_link *link)
{
    const struct bluez_device *device;

    if (is_airless(link) && !watch_is_awaited(link->ground->watch))
        bluez_link_lose_air(link, link->air);
    if (is_airless(link) || is_waiting(link))
        return;
    if (link->state == BLUEZ_LINK_SEEK)
        bluez_look(link);
    /* Not an else: a band that was found may have its turn at once. */
    if (link->state == BLUEZ_LINK_SEEK || link->state == BLUEZ_LINK_DOWN)
        return;
    device = bluez_device_of(link);
    if (device)
        advance_with(link, device);
    else
        advance_without(link);
}

/* Others can still be had: it begins anew on one of them. */
static void change_air(struct bluez_link *link)
{
    bluez_disown(link);
    link->air = NULL;
    if (link->state != BLUEZ_LINK_PAUSE)
        bluez_pause(link);
}

/* What seeks goes by all, so by the only one, too. */
static bool goes_by(const struct bluez_link *link, const struct air *air)
{
    return link->air == air || (!link->air && link->ground->airs->count == 1);
}

/* What is being closed is closed by that, too; what is down or has no chance is left alone. */
void bluez_link_lose_air(struct bluez_link *link, const struct air *air)
{
    struct airs *airs = link->ground->airs;
    struct failure failure;

    if (link->state == BLUEZ_LINK_DOWN || link->state == BLUEZ_LINK_BUSY || !goes_by(link, air))
        return;
    if (link->state == BLUEZ_LINK_CLOSING)
        closed(link);
    else if (link->was_up)
        bluez_down(link, LINK_END_BLUETOOTH, NULL);
    else if (airs->count > 1 && airs_are_usable(airs))
        change_air(link);
    else
        bluez_fail(link, air ? air_failure(air, &failure) : airs_failure(airs, &failure));
}

/* All that could be used: the band can't be found. */
static bool is_deaf(const struct bluez_link *link)
{
    const struct airs *airs = link->ground->airs;

    for (size_t i = 0; i < airs->count; i++) {
        if (airs->air[i].usable && !(link->deaf & bluez_bit(link, &airs->air[i])))
            return false;
    }
    return true;
}

void bluez_link_lose_discovery(struct bluez_link *link, const struct air *air,
                               const struct failure *failure)
{
    const struct air_user *user = &link->users[air - link->ground->airs->air];

    if (!air_can_discover_for(air, user) || link->state == BLUEZ_LINK_TURN)
        return;
    link->deaf |= bluez_bit(link, air);
    if (link->state != BLUEZ_LINK_SEEK || is_deaf(link))
        bluez_fail(link, failure);
}

const char *bluez_link_to_leave(const struct bluez_link *link)
{
    return link->state != BLUEZ_LINK_DOWN && (link->was_up || bluez_holds(link)) ? link->device
                                                                                 : NULL;
}

/* ---- Its operations */

static struct bluez_link *link_of(struct ble_link *link)
{
    return (struct bluez_link *)link;
}

static void bluez_close_link(struct ble_link *handle)
{
    struct bluez_link *link = link_of(handle);

    if (link->state == BLUEZ_LINK_CLOSING || link->state == BLUEZ_LINK_BUSY ||
        link->state == BLUEZ_LINK_DOWN)
        return;
    if (link->state == BLUEZ_LINK_UP) {
        bluez_enter(link, BLUEZ_LINK_CLOSING, CLOSED_MS);
        cut(link);
    } else if (!link->was_up && bluez_holds(link) && !is_airless(link)) {
        bluez_let_go(link, BLUEZ_LINK_CLOSING, DISCONNECT_LIMIT_MS);
    } else {
        bluez_enter(link, BLUEZ_LINK_CLOSING, 1);
    }
}

static void turn_notifications(struct ble_link *link, enum sensor sensor, bool on)
{
    if (link_of(link)->state == BLUEZ_LINK_UP)
        sources_turn(&link_of(link)->sources, sensor, on);
}

static void write_control(struct ble_link *link, const char *text)
{
    if (link_of(link)->state == BLUEZ_LINK_UP)
        gatt_write(&link_of(link)->gatt, text);
}

static void probe(struct ble_link *link)
{
    if (link_of(link)->state == BLUEZ_LINK_UP)
        gatt_probe(&link_of(link)->gatt);
}

static const struct ble_link_ops link_ops = {
    .close = bluez_close_link,
    .notify = turn_notifications,
    .write = write_control,
    .probe = probe,
};

/* ---- Its life */

bool bluez_link_is_to(const struct bluez_link *link, const struct band_identity *band)
{
    if (link->state == BLUEZ_LINK_DOWN || link->state == BLUEZ_LINK_BUSY)
        return false;
    if (band->address[0] && link->band.address[0])
        return strcasecmp(band->address, link->band.address) == 0;
    return band->name[0] && strcasecmp(band->name, link->band.name) == 0;
}

bool bluez_link_has(const struct bluez_link *link, const char *address)
{
    return link->state != BLUEZ_LINK_SEEK && link->state != BLUEZ_LINK_BUSY &&
           link->state != BLUEZ_LINK_DOWN && strcmp(link->band.address, address) == 0;
}

static void init_parts(struct bluez_link *link)
{
    const struct link_ground *ground = link->ground;

    const struct notify_ground notify_ground = {
        .watch = ground->watch,
        .handles = &link->handles,
        .band = link->label,
        .up = &link->link.listener,
        .acquire = ground->acquire,
        .user = link,
        .locked = on_locked,
        .worked = on_worked,
    };
    sources_init(&link->sources, &notify_ground);
    gatt_init(&link->gatt, ground->watch, &link->handles, &link->link.listener, link->device);
    alarm_init(&link->alarm, &link->handles, link);
}

struct bluez_link *bluez_link_create(struct link_ground *ground, uv_loop_t *loop,
                                     const struct band_identity *band,
                                     const struct link_listener *listener, bool is_busy,
                                     void (*closed_fn)(void *link))
{
    struct bluez_link *link = calloc(1, sizeof(*link));

    if (!link)
        return NULL;
    link->link = (struct ble_link){&link_ops, *listener};
    link->ground = ground;
    link->handles = (struct handles){.loop = loop, .closed = closed_fn, .user = link};
    link->on_limit = on_limit;
    link->wanted = link->band = *band;
    snprintf(link->label, sizeof(link->label), "%s", band->name[0] ? band->name : band->address);
    init_parts(link);
    if (is_busy) {
        bluez_enter(link, BLUEZ_LINK_BUSY, 1);
        return link;
    }
    bluez_seek(link);
    airs_look_anew(ground->airs);
    /* From the alarm, for nothing may be told before this returns. */
    alarm_set(&link->alarm, 0, bluez_begin);
    return link;
}
