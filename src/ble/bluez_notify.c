#include "bluez_notify.h"

#include "base/log.h"
#include "bluez_errors.h"
#include "bluez_method.h"
#include "bluez_properties.h"

#define TRIES_MAX    3
#define TRY_AGAIN_MS 300

static void begin_either_way(void *user);

static void settle(struct notify *notify, bool on, const struct failure *failure)
{
    const bool resuming = notify->resuming;

    notify->resuming = false;
    notify->state = on && !failure ? NOTIFY_ON : NOTIFY_OFF;
    if (resuming && failure) /* silence will be noticed */
        log_warning("%s: %s stays without notifications: %s", notify->ground->band,
                    sensor_name(notify->source->sensor), failure->message);
    if (!resuming)
        notify->ground->turned(notify->ground->sources, notify, on, failure);
}

static void on_unlocked(void *user, DBusMessage *reply)
{
    struct notify *notify = user;

    (void)reply; /* refused: no session of ours is in the way */
    alarm_set(&notify->alarm, TRY_AGAIN_MS, begin_either_way);
}

static void call(struct notify *notify, DBusMessage *message, bus_reply_fn reply)
{
    bus_call(notify->ground->watch->bus, &notify->call, message, NOTIFY_LIMIT_MS, reply, notify);
}

static DBusMessage *stop_method(const struct notify *notify)
{
    return bluez_method(notify->path, BLUEZ_CHARACTERISTIC, "StopNotify");
}

/* The link's end did not follow. */
static void on_refusal_stands(void *user)
{
    struct notify *notify = user;
    const struct failure refusal = notify->refusal;

    settle(notify, true, &refusal);
    if (notify->locked)
        notify->ground->locked(notify->ground->user);
}

static void on_refused(struct notify *notify, DBusMessage *reply)
{
    const enum bluez_error error = bluez_error(reply);

    notify->locked = error == BLUEZ_LOCKED || error == BLUEZ_IN_PROGRESS;
    if (notify->locked && ++notify->tries < TRIES_MAX) {
        call(notify, stop_method(notify), on_unlocked);
        return;
    }
    bluez_failure(&notify->refusal, reply, ERROR_STREAMING, "Subscribing to the band's data");
    alarm_set(&notify->alarm, VERDICT_MS, on_refusal_stands);
}

static void on_notify_started(void *user, DBusMessage *reply)
{
    struct notify *notify = user;
    const enum bluez_error error = bluez_error(reply);

    if (error == BLUEZ_OK || error == BLUEZ_ALREADY) {
        notify->ground->worked(notify->ground->user);
        settle(notify, true, NULL);
    } else {
        on_refused(notify, reply);
    }
}

static void start_notify(struct notify *notify)
{
    call(notify, bluez_method(notify->path, BLUEZ_CHARACTERISTIC, "StartNotify"),
         on_notify_started);
}

/* StartNotify may do where there is no socket to be had; nothing is gained by it where another
 * program is in the way. */
static bool notify_may_do(const struct notify *notify, enum bluez_error error)
{
    return error == BLUEZ_FAILED ||
           (notify->resuming && error != BLUEZ_OK && !bluez_error_is_final(error));
}

static void tell_packet(void *user, const uint8_t *bytes, size_t len, int64_t arrival_us)
{
    const struct notify *notify = user;
    const struct packet packet = {notify->source->sensor, arrival_us, bytes, len,
                                  notify->source->lane};

    notify->ground->up->packet(notify->ground->up->user, &packet);
}

/* HUP comes just before Connected=false; if that doesn't follow, the band is still there: another
 * socket is acquired if this one had brought anything, else StartNotify is called. */
static void on_hung_up(void *user)
{
    struct notify *notify = user;
    const bool brought = acquire_has_brought(notify->acquired);

    log_info("%s: the socket of %s notifications was closed", notify->ground->band,
             sensor_name(notify->source->sensor));
    acquire_drop(notify->acquired);
    notify->acquired = NULL;
    notify->resuming = true;
    notify->tries = 0;
    notify->state = NOTIFY_STARTING;
    if (brought)
        begin_either_way(notify);
    else
        start_notify(notify);
}

static bool take_socket(struct notify *notify, DBusMessage *reply)
{
    const struct acquire_listener listener = {notify, tell_packet, on_hung_up};

    acquire_drop(notify->acquired);
    notify->acquired = acquire_take(notify->ground->handles, reply, &listener);
    return notify->acquired;
}

static void on_acquired(void *user, DBusMessage *reply)
{
    struct notify *notify = user;
    const enum bluez_error error = bluez_error(reply);
    struct failure failure;

    if (notify_may_do(notify, error)) {
        start_notify(notify);
    } else if (error != BLUEZ_OK) {
        on_refused(notify, reply);
    } else if (take_socket(notify, reply)) {
        notify->ground->worked(notify->ground->user);
        settle(notify, true, NULL);
    } else {
        failure_set(&failure, ERROR_STREAMING, "BlueZ gave no usable socket for the band's data.");
        settle(notify, true, &failure);
    }
}

/* The battery tells one byte in minutes: no socket for that. */
static void begin_either_way(void *user)
{
    struct notify *notify = user;

    notify->state = NOTIFY_STARTING;
    if (notify->ground->acquire && notify->source->sensor != SENSOR_BAT)
        call(notify, acquire_method(notify->path), on_acquired);
    else
        start_notify(notify);
}

/* Refused is mostly "No notify session started": off is what was wanted. */
static void on_notify_stopped(void *user, DBusMessage *reply)
{
    struct notify *notify = user;
    const enum bluez_error error = bluez_error(reply);
    struct failure failure;

    if (error == BLUEZ_TIMED_OUT || bluez_error_is_final(error))
        settle(notify, false,
               bluez_failure(&failure, reply, ERROR_STREAMING, "Unsubscribing from the band"));
    else
        settle(notify, false, NULL);
}

static void on_nothing_to_do(void *user)
{
    struct notify *notify = user;

    settle(notify, notify->on, NULL);
}

void notify_turn(struct notify *notify, bool on)
{
    const bool is_so = on && notify->state == NOTIFY_ON;

    notify_void(notify); /* at most one at a time is the caller's promise */
    notify->tries = 0;
    notify->resuming = false;
    if (is_so || !notify->path[0] || (!on && notify->acquired)) {
        /* Battery1 needs no subscription; a socket is ended by closing it. */
        if (!on)
            notify_end(notify);
        notify->on = on;
        alarm_set(&notify->alarm, 0, on_nothing_to_do);
    } else if (on) {
        begin_either_way(notify);
    } else {
        notify->state = NOTIFY_STOPPING;
        call(notify, stop_method(notify), on_notify_stopped);
    }
}

void notify_turn_off_quietly(struct notify *notify)
{
    notify_turn(notify, false);
    notify->resuming = true;
}

void notify_value(struct notify *notify, const uint8_t *bytes, size_t len, int64_t arrival_us)
{
    if (!notify->acquired && (notify->state == NOTIFY_STARTING || notify->state == NOTIFY_ON))
        tell_packet(notify, bytes, len, arrival_us);
}

void notify_init(struct notify *notify, const struct notify_ground *ground)
{
    notify->ground = ground;
    alarm_init(&notify->alarm, ground->handles, notify);
}

void notify_begin(struct notify *notify, const struct model_source *source, const char *path)
{
    notify->source = source;
    copy_whole(notify->path, sizeof(notify->path), path ? path : "");
}

void notify_void(struct notify *notify)
{
    bus_cancel(&notify->call);
    alarm_clear(&notify->alarm);
}

void notify_end(struct notify *notify)
{
    notify_void(notify);
    acquire_drop(notify->acquired);
    notify->acquired = NULL;
    notify->state = NOTIFY_OFF;
}

void notify_close(struct notify *notify)
{
    notify_end(notify);
    alarm_close(&notify->alarm);
}
