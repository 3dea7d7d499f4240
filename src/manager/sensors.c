#include "sensors.h"

#include <limits.h>
#include <math.h>

/* An operation that takes longer holds up only its own sensor: its completion still counts. */
#define OVERDUE_US (3 * SECOND)

#define RETRY_FIRST_US (5 * SECOND)
#define RETRY_LAST_US  (60 * SECOND)

/* After a suspend with nothing streamed: how long the band may take to answer, and how long after
 * what was no answer of its own it is asked again. */
#define PROBE_US       (10 * SECOND)
#define PROBE_AGAIN_US SECOND

#define DOUBT_US (SECOND / 10)

void sensors_begin(struct sensors *sensors, const struct band_model *model, bool hasty)
{
    *sensors = (struct sensors){.model = model, .has = model_sensors(model), .hasty = hasty};
    for (int i = 0; i < SENSOR_COUNT; i++)
        sensors->of[i].state = hasty ? NOTIFY_OFF : NOTIFY_UNKNOWN;
}

static bool has(sensor_set set, int sensor)
{
    return set & SENSOR_BIT(sensor);
}

/* The time of the next try, each later than the one before, until a packet comes. */
static void back_off_sensor(struct notification *it, int64_t now_us)
{
    if (it->backoff_us == 0)
        it->backoff_us = RETRY_FIRST_US;
    it->retry_us = now_us + it->backoff_us;
    it->backoff_us = 2 * it->backoff_us < RETRY_LAST_US ? 2 * it->backoff_us : RETRY_LAST_US;
}

static void refuse_sensor(struct notification *it, int64_t now_us)
{
    if (it->heard_us == 0)
        it->heard_us = now_us;
    it->trouble = true;
    back_off_sensor(it, now_us);
}

/* ---- Silence */

static bool is_silent(struct sensors *sensors, enum sensor sensor, struct when *when)
{
    struct notification *it = &sensors->of[sensor];

    if (it->trouble || is_awaited(when, it->heard_us + sensors->model->sensors[sensor].silent_us))
        return false;
    it->trouble = true;
    back_off_sensor(it, when->now_us);
    return true;
}
static bool is_retried(struct notification *it, struct when *when)
{
    if (!it->trouble || it->again || is_awaited(when, it->retry_us))
        return false;
    it->again = true;
    return true;
}
static bool watch(struct sensors *sensors, sensor_set wanted, struct sensors_move *move,
                  struct when *when)
{
    for (int i = 0; i < SENSOR_STREAMED; i++) {
        move->sensor = (enum sensor)i;
        if (!has(wanted, i) || sensors->of[i].state != NOTIFY_ON)
            continue;
        if (is_silent(sensors, move->sensor, when)) {
            move->state = SENSOR_IS_SILENT;
            return true;
        }
        if (is_retried(&sensors->of[i], when)) {
            move->state = SENSOR_IS_RETRYING;
            return true;
        }
    }
    return false;
}
static enum sensors_step next_of_probe(struct sensors *sensors, struct when *when)
{
    if (!sensors->probing)
        return SENSORS_DO_NOTHING;
    if (!is_awaited(when, sensors->probe_until_us))
        return SENSORS_DO_DEAD;
    if (sensors->asked || is_awaited(when, sensors->probe_us))
        return SENSORS_DO_NOTHING;
    sensors->asked = true;
    return SENSORS_DO_PROBE;
}
static enum sensors_step next_of_watch(struct sensors *sensors, sensor_set wanted,
                                       struct sensors_move *move, struct when *when)
{
    const sensor_set streamed = wanted & SENSOR_SET_STREAMED;

    if (watch(sensors, wanted, move, when))
        return SENSORS_DO_TELL;
    /* Nothing of it flows, or may yet begin to. */
    if (streamed && !(streamed & ~sensors_in_trouble(sensors)))
        return SENSORS_DO_SILENT;
    return next_of_probe(sensors, when);
}

/* ---- Operations */

static void mark_busy(struct sensors *sensors, bool writing, enum sensor sensor, int64_t now_us)
{
    sensors->busy = true;
    sensors->writing = writing;
    sensors->busy_on = sensor;
    sensors->busy_until_us = now_us + OVERDUE_US;
}

static enum sensors_step begin_write(struct sensors *sensors, bool start, int64_t now_us,
                                     struct sensors_move *move)
{
    move->on = sensors->started = start;
    mark_busy(sensors, true, sensors->model->control.for_sensor, now_us);
    return SENSORS_DO_WRITE;
}

static enum sensors_step begin_notify(struct sensors *sensors, enum sensor sensor, bool on,
                                      int64_t now_us, struct sensors_move *move)
{
    move->sensor = sensor;
    move->on = on;
    sensors->of[sensor].state = on ? NOTIFY_TURNING_ON : NOTIFY_TURNING_OFF;
    mark_busy(sensors, false, sensor, now_us);
    return SENSORS_DO_NOTIFY;
}

static bool goes_off(const struct sensors *sensors, enum sensor sensor, sensor_set wanted)
{
    const struct notification *it = &sensors->of[sensor];

    return it->state == NOTIFY_UNKNOWN ||
           (it->state == NOTIFY_ON && (it->again || !has(wanted, sensor)));
}
static bool goes_on(const struct sensors *sensors, enum sensor sensor, sensor_set wanted,
                    struct when *when)
{
    const struct notification *it = &sensors->of[sensor];

    return has(wanted, sensor) && it->state == NOTIFY_OFF && !is_awaited(when, it->retry_us);
}

/* Long enough on, and not one packet came, be it a bad one. A host that was late looks once more,
 * after what it has still to read. */
static bool haste_is_vain(struct sensors *sensors, sensor_set wanted, struct when *when)
{
    const enum sensor first = sensors->model->control.for_sensor;
    const struct notification *it = &sensors->of[first];

    if (!sensors->hasty || sensors->proven || sensors->busy || !has(wanted, first))
        return false;
    if (sensors->hurried)
        return true;
    if (it->state != NOTIFY_ON || is_awaited(when, it->heard_us + HASTE_US))
        return false;
    if (sensors->doubted_us == 0)
        sensors->doubted_us = when->now_us;
    return !is_awaited(when, sensors->doubted_us + DOUBT_US);
}

static bool needs_start(const struct sensors *sensors, enum sensor sensor)
{
    const struct model_control *control = &sensors->model->control;

    return control->at.uuid && sensor == control->for_sensor && !sensors->started;
}

static bool needs_stop(const struct sensors *sensors, sensor_set wanted)
{
    const enum sensor sensor = sensors->model->control.for_sensor;

    return sensors->started && !has(wanted, sensor) && sensors->of[sensor].state == NOTIFY_OFF;
}
/* SENSOR_COUNT: none. */
static enum sensor next_on(const struct sensors *sensors, sensor_set wanted, struct when *when)
{
    const struct model_order *order = &sensors->model->order;
    const enum sensor first = sensors->model->control.for_sensor;

    if (sensors->hasty && goes_on(sensors, first, wanted, when))
        return first;
    for (size_t i = 0; i < order->sensor_count; i++) {
        if (goes_on(sensors, order->sensors[i], wanted, when))
            return order->sensors[i];
    }
    return SENSOR_COUNT;
}

static enum sensors_step turn_one_on(struct sensors *sensors, sensor_set wanted,
                                     struct sensors_move *move, struct when *when)
{
    const enum sensor sensor = next_on(sensors, wanted, when);

    if (sensor == SENSOR_COUNT || is_awaited(when, sensors->quiet_until_us) ||
        is_awaited(when, sensors->pause_until_us))
        return SENSORS_DO_NOTHING;
    if (needs_start(sensors, sensor))
        return begin_write(sensors, true, when->now_us, move);
    return begin_notify(sensors, sensor, true, when->now_us, move);
}
static enum sensors_step next_operation(struct sensors *sensors, sensor_set wanted,
                                        struct sensors_move *move, struct when *when)
{
    const struct model_order *order = &sensors->model->order;

    if (sensors->busy && is_awaited(when, sensors->busy_until_us))
        return SENSORS_DO_NOTHING;
    for (size_t i = 0; i < order->sensor_count; i++) {
        if (goes_off(sensors, order->sensors[i], wanted))
            return begin_notify(sensors, order->sensors[i], false, when->now_us, move);
    }
    if (needs_stop(sensors, wanted))
        return begin_write(sensors, false, when->now_us, move);
    return turn_one_on(sensors, wanted, move, when);
}

/* A sensor that nobody wants has no trouble; wanted again before it was off it begins anew. */
static void forget_unwanted(struct sensors *sensors, sensor_set wanted, int64_t now_us)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        struct notification *it = &sensors->of[i];
        if (!has(wanted, i))
            *it = (struct notification){.state = it->state};
        else if (it->state == NOTIFY_ON && it->heard_us == 0)
            it->heard_us = now_us;
    }
}
enum sensors_step sensors_next(struct sensors *sensors, sensor_set wanted, bool starting,
                               struct sensors_move *move, struct when *when)
{
    enum sensors_step step = SENSORS_DO_NOTHING;

    forget_unwanted(sensors, wanted, when->now_us);
    if (haste_is_vain(sensors, wanted, when)) {
        sensors_begin(sensors, sensors->model, false);
        return SENSORS_DO_ORDER;
    }
    if (!starting)
        step = next_of_watch(sensors, wanted, move, when);
    if (step == SENSORS_DO_NOTHING)
        step = next_operation(sensors, wanted, move, when);
    return step;
}

/* ---- Completions */

static bool turned_on(struct sensors *sensors, enum sensor sensor, bool failed, sensor_set wanted,
                      int64_t now_us)
{
    struct notification *it = &sensors->of[sensor];

    if (!sensors->hasty)
        sensors->pause_until_us = now_us + sensors->model->order.pause_us;
    it->state = failed ? NOTIFY_OFF : NOTIFY_ON;
    sensors->hurried = failed && sensors->hasty && !sensors->proven &&
                       sensor == sensors->model->control.for_sensor;
    if (sensors->hurried)
        return false; /* in the known order it may be taken */
    if (failed) {
        if (has(wanted, sensor))
            refuse_sensor(it, now_us);
        return has(wanted, sensor);
    }
    it->sound = false;
    if (it->trouble)
        back_off_sensor(it, now_us);
    else
        it->heard_us = now_us;
    return false;
}

/* Whether it failed does not matter: StopNotify of what is not on fails too. */
static void turned_off(struct sensors *sensors, enum sensor sensor, int64_t now_us)
{
    struct notification *it = &sensors->of[sensor];

    it->state = NOTIFY_OFF;
    sensors->quiet_until_us = now_us + sensors->model->order.quiet_us;
    if (!it->again)
        return;
    it->again = false;
    it->retry_us = 0;
    /* Subscribed anew it is told to start anew. */
    if (sensor == sensors->model->control.for_sensor)
        sensors->started = false;
}

bool sensors_notified(struct sensors *sensors, enum sensor sensor, bool on, bool failed,
                      sensor_set wanted, int64_t now_us)
{
    if (sensors->busy && !sensors->writing && sensors->busy_on == sensor)
        sensors->busy = false;
    if (on && sensors->of[sensor].state == NOTIFY_TURNING_ON)
        return turned_on(sensors, sensor, failed, wanted, now_us);
    if (!on && sensors->of[sensor].state == NOTIFY_TURNING_OFF)
        turned_off(sensors, sensor, now_us);
    return false;
}

void sensors_written(struct sensors *sensors)
{
    if (sensors->writing)
        sensors->busy = false;
}

void sensors_probed(struct sensors *sensors, bool alive, int64_t now_us)
{
    sensors->asked = false;
    sensors->probe_us = now_us + PROBE_AGAIN_US;
    if (alive)
        sensors->probing = false;
}

/* ---- What is heard, and what is not */

bool sensors_heard(struct sensors *sensors, enum sensor sensor, unsigned lane, int64_t now_us,
                   double *silent_for)
{
    struct notification *it = &sensors->of[sensor];
    bool had_trouble = it->trouble;

    it->lanes |= 1u << lane;
    if (it->lanes != (1u << sensors->model->sensors[sensor].lanes) - 1)
        return false;
    it->lanes = 0;
    *silent_for = sensors_silent_for(sensors, sensor, now_us);
    it->heard_us = now_us;
    it->trouble = false;
    it->backoff_us = 0;
    it->sound = true;
    sensors->proven |= sensor == sensors->model->control.for_sensor;
    it->bad = 0;
    return had_trouble;
}

void sensors_heard_bad(struct sensors *sensors, const struct packet *packet)
{
    struct notification *it = &sensors->of[packet->sensor];

    sensors->proven |= packet->sensor == sensors->model->control.for_sensor;
    it->bad_len = it->bad == 0 || it->bad_len == packet->len ? packet->len : 0;
    if (it->bad < UINT_MAX)
        it->bad++;
}

void sensors_give_up(struct sensors *sensors, sensor_set set, int64_t now_us)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (has(set, i))
            refuse_sensor(&sensors->of[i], now_us);
    }
}

void sensors_forgive(struct sensors *sensors, int64_t now_us)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (sensors->of[i].heard_us)
            sensors->of[i].heard_us = now_us;
    }
}

void sensors_check_link(struct sensors *sensors, int64_t now_us)
{
    sensors->probing = true;
    sensors->probe_us = now_us;
    sensors->probe_until_us = now_us + PROBE_US;
}

/* ---- What is known */

sensor_set sensors_on(const struct sensors *sensors)
{
    sensor_set set = 0;

    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (sensors->of[i].state == NOTIFY_ON && !sensors->of[i].again)
            set |= SENSOR_BIT(i);
    }
    return set;
}

sensor_set sensors_in_trouble(const struct sensors *sensors)
{
    sensor_set set = 0;

    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (sensors->of[i].trouble)
            set |= SENSOR_BIT(i);
    }
    return set;
}

bool sensors_is_vain(const struct sensors *sensors, enum sensor sensor)
{
    return sensors->hasty && !sensors->of[sensor].sound && sensors->of[sensor].bad == 0;
}

double sensors_silent_for(const struct sensors *sensors, enum sensor sensor, int64_t now_us)
{
    const struct notification *it = &sensors->of[sensor];

    return it->heard_us ? (double)(now_us - it->heard_us) / (double)SECOND : NAN;
}
