#include "bluez_connect.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bluez_errors.h"
#include "bluez_method.h"

#define SEEK_MS       3000  /* then an object that isn't heard is tried too */
#define TO_CONNECT_MS 3000  /* from Connect's reply to Connected */
#define RESOLVE_MS    10000 /* service discovery takes some 2 s, or hangs for ever */
#define CHECK_MS      6000
#define STUCK_MAX     4 /* within some 4 s: then it is said what is in the way */

/* A Connect may take WAITS_MAX of these, or one where others wait for their turn. */
#define WAIT_MS   6000
#define WAITS_MAX ((CONNECT_LIMIT_MS + TO_CONNECT_MS) / WAIT_MS)

static struct air_user *user_of(struct bluez_link *link)
{
    return &link->users[link->air - link->ground->airs->air];
}

/* ---- Steps back */

/* 0.25, 0.5, 1, 2, 4, 4 … s: the outer back-off, to 30 s, is the manager's. */
void bluez_pause(struct bluez_link *link)
{
    struct bluez_device *device = bluez_device_of(link);
    const unsigned tries = link->tries++;

    if (device) /* tried in vain: another of the name goes first until it is heard */
        device->in_air = false;
    if (!device || !device->connected)
        link->owned = false;
    bluez_enter(link, BLUEZ_LINK_PAUSE, 250u << (tries < 4 ? tries : 4));
}

static void on_removed(void *user, DBusMessage *reply)
{
    struct bluez_link *link = user;

    (void)reply; /* refused: it is gone already */
    link->sighted = 0;
    bluez_disown(link);
    bluez_pause(link);
    bluez_digest(link);
}

/* A pairing, or a person's word, that would be lost for good: no band needs one. */
static bool may_remove(const struct bluez_device *device)
{
    return device && !device->paired && !device->bonded && !device->trusted;
}

/* RemoveDevice also empties BlueZ's cache of the band's services. */
static void remove_from_cache(struct bluez_link *link)
{
    const struct bluez_device *device = bluez_device_of(link);
    const char *path = link->device;
    DBusMessage *message;

    if (!may_remove(device)) {
        bluez_pause(link);
        return;
    }
    message = bluez_method(device->adapter, BLUEZ_ADAPTER, "RemoveDevice");
    log_info("%s: removing %s from BlueZ's cache, to begin anew", link->label, adapter_name(path));
    bluez_enter(link, BLUEZ_LINK_REMOVE, 0);
    if (message)
        dbus_message_append_args(message, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
    bus_call(link->ground->watch->bus, &link->call, message, CALL_LIMIT_MS, on_removed, link);
}

void bluez_dropped(struct bluez_link *link)
{
    const struct bluez_device *device = bluez_device_of(link);

    if (!device || !device->connected)
        bluez_disown(link);
    if (link->remove)
        remove_from_cache(link);
    else
        bluez_pause(link);
}

static void on_let_go(void *user, DBusMessage *reply)
{
    struct bluez_link *link = user;

    (void)reply; /* refused: it isn't connected, and that is seen in the mirror */
    link->replied = true;
    bluez_digest(link);
}

void bluez_let_go(struct bluez_link *link, enum bluez_link_state state, unsigned limit_ms)
{
    link->replied = false;
    bluez_enter(link, state, limit_ms);
    bluez_call(link, &link->call, BLUEZ_DEVICE, "Disconnect", DISCONNECT_LIMIT_MS, on_let_go);
}

static void retry(struct bluez_link *link, bool remove)
{
    link->remove = remove;
    bluez_let_go(link, BLUEZ_LINK_DROP, DISCONNECT_LIMIT_MS);
}

/* ---- Forward */

void bluez_seek(struct bluez_link *link)
{
    link->patient = false;
    link->air = NULL;
    link->deaf = 0;
    bluez_enter(link, BLUEZ_LINK_SEEK, SEEK_MS);
}

void bluez_begin(void *user)
{
    struct bluez_link *link = user;

    alarm_set(&link->alarm, SEEK_MS, link->on_limit);
    bluez_digest(link);
}

/* Of a client that was killed a Connect may still be under way: end it, then clear the slate. */
static void on_in_progress(struct bluez_link *link)
{
    retry(link, ++link->in_progress % 3 == 0);
}

static void on_connect_refused(struct bluez_link *link, DBusMessage *reply)
{
    const enum bluez_error error = bluez_error(reply);
    struct failure failure;

    bluez_failure(&failure, reply, ERROR_CONNECTION_FAILED, "Connecting");
    log_info("%s: %s", link->label, failure.message);
    link->stuck = error == BLUEZ_STUCK ? link->stuck + 1 : 0;
    if (error == BLUEZ_FULL) {
        link->full |= bluez_bit(link, link->air);
        bluez_pause(link);
    } else if (bluez_error_is_final(error) || link->stuck == STUCK_MAX) {
        bluez_fail(link, &failure);
    } else if (error == BLUEZ_IN_PROGRESS) {
        on_in_progress(link);
    } else if (error == BLUEZ_GONE) {
        link->sighted = 0;
        bluez_pause(link);
        watch_reload(link->ground->watch); /* the mirror holds what is no more */
    } else if (bluez_holds(link)) {
        retry(link, false); /* waits for Connected=false, which may come late */
    } else {
        bluez_pause(link);
    }
}

/* One that was not answered in time is still under way. Refused, what is connected all the same
 * came of it, unless another program is at it. */
static void take_ownership(struct bluez_link *link, enum bluez_error error)
{
    const struct bluez_device *device = bluez_device_of(link);

    link->asked = error == BLUEZ_TIMED_OUT;
    link->owned = error == BLUEZ_OK || (error != BLUEZ_ALREADY && error != BLUEZ_IN_PROGRESS &&
                                        device && device->connected);
}

/*
 * Mostly the band is connected by then, and the link further on. Where it isn't, Connected may come
 * late, or never: bluetoothd 5.66 tells nothing of a link that it had already, of which it had told
 * the end. So it is asked.
 */
static void on_connect_reply(void *user, DBusMessage *reply)
{
    struct bluez_link *link = user;
    const enum bluez_error error = bluez_error(reply);

    take_ownership(link, error);
    if (link->state != BLUEZ_LINK_CONNECT)
        return;
    if (error == BLUEZ_OK) {
        link->waits = WAITS_MAX;
        alarm_set(&link->alarm, TO_CONNECT_MS, link->on_limit);
        watch_reload(link->ground->watch);
    } else if (error == BLUEZ_ALREADY) {
        watch_reload(link->ground->watch);
    } else {
        on_connect_refused(link, reply);
    }
    bluez_digest(link);
}

static void connect_call(struct bluez_link *link)
{
    link->waits = 1;
    bluez_enter(link, BLUEZ_LINK_CONNECT, WAIT_MS);
    bluez_disown(link);
    link->asked = true;
    bluez_call(link, &link->connect_call, BLUEZ_DEVICE, "Connect", CONNECT_LIMIT_MS,
               on_connect_reply);
}

void bluez_connect_late(struct bluez_link *link)
{
    if (link->waits == WAITS_MAX || air_is_awaited_by_others(link->air, user_of(link))) {
        retry(link, false);
        return;
    }
    link->waits++;
    alarm_set(&link->alarm, WAIT_MS, link->on_limit);
}

static void refuse_stranger(struct bluez_link *link)
{
    struct failure failure;

    failure_set(&failure, ERROR_CONNECTION_FAILED,
                "%s is no Link Band: this computer knows it as another device. Give the address of "
                "a band, as a scan lists it.",
                link->band.address);
    bluez_fail(link, &failure);
}

void bluez_fail_busy(struct bluez_link *link)
{
    struct failure failure;

    failure_set(&failure, ERROR_BUSY, "%s is connected or being connected.", link->label);
    bluez_fail(link, &failure);
}

/* Its object is there, and it was heard, or is connected, or we have waited for that. */
void bluez_try(struct bluez_link *link, struct air *air, const struct bluez_device *device)
{
    if (objects_is_stranger(&link->ground->watch->objects, device)) {
        refuse_stranger(link);
        return;
    }
    if (link->ground->is_taken(link->ground->user, device->address)) {
        bluez_fail_busy(link);
        return;
    }
    link->air = air;
    link->band = link->wanted;
    memcpy(link->device, device->path, sizeof(link->device));
    memcpy(link->band.address, device->address, sizeof(link->band.address));
    if (device->name[0])
        memcpy(link->band.name, device->name, sizeof(link->band.name));
    snprintf(link->label, sizeof(link->label), "%s",
             link->band.name[0] ? link->band.name : link->band.address);
    if (device->connected)
        bluez_resolve(link);
    else
        bluez_enter(link, BLUEZ_LINK_TURN, 0);
}

void bluez_connect(struct bluez_link *link)
{
    if (air_is_free_for(link->air, user_of(link)))
        connect_call(link);
}

/* ---- Connected: its services are checked */

static void no_band(struct bluez_link *link, const struct model_source *missing)
{
    struct failure failure;

    failure_set(&failure, ERROR_CONNECTION_FAILED,
                "%s has no %s characteristic: it is no %s, or its services could not be "
                "read. Switch the band off and on and try again.",
                link->label, missing->label, link->gatt.model->title);
    bluez_fail(link, &failure);
}

/*
 * BlueZ keeps services in a cache that can be empty or of an older firmware: connect anew, then
 * clear the cache, then believe it.
 */
static void incomplete(struct bluez_link *link, const struct model_source *missing)
{
    log_info("%s: no %s characteristic", link->label, missing->label);
    link->incomplete++;
    if (link->incomplete > 2 || !bluez_may_cut(link))
        no_band(link, missing);
    else
        retry(link, link->incomplete == 2);
}

void bluez_resolve(struct bluez_link *link)
{
    bluez_enter(link, BLUEZ_LINK_RESOLVE, RESOLVE_MS);
}

void bluez_check(struct bluez_link *link)
{
    bluez_enter(link, BLUEZ_LINK_CHECK, CHECK_MS);
    watch_reload(link->ground->watch);
}

bool bluez_is_complete(struct bluez_link *link)
{
    const struct objects *objects = &link->ground->watch->objects;
    const struct bluez_device *device = bluez_device_of(link);

    link->gatt.model = objects_model(objects, device);
    const struct model_source *missing = gatt_missing(&link->gatt);
    if (!missing)
        return true;
    if (objects_is_stranger(objects, device))
        no_band(link, missing);
    else
        incomplete(link, missing);
    return false;
}

void bluez_resolve_late(struct bluez_link *link)
{
    log_info("%s: its services are not resolved: trying again", link->label);
    if (bluez_may_cut(link))
        retry(link, ++link->hangs % 2 == 0);
    else
        bluez_resolve(link); /* another's link: not ours to cut */
}
