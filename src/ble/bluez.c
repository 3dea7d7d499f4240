#include "bluez_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Disconnect takes some 2 s; beyond this the caller's own limit is near. */
#define GOODBYE_MS 5000

static void on_alarm(uv_timer_t *timer)
{
    struct alarm *alarm = timer->data;

    alarm->fn(alarm->bluez, alarm->which);
}

void alarm_set(struct alarm *alarm, unsigned ms, alarm_fn fn)
{
    if (uv_is_closing((uv_handle_t *)&alarm->timer))
        return;
    alarm->fn = fn;
    uv_timer_start(&alarm->timer, on_alarm, ms, 0);
}

void alarm_clear(struct alarm *alarm)
{
    uv_timer_stop(&alarm->timer);
}

static void alarm_init(struct bluez *bluez, struct alarm *alarm, int which)
{
    uv_timer_init(bluez->loop, &alarm->timer);
    alarm->timer.data = alarm;
    alarm->bluez = bluez;
    alarm->which = which;
    bluez->open++;
}

static void alarm_closed(uv_handle_t *handle)
{
    const struct alarm *alarm = handle->data;

    bluez_closed(alarm->bluez);
}

static void each_alarm(struct bluez *bluez, void (*each)(struct bluez *, struct alarm *, int))
{
    each(bluez, &bluez->load_alarm, 0);
    each(bluez, &bluez->discovery.alarm, 0);
    each(bluez, &bluez->attempt.alarm, 0);
    each(bluez, &bluez->link.alarm, 0);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++)
        each(bluez, &bluez->link.sensors[sensor].alarm, sensor);
    each(bluez, &bluez->answer_alarm, 0);
    each(bluez, &bluez->probe_alarm, 0);
    each(bluez, &bluez->goodbye_alarm, 0);
}

static void alarm_close(struct bluez *bluez, struct alarm *alarm, int which)
{
    (void)bluez;
    (void)which;
    uv_close((uv_handle_t *)&alarm->timer, alarm_closed);
}

void bluez_closed(struct bluez *bluez)
{
    void (*destroyed)(void *user) = bluez->destroyed;
    void *user = bluez->destroyed_user;

    if (--bluez->open > 0)
        return;
    free(bluez->adapter_wish);
    free(bluez);
    destroyed(user);
}

static void forget_answers(struct bluez *bluez, const struct bluez_link *handle)
{
    size_t kept = 0;

    for (size_t i = 0; i < bluez->answer_count; i++) {
        if (bluez->answers[i].handle != handle)
            bluez->answers[kept++] = bluez->answers[i];
    }
    bluez->answer_count = kept;
}

void bluez_down(struct bluez_link *handle, enum link_end end, const struct failure *failure)
{
    struct bluez *bluez = handle->bluez;
    const struct link_listener listener = handle->link.listener;

    forget_answers(bluez, handle);
    if (bluez->handle == handle)
        bluez->handle = NULL;
    free(handle);
    listener.down(listener.user, end, failure);
}

static void tell_answer(struct bluez *bluez, const struct answer *answer)
{
    const struct backend_listener *listener = &bluez->backend.listener;
    const struct link_listener *up = &answer->handle->link.listener;
    const struct failure *failure = answer->failure.code ? &answer->failure : NULL;

    switch (answer->kind) {
    case ANSWER_SCAN:
        listener->scan_ended(listener->user, failure);
        break;
    case ANSWER_DOWN:
        bluez_down(answer->handle, answer->end, failure);
        break;
    case ANSWER_NOTIFY:
        up->notified(up->user, answer->sensor, answer->on, failure);
        break;
    case ANSWER_WRITE:
        up->written(up->user, failure);
        break;
    }
}

/* A listener may call operations, which may answer: those wait for the next round. */
static void tell_answers(struct bluez *bluez, int which)
{
    (void)which;
    for (size_t left = bluez->answer_count; left > 0 && bluez->answer_count > 0; left--) {
        const struct answer answer = bluez->answers[0];

        memmove(&bluez->answers[0], &bluez->answers[1],
                --bluez->answer_count * sizeof(bluez->answers[0]));
        tell_answer(bluez, &answer);
        if (bluez->destroying)
            return;
    }
    bluez_digest(bluez); /* what was cancelled may have been what discovery was on for */
}

struct answer *answer_later(struct bluez *bluez, struct bluez_link *handle, int kind)
{
    struct answer *answer;

    /* More than can be pending: the caller breaks the rules of backend.h; the last is told over. */
    if (bluez->answer_count == ANSWERS_MAX)
        bluez->answer_count--;
    answer = &bluez->answers[bluez->answer_count++];
    memset(answer, 0, sizeof(*answer));
    answer->handle = handle;
    answer->kind = kind;
    alarm_set(&bluez->answer_alarm, 0, tell_answers);
    return answer;
}

/* A bluetoothd that was stopped on purpose is not started by our asking. */
DBusMessage *bluez_method(const char *path, const char *interface, const char *name)
{
    DBusMessage *message = dbus_message_new_method_call("org.bluez", path, interface, name);

    if (message)
        dbus_message_set_auto_start(message, FALSE);
    return message;
}

void append_no_options(DBusMessage *message)
{
    DBusMessageIter iter;
    DBusMessageIter options;

    if (!message)
        return;
    dbus_message_iter_init_append(message, &iter);
    if (dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &options))
        dbus_message_iter_close_container(&iter, &options);
}

/* ---- letting go */

static void bus_closed(void *user)
{
    bluez_closed(user);
}

static void close_all(struct bluez *bluez, int which)
{
    (void)which;
    each_alarm(bluez, alarm_close);
    bus_destroy(bluez->bus, bus_closed, bluez);
}

static void on_goodbye(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    (void)reply;
    if (--bluez->goodbyes == 0)
        alarm_set(&bluez->goodbye_alarm, 0, close_all);
}

static void say_goodbye(struct bluez *bluez, const char *path, const char *interface,
                        const char *method)
{
    bluez->goodbyes++;
    bus_call(bluez->bus, NULL, bluez_method(path, interface, method), GOODBYE_MS, on_goodbye,
             bluez);
}

/* The band of our link or attempt, else the one a crashed run of ours has left connected. */
static const char *device_to_leave(struct bluez *bluez)
{
    if (bluez->link.up)
        return bluez->link.device;
    if (bluez->attempt.state != ATTEMPT_NONE && attempt_holds(&bluez->attempt))
        return bluez->attempt.device;
    for (size_t i = 0; i < bluez->objects.device_count; i++) {
        const struct bluez_device *device = &bluez->objects.devices[i];
        if (device->connected && strcmp(device->address, bluez->known_address) == 0)
            return device->path;
    }
    return NULL;
}

static void cancel_all(struct bluez *bluez)
{
    bus_cancel(&bluez->owner_call);
    bus_cancel(&bluez->load_call);
    bus_cancel(&bluez->discovery.call);
    bus_cancel(&bluez->attempt.connect_call);
    bus_cancel(&bluez->attempt.call);
    bus_cancel(&bluez->link.control_call);
    bus_cancel(&bluez->link.disconnect_call);
    bus_cancel(&bluez->link.probe_call);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        bus_cancel(&bluez->link.sensors[sensor].call);
        acquire_drop(&bluez->link.sensors[sensor]);
    }
}

static void forget_handles(struct bluez *bluez)
{
    for (size_t i = 0; i < bluez->answer_count; i++) {
        if (bluez->answers[i].kind == ANSWER_DOWN && bluez->answers[i].handle != bluez->handle)
            free(bluez->answers[i].handle);
    }
    free(bluez->handle);
    bluez->handle = NULL;
    bluez->answer_count = 0;
}

static void destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    struct bluez *bluez = (struct bluez *)backend;
    const char *device = device_to_leave(bluez);

    bluez->destroying = true;
    bluez->destroyed = done;
    bluez->destroyed_user = user;
    cancel_all(bluez);
    forget_handles(bluez);
    bluez->goodbyes = 0;
    if (bluez->bus_up && bluez->owner[0]) {
        if (bluez->discovery.state != DISCOVERY_OFF && bluez->adapter[0])
            say_goodbye(bluez, bluez->adapter, BLUEZ_ADAPTER, "StopDiscovery");
        if (device)
            say_goodbye(bluez, device, BLUEZ_DEVICE, "Disconnect");
    }
    alarm_set(&bluez->goodbye_alarm, bluez->goodbyes ? GOODBYE_MS : 0, close_all);
}

static const struct backend_ops ops = {
    .name = "bluez",
    .scan_start = bluez_scan_start,
    .scan_stop = bluez_scan_stop,
    .open = bluez_open,
    .destroy = destroy,
};

static bool take_options(struct bluez *bluez, const struct bluez_options *options)
{
    const char *known = options->known_address ? options->known_address : "";

    bluez->acquire = options->acquire;
    for (size_t i = 0; known[i] && i < sizeof(bluez->known_address) - 1; i++)
        bluez->known_address[i] = (char)toupper((unsigned char)known[i]);
    if (!options->adapter)
        return true;
    bluez->adapter_wish = strdup(options->adapter);
    return bluez->adapter_wish != NULL;
}

struct backend *bluez_create(uv_loop_t *loop, const struct bluez_options *options)
{
    struct bluez *bluez = calloc(1, sizeof(*bluez));

    if (!bluez)
        return NULL;
    bluez->backend.ops = &ops;
    bluez->loop = loop;
    bluez->bus = take_options(bluez, options) ? bluez_watch(bluez, options->bus_address) : NULL;
    if (!bluez->bus) {
        free(bluez->adapter_wish);
        free(bluez);
        return NULL;
    }
    bluez->open = 1;
    each_alarm(bluez, alarm_init);
    return &bluez->backend;
}
