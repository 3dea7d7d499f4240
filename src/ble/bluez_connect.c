/*
 * One attempt to connect: looks for the band, connects, waits for its services, has them checked,
 * and tries again whatever goes wrong, until it is cancelled or has no chance.
 *
 * The machine goes by the mirror's state, not by the order of signals: attempt_advance() is called
 * after every message and asks what holds now.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bluez_internal.h"

#define SEEK_MS       3000  /* then an object that isn't heard is tried too */
#define RESOLVE_MS    10000 /* service discovery takes some 2 s, or hangs for ever */
#define TO_CONNECT_MS 3000  /* from Connect's reply to Connected */
#define CHECK_MS      6000
#define STUCK_MAX     4 /* within some 4 s: then it is said what is in the way */

bool may_disconnect(const struct bluez *bluez, bool owned, const char *address)
{
    return owned || strcmp(address, bluez->known_address) == 0;
}

/* Each second try is made without discovery: some adapters can't connect during it. */
static bool is_quiet_try(const struct attempt *attempt)
{
    return attempt->tries % 2 == 1;
}

bool attempt_wants_discovery(const struct bluez *bluez)
{
    const struct attempt *attempt = &bluez->attempt;

    if (attempt->state == ATTEMPT_SEEK)
        return true;
    return attempt->state == ATTEMPT_CONNECT && !is_quiet_try(attempt);
}

bool attempt_forbids_discovery(const struct bluez *bluez)
{
    const struct attempt *attempt = &bluez->attempt;

    return attempt->state == ATTEMPT_QUIET ||
           (attempt->state == ATTEMPT_CONNECT && is_quiet_try(attempt));
}

static void end(struct bluez *bluez)
{
    bus_cancel(&bluez->attempt.call);
    alarm_clear(&bluez->attempt.alarm);
    bluez->attempt.state = ATTEMPT_NONE;
}

static void disconnect_device(struct bluez *bluez, const char *path, struct bus_call **slot,
                              bus_reply_fn reply)
{
    bus_call(bluez->bus, slot, bluez_method(path, BLUEZ_DEVICE, "Disconnect"), DISCONNECT_LIMIT_MS,
             reply, bluez);
}

void attempt_fail(struct bluez *bluez, const struct failure *failure)
{
    const struct attempt *attempt = &bluez->attempt;
    const struct bluez_device *device = objects_device(&bluez->objects, attempt->device);

    if (device && device->connected && attempt->owned)
        disconnect_device(bluez, device->path, NULL, NULL);
    end(bluez);
    bluez->backend.listener.connect_failed(bluez->backend.listener.user, failure);
}

static void on_limit(struct bluez *bluez, int which);

void attempt_set(struct bluez *bluez, enum attempt_state state, unsigned limit_ms)
{
    bus_cancel(&bluez->attempt.call);
    bluez->attempt.state = state;
    if (limit_ms)
        alarm_set(&bluez->attempt.alarm, limit_ms, on_limit);
    else
        alarm_clear(&bluez->attempt.alarm);
}

static void seek(struct bluez *bluez)
{
    bluez->attempt.patient = false;
    attempt_set(bluez, ATTEMPT_SEEK, SEEK_MS);
}

/* 0.25, 0.5, 1, 2, 4, 4 … s: the outer back-off, to 30 s, is the manager's. */
static void pause_before_retry(struct bluez *bluez)
{
    const unsigned tries = bluez->attempt.tries++;

    attempt_set(bluez, ATTEMPT_PAUSE, 250u << (tries < 4 ? tries : 4));
}

static void on_removed(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    (void)reply; /* refused: it is gone already */
    bluez->attempt.sighted = false;
    bluez->attempt.owned = false;
    pause_before_retry(bluez);
    bluez_digest(bluez);
}

/* RemoveDevice also empties BlueZ's cache of the band's services. */
static void remove_device(struct bluez *bluez)
{
    DBusMessage *message = bluez_method(bluez->adapter, BLUEZ_ADAPTER, "RemoveDevice");
    const char *path = bluez->attempt.device;

    log_info("removing %s from BlueZ's cache, to begin anew", adapter_name(path));
    attempt_set(bluez, ATTEMPT_REMOVE, 0);
    if (message)
        dbus_message_append_args(message, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
    bus_call(bluez->bus, &bluez->attempt.call, message, CALL_LIMIT_MS, on_removed, bluez);
}

static void dropped(struct bluez *bluez)
{
    if (bluez->attempt.remove)
        remove_device(bluez);
    else
        pause_before_retry(bluez);
}

static void on_drop_reply(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    (void)reply; /* refused: it isn't connected, and that is seen in the mirror */
    bluez->attempt.replied = true;
    bluez_digest(bluez);
}

void attempt_retry(struct bluez *bluez, bool remove)
{
    struct attempt *attempt = &bluez->attempt;

    attempt->remove = remove;
    attempt->replied = false;
    attempt_set(bluez, ATTEMPT_DROP, DISCONNECT_LIMIT_MS);
    disconnect_device(bluez, attempt->device, &attempt->call, on_drop_reply);
}

static void cancelled(struct bluez *bluez)
{
    struct failure failure;

    failure_set(&failure, ERROR_CANCELLED, "Connecting was cancelled.");
    end(bluez);
    bluez->backend.listener.connect_failed(bluez->backend.listener.user, &failure);
}

static void on_hang(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;

    log_info("%s: its services are not resolved: trying again", attempt->band.name);
    if (may_disconnect(bluez, attempt->owned, attempt->band.address))
        attempt_retry(bluez, ++attempt->hangs % 2 == 0);
    else
        attempt_set(bluez, ATTEMPT_RESOLVE, RESOLVE_MS); /* another's link: not ours to cut */
}

static void on_limit(struct bluez *bluez, int which)
{
    (void)which;
    switch (bluez->attempt.state) {
    case ATTEMPT_SEEK:
        bluez->attempt.patient = true;
        break;
    case ATTEMPT_PAUSE:
        seek(bluez);
        break;
    case ATTEMPT_CONNECT:
        attempt_retry(bluez, false);
        break;
    case ATTEMPT_RESOLVE:
    case ATTEMPT_CHECK:
        on_hang(bluez);
        break;
    case ATTEMPT_DROP:
        dropped(bluez);
        break;
    case ATTEMPT_CANCEL:
        cancelled(bluez);
        break;
    default:
        break;
    }
    bluez_digest(bluez);
}

/* Of a client that was killed a Connect may still be under way: end it, then clear the slate. */
static void on_in_progress(struct bluez *bluez)
{
    attempt_retry(bluez, ++bluez->attempt.in_progress % 3 == 0);
}

static void on_connect_refused(struct bluez *bluez, DBusMessage *reply)
{
    const enum bluez_error error = bluez_error(reply);
    struct failure failure;

    bluez_failure(&failure, reply, ERROR_CONNECTION_FAILED, "Connecting");
    log_info("%s: %s", bluez->attempt.band.name, failure.message);
    bluez->attempt.stuck = error == BLUEZ_STUCK ? bluez->attempt.stuck + 1 : 0;
    if (bluez_error_is_final(error) || bluez->attempt.stuck == STUCK_MAX) {
        attempt_fail(bluez, &failure);
        return;
    }
    if (error == BLUEZ_IN_PROGRESS) {
        on_in_progress(bluez);
    } else if (error == BLUEZ_GONE) {
        bluez->attempt.sighted = false;
        pause_before_retry(bluez);
        bluez_reload(bluez); /* the mirror holds what is no more */
    } else {
        attempt_retry(bluez, false); /* waits for Connected=false, which may come late */
    }
}

static void on_connect_reply(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    const enum bluez_error error = bluez_error(reply);

    if (error == BLUEZ_OK)
        alarm_set(&bluez->attempt.alarm, TO_CONNECT_MS, on_limit);
    else if (error == BLUEZ_ALREADY)
        bluez_reload(bluez);
    else
        on_connect_refused(bluez, reply);
    bluez_digest(bluez);
}

static void connect_call(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;

    attempt_set(bluez, ATTEMPT_CONNECT, CONNECT_LIMIT_MS + TO_CONNECT_MS);
    attempt->owned = true;
    bus_call(bluez->bus, &attempt->call, bluez_method(attempt->device, BLUEZ_DEVICE, "Connect"),
             CONNECT_LIMIT_MS, on_connect_reply, bluez);
}

/* Its object is there, and it was heard, or is connected, or we have waited for that. */
static void try_device(struct bluez *bluez, const struct bluez_device *device)
{
    struct attempt *attempt = &bluez->attempt;

    memcpy(attempt->device, device->path, sizeof(attempt->device));
    memcpy(attempt->band.address, device->address, sizeof(attempt->band.address));
    if (device->name[0])
        memcpy(attempt->band.name, device->name, sizeof(attempt->band.name));
    if (device->connected)
        attempt_set(bluez, ATTEMPT_RESOLVE, RESOLVE_MS);
    else if (is_quiet_try(attempt))
        attempt_set(bluez, ATTEMPT_QUIET, 0);
    else
        connect_call(bluez);
}

void attempt_sighted(struct bluez *bluez, const struct bluez_device *device)
{
    const struct attempt *attempt = &bluez->attempt;

    if (attempt->state == ATTEMPT_SEEK &&
        device == objects_band(&bluez->objects, bluez->adapter, &attempt->band))
        bluez->attempt.sighted = true;
}

static void advance_seek(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;
    const struct bluez_device *device =
        objects_band(&bluez->objects, bluez->adapter, &attempt->band);

    if (device && (device->connected || attempt->sighted || attempt->patient))
        try_device(bluez, device);
}

static void advance_resolve(struct bluez *bluez)
{
    attempt_set(bluez, ATTEMPT_CHECK, CHECK_MS);
    bluez_reload(bluez);
}

static void advance_device(struct bluez *bluez, const struct bluez_device *device)
{
    struct attempt *attempt = &bluez->attempt;

    switch (attempt->state) {
    case ATTEMPT_QUIET:
        if (bluez->discovery.state == DISCOVERY_OFF)
            connect_call(bluez);
        break;
    case ATTEMPT_CONNECT:
        if (device->connected && device->resolved)
            advance_resolve(bluez);
        else if (device->connected)
            attempt_set(bluez, ATTEMPT_RESOLVE, RESOLVE_MS);
        break;
    case ATTEMPT_RESOLVE:
        if (!device->connected)
            pause_before_retry(bluez);
        else if (device->resolved)
            advance_resolve(bluez);
        break;
    case ATTEMPT_CHECK:
    case ATTEMPT_FIRMWARE:
    case ATTEMPT_BATTERY:
        if (!device->connected)
            pause_before_retry(bluez);
        break;
    case ATTEMPT_DROP:
        if (attempt->replied && !device->connected)
            dropped(bluez);
        break;
    case ATTEMPT_CANCEL:
        if (attempt->replied && !device->connected)
            cancelled(bluez);
        break;
    default:
        break;
    }
}

/* Its object is gone: removed by anyone, or with its adapter. */
static void advance_without_device(struct bluez *bluez)
{
    bluez->attempt.sighted = false;
    bluez->attempt.owned = false;
    if (bluez->attempt.state == ATTEMPT_CANCEL)
        cancelled(bluez);
    else
        pause_before_retry(bluez);
}

static void fail_for_trouble(struct bluez *bluez)
{
    struct failure failure;

    failure_set(&failure, ERROR_BLUETOOTH, "%s", adapter_trouble(bluez));
    attempt_fail(bluez, &failure);
}

void attempt_advance(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;
    const struct bluez_device *device = objects_device(&bluez->objects, attempt->device);

    if (attempt->state == ATTEMPT_NONE)
        return;
    if (!bluez->usable && attempt->state == ATTEMPT_CANCEL)
        cancelled(bluez);
    else if (!bluez->usable && !adapter_is_awaited(bluez))
        fail_for_trouble(bluez);
    else if (!bluez->usable || attempt->state == ATTEMPT_PAUSE || attempt->state == ATTEMPT_REMOVE)
        return;
    else if (attempt->state == ATTEMPT_SEEK)
        advance_seek(bluez);
    else if (device)
        advance_device(bluez, device);
    else
        advance_without_device(bluez);
}

static void attempt_begin(struct bluez *bluez, int which)
{
    (void)which;
    alarm_set(&bluez->attempt.alarm, SEEK_MS, on_limit);
    bluez_digest(bluez);
}

void bluez_connect(struct backend *backend, const struct band_identity *band)
{
    struct bluez *bluez = (struct bluez *)backend;
    struct attempt *attempt = &bluez->attempt;

    if (attempt->state != ATTEMPT_NONE || bluez->link.up) {
        struct answer *answer = answer_later(bluez);
        answer->kind = ANSWER_CONNECT;
        failure_set(&answer->failure, ERROR_BUSY, "A band is connected or being connected.");
        return;
    }
    attempt->band = *band;
    attempt->device[0] = '\0';
    attempt->sighted = attempt->owned = attempt->remove = false;
    attempt->tries = attempt->in_progress = attempt->incomplete = 0;
    attempt->hangs = attempt->stuck = 0;
    seek(bluez);
    discovery_look_anew(bluez);
    /* From the alarm, for nothing may be told before this returns. */
    alarm_set(&bluez->attempt.alarm, 0, attempt_begin);
}

void attempt_cancel(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;

    if (attempt->state == ATTEMPT_CANCEL)
        return;
    attempt->replied = false;
    if (!attempt->owned || !bluez->usable) {
        struct answer *answer = answer_later(bluez);
        answer->kind = ANSWER_CONNECT;
        failure_set(&answer->failure, ERROR_CANCELLED, "Connecting was cancelled.");
        end(bluez);
        return;
    }
    attempt_set(bluez, ATTEMPT_CANCEL, DISCONNECT_LIMIT_MS);
    disconnect_device(bluez, attempt->device, &attempt->call, on_drop_reply);
}
