/*
 * One attempt to connect: looks for the band, connects, waits for its services, has them checked,
 * and tries again whatever goes wrong, until it is cancelled or has no chance.
 *
 * The machine goes by the mirror's state, not by the order of signals: attempt_advance() is called
 * after every message and asks what holds now.
 */
#include <stdlib.h>
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

const char *attempt_label(const struct attempt *attempt)
{
    return attempt->band.name[0] ? attempt->band.name : attempt->band.address;
}

bool attempt_holds(const struct attempt *attempt)
{
    return attempt->asked || attempt->owned;
}

/* What is ended or gone is nobody's. */
void attempt_disown(struct attempt *attempt)
{
    bus_cancel(&attempt->connect_call);
    attempt->asked = attempt->owned = false;
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

static void end(struct bluez *bluez)
{
    attempt_disown(&bluez->attempt);
    attempt_set(bluez, ATTEMPT_NONE, 0);
}

void attempt_fail(struct bluez *bluez, const struct failure *failure)
{
    const struct attempt *attempt = &bluez->attempt;
    const struct bluez_device *device = objects_device(&bluez->objects, attempt->device);

    /* A Connect under way would go on without us, and the band be held by nobody. */
    if (device && (attempt->asked || (attempt->owned && device->connected)))
        bus_call(bluez->bus, NULL, bluez_method(device->path, BLUEZ_DEVICE, "Disconnect"),
                 DISCONNECT_LIMIT_MS, NULL, bluez);
    end(bluez);
    bluez_down(bluez->handle, LINK_END_FAILED, failure);
}

static void seek(struct bluez *bluez)
{
    bluez->attempt.patient = false;
    attempt_set(bluez, ATTEMPT_SEEK, SEEK_MS);
}

/* 0.25, 0.5, 1, 2, 4, 4 … s: the outer back-off, to 30 s, is the manager's. */
void attempt_pause(struct bluez *bluez)
{
    struct bluez_device *device = objects_device(&bluez->objects, bluez->attempt.device);
    const unsigned tries = bluez->attempt.tries++;

    if (device)
        device->in_air =
            false; /* tried in vain: another of the name goes first until it is heard */
    if (!device || !device->connected)
        bluez->attempt.owned = false;
    attempt_set(bluez, ATTEMPT_PAUSE, 250u << (tries < 4 ? tries : 4));
}

static void cancelled(struct bluez *bluez)
{
    end(bluez);
    bluez_down(bluez->handle, LINK_END_CANCELLED, NULL);
}

static void on_hang(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;

    log_info("%s: its services are not resolved: trying again", attempt_label(attempt));
    if (may_disconnect(bluez, attempt_holds(attempt), attempt->band.address))
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
        attempt_dropped(bluez);
        break;
    case ATTEMPT_CANCEL:
        cancelled(bluez);
        break;
    case ATTEMPT_NONE: /* these have no alarm */
    case ATTEMPT_QUIET:
    case ATTEMPT_FIRMWARE:
    case ATTEMPT_BATTERY:
    case ATTEMPT_REMOVE:
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
    log_info("%s: %s", attempt_label(&bluez->attempt), failure.message);
    bluez->attempt.stuck = error == BLUEZ_STUCK ? bluez->attempt.stuck + 1 : 0;
    if (bluez_error_is_final(error) || bluez->attempt.stuck == STUCK_MAX) {
        attempt_fail(bluez, &failure);
        return;
    }
    if (error == BLUEZ_IN_PROGRESS) {
        on_in_progress(bluez);
    } else if (error == BLUEZ_GONE) {
        bluez->attempt.sighted = false;
        attempt_pause(bluez);
        bluez_reload(bluez); /* the mirror holds what is no more */
    } else if (attempt_holds(&bluez->attempt)) {
        attempt_retry(bluez, false); /* waits for Connected=false, which may come late */
    } else {
        attempt_pause(bluez);
    }
}

/* One that was not answered in time is still under way. Refused, what is connected all the same
 * came of it, unless another program is at it. */
static void take_ownership(struct bluez *bluez, enum bluez_error error)
{
    struct attempt *attempt = &bluez->attempt;
    const struct bluez_device *device = objects_device(&bluez->objects, attempt->device);

    attempt->asked = error == BLUEZ_TIMED_OUT;
    attempt->owned = error == BLUEZ_OK || (error != BLUEZ_ALREADY && error != BLUEZ_IN_PROGRESS &&
                                           device && device->connected);
    if (bluez->link.up)
        bluez->link.owned = attempt_holds(attempt);
}

/* Mostly the band is connected by then, and the attempt further on. */
static void on_connect_reply(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    const enum bluez_error error = bluez_error(reply);

    take_ownership(bluez, error);
    if (bluez->attempt.state != ATTEMPT_CONNECT)
        return;
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
    attempt_disown(attempt);
    attempt->asked = true;
    bus_call(bluez->bus, &attempt->connect_call,
             bluez_method(attempt->device, BLUEZ_DEVICE, "Connect"), CONNECT_LIMIT_MS,
             on_connect_reply, bluez);
}

static void refuse_stranger(struct bluez *bluez)
{
    struct failure failure;

    failure_set(&failure, ERROR_CONNECTION_FAILED,
                "%s is no Link Band: this computer knows it as another device. Give the address of "
                "a band, as a scan lists it.",
                bluez->attempt.band.address);
    attempt_fail(bluez, &failure);
}

/* Its object is there, and it was heard, or is connected, or we have waited for that. */
static void try_device(struct bluez *bluez, const struct bluez_device *device)
{
    struct attempt *attempt = &bluez->attempt;

    attempt->band = attempt->wanted;
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
        device == objects_band(&bluez->objects, bluez->adapter, &attempt->wanted))
        bluez->attempt.sighted = true;
}

static void advance_seek(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;
    const struct bluez_device *device =
        objects_band(&bluez->objects, bluez->adapter, &attempt->wanted);

    if (device && objects_is_stranger(&bluez->objects, device))
        refuse_stranger(bluez);
    else if (device && (device->connected || attempt->sighted || attempt->patient))
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
    case ATTEMPT_CHECK:
    case ATTEMPT_FIRMWARE:
    case ATTEMPT_BATTERY:
        if (!device->connected)
            attempt_pause(bluez);
        else if (attempt->state == ATTEMPT_RESOLVE && device->resolved)
            advance_resolve(bluez);
        break;
    case ATTEMPT_DROP:
        if (attempt->replied && !device->connected)
            attempt_dropped(bluez);
        break;
    case ATTEMPT_CANCEL:
        if (attempt->replied && !device->connected)
            cancelled(bluez);
        break;
    case ATTEMPT_NONE:
    case ATTEMPT_SEEK:
    case ATTEMPT_REMOVE:
    case ATTEMPT_PAUSE:
        break;
    }
}

/* Its object is gone: removed by anyone, or with its adapter. */
static void advance_without_device(struct bluez *bluez)
{
    bluez->attempt.sighted = false;
    attempt_disown(&bluez->attempt);
    if (bluez->attempt.state == ATTEMPT_CANCEL)
        cancelled(bluez);
    else
        attempt_pause(bluez);
}

static void fail_for_trouble(struct bluez *bluez)
{
    struct failure failure;

    attempt_fail(bluez, adapter_failure(bluez, &failure));
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

static const struct ble_link_ops link_ops = {
    .close = bluez_close,
    .notify = bluez_notify,
    .write = bluez_write,
    .probe = bluez_probe,
};

static struct bluez_link *new_handle(struct bluez *bluez, const struct link_listener *listener)
{
    struct bluez_link *handle = calloc(1, sizeof(*handle));

    if (!handle)
        return NULL;
    handle->link.ops = &link_ops;
    handle->link.listener = *listener;
    handle->bluez = bluez;
    return handle;
}

static void begin(struct bluez *bluez, const struct band_identity *band)
{
    struct attempt *attempt = &bluez->attempt;

    attempt->wanted = attempt->band = *band;
    attempt->device[0] = '\0';
    attempt->sighted = attempt->remove = false;
    attempt_disown(attempt);
    attempt->tries = attempt->in_progress = attempt->incomplete = 0;
    attempt->hangs = attempt->stuck = 0;
    seek(bluez);
    discovery_look_anew(bluez);
    /* From the alarm, for nothing may be told before this returns. */
    alarm_set(&bluez->attempt.alarm, 0, attempt_begin);
}

struct ble_link *bluez_open(struct backend *backend, const struct band_identity *band,
                            const struct link_listener *listener)
{
    struct bluez *bluez = (struct bluez *)backend;
    struct bluez_link *handle = new_handle(bluez, listener);

    if (!handle)
        return NULL;
    if (bluez->handle) {
        struct answer *answer = answer_later(bluez, handle, ANSWER_DOWN);
        answer->end = LINK_END_FAILED;
        failure_set(&answer->failure, ERROR_BUSY, "A band is connected or being connected.");
    } else {
        bluez->handle = handle;
        begin(bluez, band);
    }
    return &handle->link;
}

void attempt_cancel(struct bluez *bluez)
{
    struct attempt *attempt = &bluez->attempt;

    if (attempt->state == ATTEMPT_CANCEL)
        return;
    if (!attempt_holds(attempt) || !bluez->usable) {
        answer_later(bluez, bluez->handle, ANSWER_DOWN)->end = LINK_END_CANCELLED;
        end(bluez);
        return;
    }
    attempt_drop(bluez, ATTEMPT_CANCEL);
}
