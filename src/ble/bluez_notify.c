/* Turning notifications on and off, and breaking the lock that a dead client left on them. */
#include <string.h>

#include "base/log.h"
#include "bluez_internal.h"

#define TRIES_MAX    3
#define TRY_AGAIN_MS 300

static void start(struct subscription *subscription);

static enum sensor sensor_of(const struct subscription *subscription)
{
    return (enum sensor)subscription->alarm.which;
}

static void settle(struct subscription *subscription, bool on, const struct failure *failure)
{
    struct bluez *bluez = subscription->alarm.bluez;
    const struct link_listener *listener = bluez_listener(bluez);
    const bool resuming = subscription->resuming;

    subscription->resuming = false;
    subscription->state = on && !failure ? NOTIFY_ON : NOTIFY_OFF;
    if (resuming && failure) /* silence will be noticed */
        log_warning("%s stays without notifications: %s", sensor_name(sensor_of(subscription)),
                    failure->message);
    if (resuming)
        return;
    listener->notified(listener->user, sensor_of(subscription), on, failure);
}

static void on_try_again(struct bluez *bluez, int which)
{
    start(&bluez->link.sensors[which]);
}

static void on_unlocked(void *user, DBusMessage *reply)
{
    struct subscription *subscription = user;

    (void)reply; /* refused: no session of ours is in the way */
    alarm_set(&subscription->alarm, TRY_AGAIN_MS, on_try_again);
}

static void stop_call(struct subscription *subscription, bus_reply_fn reply)
{
    bus_call(subscription->alarm.bluez->bus, &subscription->call,
             bluez_method(subscription->path, BLUEZ_CHARACTERISTIC, "StopNotify"), NOTIFY_LIMIT_MS,
             reply, subscription);
}

/* A new link has no locks. Once a band: if another program does hold it, it would take it again. */
static void break_lock(struct bluez *bluez)
{
    struct link *link = &bluez->link;

    if (link->unlocked_once || !may_disconnect(bluez, link->owned, link->band.address))
        return;
    log_info("%s: notifications are locked: connecting anew", link->band.name);
    link->unlocked_once = true;
    link_drop(bluez);
}

/* The link's end did not follow. */
static void on_refusal_stands(struct bluez *bluez, int which)
{
    struct subscription *subscription = &bluez->link.sensors[which];
    const struct failure refusal = subscription->refusal;

    settle(subscription, true, &refusal);
    if (subscription->locked && bluez->link.up)
        break_lock(bluez);
}

static void on_refused(struct subscription *subscription, DBusMessage *reply)
{
    const enum bluez_error error = bluez_error(reply);

    subscription->locked = error == BLUEZ_LOCKED || error == BLUEZ_IN_PROGRESS;
    if (subscription->locked && ++subscription->tries < TRIES_MAX) {
        stop_call(subscription, on_unlocked);
        return;
    }
    bluez_failure(&subscription->refusal, reply, ERROR_STREAMING, "Subscribing to the band's data");
    alarm_set(&subscription->alarm, VERDICT_MS, on_refusal_stands);
}

static void on_started(void *user, DBusMessage *reply)
{
    struct subscription *subscription = user;
    const enum bluez_error error = bluez_error(reply);

    if (error == BLUEZ_OK || error == BLUEZ_ALREADY) {
        subscription->alarm.bluez->link.unlocked_once = false;
        settle(subscription, true, NULL);
    } else {
        on_refused(subscription, reply);
    }
}

static void start_notify(struct subscription *subscription)
{
    bus_call(subscription->alarm.bluez->bus, &subscription->call,
             bluez_method(subscription->path, BLUEZ_CHARACTERISTIC, "StartNotify"), NOTIFY_LIMIT_MS,
             on_started, subscription);
}

/* StartNotify may do where there is no socket to be had; nothing is gained by it where another
 * program is in the way. */
static bool notify_may_do(const struct subscription *subscription, enum bluez_error error)
{
    return error == BLUEZ_FAILED ||
           (subscription->resuming && error != BLUEZ_OK && !bluez_error_is_final(error));
}

static void on_acquired(void *user, DBusMessage *reply)
{
    struct subscription *subscription = user;
    struct bluez *bluez = subscription->alarm.bluez;
    struct failure failure;

    if (notify_may_do(subscription, bluez_error(reply))) {
        start_notify(subscription);
    } else if (bluez_error(reply) != BLUEZ_OK) {
        on_refused(subscription, reply);
    } else if (acquire_take(bluez, sensor_of(subscription), reply)) {
        bluez->link.unlocked_once = false;
        settle(subscription, true, NULL);
    } else {
        failure_set(&failure, ERROR_STREAMING, "BlueZ gave no usable socket for the band's data.");
        settle(subscription, true, &failure);
    }
}

/* The battery tells one byte in minutes: no socket for that. */
static bool is_acquired_kind(const struct subscription *subscription)
{
    return subscription->alarm.bluez->acquire && sensor_of(subscription) != SENSOR_BAT;
}

static void start(struct subscription *subscription)
{
    subscription->state = NOTIFY_STARTING;
    if (is_acquired_kind(subscription))
        bus_call(subscription->alarm.bluez->bus, &subscription->call,
                 acquire_method(subscription->path), NOTIFY_LIMIT_MS, on_acquired, subscription);
    else
        start_notify(subscription);
}

void subscription_resume(struct subscription *subscription, bool brought)
{
    subscription->resuming = true;
    subscription->tries = 0;
    subscription->state = NOTIFY_STARTING;
    if (brought)
        start(subscription);
    else
        start_notify(subscription);
}

/* Refused is mostly "No notify session started": off is what was wanted. */
static void on_stopped(void *user, DBusMessage *reply)
{
    struct subscription *subscription = user;
    const enum bluez_error error = bluez_error(reply);
    struct failure failure;

    if (error == BLUEZ_TIMED_OUT || bluez_error_is_final(error))
        settle(subscription, false,
               bluez_failure(&failure, reply, ERROR_STREAMING, "Unsubscribing from the band"));
    else
        settle(subscription, false, NULL);
}

static void answer_at_once(struct bluez *bluez, enum sensor sensor, bool on)
{
    struct answer *answer = answer_later(bluez, bluez->handle, ANSWER_NOTIFY);

    answer->sensor = sensor;
    answer->on = on;
    if (!bluez->link.up)
        failure_set(&answer->failure, ERROR_NOT_CONNECTED, "No band is connected.");
}

void bluez_notify(struct ble_link *handle, enum sensor sensor, bool on)
{
    struct bluez *bluez = ((struct bluez_link *)handle)->bluez;
    struct subscription *subscription = &bluez->link.sensors[sensor];
    const bool is_so = on && subscription->state == NOTIFY_ON;

    if (&bluez->handle->link != handle)
        return;
    bus_cancel(&subscription->call); /* at most one at a time is the caller's promise */
    alarm_clear(&subscription->alarm);
    subscription->tries = 0;
    subscription->resuming = false;
    if (bluez->link.ending)
        return;
    if (!bluez->link.up || is_so) {
        answer_at_once(bluez, sensor, on);
    } else if (!subscription->path[0] || (!on && subscription->acquired)) {
        /* Battery1 needs no subscription; a socket is ended by closing it. */
        acquire_drop(subscription);
        subscription->state = on ? NOTIFY_ON : NOTIFY_OFF;
        answer_at_once(bluez, sensor, on);
    } else if (on) {
        start(subscription);
    } else {
        subscription->state = NOTIFY_STOPPING;
        stop_call(subscription, on_stopped);
    }
}

void subscriptions_void(struct bluez *bluez)
{
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        bus_cancel(&bluez->link.sensors[sensor].call);
        alarm_clear(&bluez->link.sensors[sensor].alarm);
    }
}

void subscriptions_end(struct bluez *bluez)
{
    subscriptions_void(bluez);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        acquire_drop(&bluez->link.sensors[sensor]);
        bluez->link.sensors[sensor].state = NOTIFY_OFF;
    }
}
