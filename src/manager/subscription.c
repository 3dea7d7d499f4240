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

bool sensor_is_wanted(const struct manager *m, enum sensor sensor)
{
    return m->link.state == LINK_CONNECTED &&
           (sensor == SENSOR_BAT || (demand_of_all(m) & SENSOR_BIT(sensor)));
}

void subscriptions_reset(struct manager *m)
{
    /* All unknown: bluetoothd may have subscribed anew by itself, so all are turned off first. */
    m->subscriptions = (struct subscriptions){.busy = false};
}

static void mark_busy(struct subscriptions *subs, int64_t now, bool control, enum sensor sensor)
{
    subs->busy = true;
    subs->control = control;
    subs->busy_on = sensor;
    subs->busy_until = now + OVERDUE_US;
}

static void control(struct manager *m, bool start)
{
    m->subscriptions.eeg_started = start;
    mark_busy(&m->subscriptions, m->now, true, SENSOR_EEG);
    due(m, m->subscriptions.busy_until);
    m->backend->ops->control(m->backend, start ? model_default()->control.start
                                               : model_default()->control.stop);
}

static void notify(struct manager *m, enum sensor sensor, bool on)
{
    m->subscriptions.of[sensor].state = on ? SUB_TURNING_ON : SUB_TURNING_OFF;
    mark_busy(&m->subscriptions, m->now, false, sensor);
    due(m, m->subscriptions.busy_until);
    m->backend->ops->notify(m->backend, sensor, on);
}

static bool goes_off(const struct manager *m, enum sensor sensor)
{
    const struct subscription *sub = &m->subscriptions.of[sensor];

    return sub->state == SUB_UNKNOWN ||
           (sub->state == SUB_ON && (sub->again || !sensor_is_wanted(m, sensor)));
}

static bool turn_one_off(struct manager *m)
{
    const struct model_order *order = &model_default()->order;

    for (size_t i = 0; i < order->sensor_count; i++) {
        if (goes_off(m, order->sensors[i])) {
            notify(m, order->sensors[i], false);
            return true;
        }
    }
    return false;
}

static void turn_one_on(struct manager *m)
{
    const struct model_order *order = &model_default()->order;

    for (size_t i = 0; i < order->sensor_count; i++) {
        const enum sensor sensor = order->sensors[i];
        const struct subscription *sub = &m->subscriptions.of[sensor];

        if (!sensor_is_wanted(m, sensor) || sub->state != SUB_OFF || !due(m, sub->retry_us))
            continue;
        if (!due(m, m->subscriptions.quiet_until) || !due(m, m->subscriptions.next_step))
            return;
        if (sensor == SENSOR_EEG && !m->subscriptions.eeg_started)
            control(m, true);
        else
            notify(m, sensor, true);
        return;
    }
}

/* A sensor that nobody wants has no trouble; wanted again before it was off it begins anew. */
static void forget_unwanted(struct manager *m)
{
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        struct subscription *sub = &m->subscriptions.of[sensor];
        if (!sensor_is_wanted(m, (enum sensor)sensor))
            *sub = (struct subscription){.state = sub->state};
        else if (sub->state == SUB_ON && sub->heard_us == 0)
            sub->heard_us = m->now;
    }
}

void subscriptions_settle(struct manager *m)
{
    struct subscriptions *subs = &m->subscriptions;

    if (m->link.state != LINK_CONNECTED)
        return;
    forget_unwanted(m);
    if (subs->busy && !due(m, subs->busy_until))
        return;
    if (turn_one_off(m))
        return;
    if (subs->eeg_started && !sensor_is_wanted(m, SENSOR_EEG) &&
        subs->of[SENSOR_EEG].state == SUB_OFF) {
        control(m, false);
        return;
    }
    turn_one_on(m);
}

static void turned_on(struct manager *m, enum sensor sensor, const struct failure *failure)
{
    struct subscription *sub = &m->subscriptions.of[sensor];

    m->subscriptions.next_step = m->now + model_default()->order.pause_us;
    sub->state = failure ? SUB_OFF : SUB_ON;
    if (failure) {
        log_warning("Subscribing %s failed: %s", sensor_name(sensor), failure->message);
        watch_refused(m, sensor);
        return;
    }
    sub->sound = false;
    if (sub->trouble)
        watch_back_off(m, sub);
    else
        sub->heard_us = m->now;
}

static void turned_off(struct manager *m, enum sensor sensor)
{
    struct subscription *sub = &m->subscriptions.of[sensor];

    /* Whether it failed does not matter: StopNotify of what is not on fails too. */
    sub->state = SUB_OFF;
    m->subscriptions.quiet_until = m->now + model_default()->order.quiet_us;
    if (!sub->again)
        return;
    sub->again = false;
    sub->retry_us = 0;
    /* Subscribed anew it is told to start anew. */
    if (sensor == SENSOR_EEG)
        m->subscriptions.eeg_started = false;
}

void subscription_notified(struct manager *m, enum sensor sensor, bool on,
                           const struct failure *failure)
{
    struct subscriptions *subs = &m->subscriptions;

    if (m->link.state != LINK_CONNECTED || (unsigned)sensor >= SENSOR_COUNT)
        return;
    if (subs->busy && !subs->control && subs->busy_on == sensor)
        subs->busy = false;
    if (on && subs->of[sensor].state == SUB_TURNING_ON)
        turned_on(m, sensor, failure);
    else if (!on && subs->of[sensor].state == SUB_TURNING_OFF)
        turned_off(m, sensor);
}

void subscription_controlled(struct manager *m)
{
    if (m->subscriptions.control)
        m->subscriptions.busy = false;
}
