/*
 * Which notifications are on, one step after another over one link (docs/band.md, an order known
 * to work): at a connection all off, 1.2 s of quiet, the battery on; then for a stream `start`
 * written to EEG control, EEG, ACC, PPG on with a pause between. Of a change only the differences
 * are done: what is not wanted any more goes off, what is new goes on.
 */
#include "band/model.h"
#include "base/log.h"
#include "internal.h"

/* An operation that takes longer holds up only its own sensor: its completion still counts. */
#define OVERDUE_US (3 * SECOND)

bool sensor_is_wanted(const struct device *d, enum sensor sensor)
{
    return d->link.state == LINK_CONNECTED &&
           (sensor == SENSOR_BAT || (demand_of_all(d) & SENSOR_BIT(sensor)));
}

void subscriptions_reset(struct device *d)
{
    /* All unknown: bluetoothd may have subscribed anew by itself, so all are turned off first. */
    d->subscriptions = (struct subscriptions){.busy = false};
}

static void mark_busy(struct subscriptions *subs, int64_t now, bool control, enum sensor sensor)
{
    subs->busy = true;
    subs->control = control;
    subs->busy_on = sensor;
    subs->busy_until = now + OVERDUE_US;
}

static void control(struct device *d, bool start)
{
    d->subscriptions.eeg_started = start;
    mark_busy(&d->subscriptions, d->ground->now_us, true, SENSOR_EEG);
    due(d, d->subscriptions.busy_until);
    d->ground->backend->ops->control(d->ground->backend, start ? model_default()->control.start
                                                               : model_default()->control.stop);
}

static void notify(struct device *d, enum sensor sensor, bool on)
{
    d->subscriptions.of[sensor].state = on ? SUB_TURNING_ON : SUB_TURNING_OFF;
    mark_busy(&d->subscriptions, d->ground->now_us, false, sensor);
    due(d, d->subscriptions.busy_until);
    d->ground->backend->ops->notify(d->ground->backend, sensor, on);
}

static bool goes_off(const struct device *d, enum sensor sensor)
{
    const struct subscription *sub = &d->subscriptions.of[sensor];

    return sub->state == SUB_UNKNOWN ||
           (sub->state == SUB_ON && (sub->again || !sensor_is_wanted(d, sensor)));
}

static bool turn_one_off(struct device *d)
{
    const struct model_order *order = &model_default()->order;

    for (size_t i = 0; i < order->sensor_count; i++) {
        if (goes_off(d, order->sensors[i])) {
            notify(d, order->sensors[i], false);
            return true;
        }
    }
    return false;
}

static void turn_one_on(struct device *d)
{
    const struct model_order *order = &model_default()->order;

    for (size_t i = 0; i < order->sensor_count; i++) {
        const enum sensor sensor = order->sensors[i];
        const struct subscription *sub = &d->subscriptions.of[sensor];

        if (!sensor_is_wanted(d, sensor) || sub->state != SUB_OFF || !due(d, sub->retry_us))
            continue;
        if (!due(d, d->subscriptions.quiet_until) || !due(d, d->subscriptions.next_step))
            return;
        if (sensor == SENSOR_EEG && !d->subscriptions.eeg_started)
            control(d, true);
        else
            notify(d, sensor, true);
        return;
    }
}

/* A sensor that nobody wants has no trouble; wanted again before it was off it begins anew. */
static void forget_unwanted(struct device *d)
{
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        struct subscription *sub = &d->subscriptions.of[sensor];
        if (!sensor_is_wanted(d, (enum sensor)sensor))
            *sub = (struct subscription){.state = sub->state};
        else if (sub->state == SUB_ON && sub->heard_us == 0)
            sub->heard_us = d->ground->now_us;
    }
}

void subscriptions_settle(struct device *d)
{
    struct subscriptions *subs = &d->subscriptions;

    if (d->link.state != LINK_CONNECTED)
        return;
    forget_unwanted(d);
    if (subs->busy && !due(d, subs->busy_until))
        return;
    if (turn_one_off(d))
        return;
    if (subs->eeg_started && !sensor_is_wanted(d, SENSOR_EEG) &&
        subs->of[SENSOR_EEG].state == SUB_OFF) {
        control(d, false);
        return;
    }
    turn_one_on(d);
}

static void turned_on(struct device *d, enum sensor sensor, const struct failure *failure)
{
    struct subscription *sub = &d->subscriptions.of[sensor];

    d->subscriptions.next_step = d->ground->now_us + model_default()->order.pause_us;
    sub->state = failure ? SUB_OFF : SUB_ON;
    if (failure) {
        log_warning("Subscribing %s failed: %s", sensor_name(sensor), failure->message);
        watch_refused(d, sensor);
        return;
    }
    sub->sound = false;
    if (sub->trouble)
        watch_back_off(d, sub);
    else
        sub->heard_us = d->ground->now_us;
}

static void turned_off(struct device *d, enum sensor sensor)
{
    struct subscription *sub = &d->subscriptions.of[sensor];

    /* Whether it failed does not matter: StopNotify of what is not on fails too. */
    sub->state = SUB_OFF;
    d->subscriptions.quiet_until = d->ground->now_us + model_default()->order.quiet_us;
    if (!sub->again)
        return;
    sub->again = false;
    sub->retry_us = 0;
    /* Subscribed anew it is told to start anew. */
    if (sensor == SENSOR_EEG)
        d->subscriptions.eeg_started = false;
}

void subscription_notified(struct device *d, enum sensor sensor, bool on,
                           const struct failure *failure)
{
    struct subscriptions *subs = &d->subscriptions;

    if (d->link.state != LINK_CONNECTED || (unsigned)sensor >= SENSOR_COUNT)
        return;
    if (subs->busy && !subs->control && subs->busy_on == sensor)
        subs->busy = false;
    if (on && subs->of[sensor].state == SUB_TURNING_ON)
        turned_on(d, sensor, failure);
    else if (!on && subs->of[sensor].state == SUB_TURNING_OFF)
        turned_off(d, sensor);
}

void subscription_controlled(struct device *d)
{
    if (d->subscriptions.control)
        d->subscriptions.busy = false;
}
