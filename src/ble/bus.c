#include "bus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "dbus_loop.h"

/* The bus answers its own methods at once or not at all. */
#define BUS_LIMIT_MS     10000
#define BACKOFF_FIRST_MS 250
#define BACKOFF_LAST_MS  30000

struct bus_call {
    struct bus *bus;
    struct bus_call *previous, *next;
    struct bus_call **slot;
    DBusPendingCall *pending;
    bus_reply_fn reply;
    void *user;
};

struct bus {
    uv_loop_t *loop;
    struct bus_listener listener;
    const char *const *rules;
    char *address;
    DBusConnection *connection; /* lives as long as dbus_loop, which owns it */
    struct dbus_loop *dbus_loop;
    struct bus_call *calls;
    uv_timer_t timer; /* tries to connect, after a loss or a failure */
    unsigned backoff_ms;
    unsigned rules_waiting; /* for their reply */
    unsigned open;          /* what is still to be closed before this can be freed */
    bool up, told_down;
    void (*closed)(void *user);
    void *user;
};

static void try_to_connect(uv_timer_t *timer);

static void call_unlink(struct bus_call *call)
{
    if (call->previous)
        call->previous->next = call->next;
    else
        call->bus->calls = call->next;
    if (call->next)
        call->next->previous = call->previous;
}

static void call_free(struct bus_call *call)
{
    if (call->slot)
        *call->slot = NULL;
    dbus_pending_call_unref(call->pending);
    free(call);
}

void bus_cancel(struct bus_call **slot)
{
    struct bus_call *call = *slot;

    if (!call)
        return;
    dbus_pending_call_cancel(call->pending);
    call_unlink(call);
    call_free(call);
}

static void cancel_all(struct bus *bus)
{
    struct bus_call *next;

    for (struct bus_call *call = bus->calls; call; call = next) {
        next = call->next;
        dbus_pending_call_cancel(call->pending);
        call_free(call);
    }
    bus->calls = NULL;
}

/* The old connection is not taken down here but by the timer: a handler may be running in it. */
static void lose(struct bus *bus, const char *why)
{
    cancel_all(bus);
    bus->up = false;
    if (!uv_is_closing((uv_handle_t *)&bus->timer))
        uv_timer_start(&bus->timer, try_to_connect, bus->backoff_ms, 0);
    bus->backoff_ms = bus->backoff_ms * 2 < BACKOFF_LAST_MS ? bus->backoff_ms * 2 : BACKOFF_LAST_MS;
    if (bus->told_down)
        return;
    bus->told_down = true;
    bus->listener.down(bus->listener.user, why);
}

static void on_reply(DBusPendingCall *pending, void *user)
{
    struct bus_call *call = user;
    struct bus *bus = call->bus;
    const bus_reply_fn reply_fn = call->reply;
    void *reply_user = call->user;
    DBusMessage *reply = dbus_pending_call_steal_reply(pending);

    call_unlink(call);
    call_free(call);
    /* Of a lost bus libdbus makes up replies that look like a time limit; the loss itself follows.
     */
    if (reply && reply_fn && dbus_connection_get_is_connected(bus->connection))
        reply_fn(reply_user, reply);
    if (reply)
        dbus_message_unref(reply);
}

/* Sends and returns the call; NULL if there is no memory or no connection. */
static struct bus_call *send_call(struct bus *bus, DBusMessage *message, int limit_ms)
{
    struct bus_call *call = calloc(1, sizeof(*call));

    if (!call)
        return NULL;
    call->bus = bus;
    if (!dbus_connection_send_with_reply(bus->connection, message, &call->pending, limit_ms) ||
        !call->pending) {
        free(call);
        return NULL;
    }
    if (!dbus_pending_call_set_notify(call->pending, on_reply, call, NULL)) {
        dbus_pending_call_cancel(call->pending);
        dbus_pending_call_unref(call->pending);
        free(call);
        return NULL;
    }
    call->next = bus->calls;
    if (call->next)
        call->next->previous = call;
    bus->calls = call;
    return call;
}

void bus_call(struct bus *bus, struct bus_call **slot, DBusMessage *message, int limit_ms,
              bus_reply_fn reply, void *user)
{
    struct bus_call *call = message && bus->dbus_loop ? send_call(bus, message, limit_ms) : NULL;

    if (message)
        dbus_message_unref(message);
    if (!call) {
        /* Without memory for a message nothing here can go on: begin anew, as after a loss. */
        if (bus->dbus_loop && !uv_is_active((uv_handle_t *)&bus->timer))
            uv_timer_start(&bus->timer, try_to_connect, 0, 0);
        return;
    }
    call->reply = reply;
    call->user = user;
    call->slot = slot;
    if (slot)
        *slot = call;
}

static DBusMessage *bus_method(const char *name)
{
    return dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
                                        name);
}

static void lose_for_error(struct bus *bus, DBusMessage *error)
{
    const char *text = "";

    if (!dbus_message_get_args(error, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID))
        text = "";
    log_warning("bluetooth: the message bus refuses us: %s: %s", dbus_message_get_error_name(error),
                text);
    lose(bus, "The system message bus (D-Bus) refuses to serve us.");
}

static void on_rule_added(void *user, DBusMessage *reply)
{
    struct bus *bus = user;

    if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR) {
        lose_for_error(bus, reply);
        return;
    }
    if (--bus->rules_waiting > 0)
        return;
    bus->up = true;
    bus->told_down = false;
    bus->backoff_ms = BACKOFF_FIRST_MS;
    bus->listener.up(bus->listener.user);
}

static void add_rules(struct bus *bus)
{
    bus->rules_waiting = 0;
    for (const char *const *rule = bus->rules; *rule; rule++)
        bus->rules_waiting++;
    for (const char *const *rule = bus->rules; *rule; rule++) {
        DBusMessage *add = bus_method("AddMatch");

        if (add)
            dbus_message_append_args(add, DBUS_TYPE_STRING, rule, DBUS_TYPE_INVALID);
        bus_call(bus, NULL, add, BUS_LIMIT_MS, on_rule_added, bus);
    }
}

static void on_hello(void *user, DBusMessage *reply)
{
    struct bus *bus = user;
    const char *name;

    if (dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_ERROR) {
        lose_for_error(bus, reply);
        return;
    }
    if (dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID))
        dbus_bus_set_unique_name(bus->connection, name);
    add_rules(bus);
}

static DBusHandlerResult filter(DBusConnection *connection, DBusMessage *message, void *user)
{
    struct bus *bus = user;

    (void)connection;
    if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
        lose(bus, "The system message bus (D-Bus) is gone: waiting for it to come back.");
        return DBUS_HANDLER_RESULT_HANDLED;
    }
    if (dbus_message_get_type(message) != DBUS_MESSAGE_TYPE_SIGNAL)
        return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
    if (bus->up)
        bus->listener.signal(bus->listener.user, message, dbus_loop_read_us(bus->dbus_loop));
    return DBUS_HANDLER_RESULT_HANDLED;
}

static const char *bus_address(const struct bus *bus)
{
    const char *address = bus->address ? bus->address : getenv("DBUS_SYSTEM_BUS_ADDRESS");

    return address ? address : "unix:path=/var/run/dbus/system_bus_socket";
}

/*
 * dbus_bus_get() would wait for its Hello's reply, so the connection is opened and Hello sent by
 * hand. What is left here is connect() on a Unix socket, which is at once.
 */
static bool open_connection(struct bus *bus)
{
    DBusError error = DBUS_ERROR_INIT;

    bus->connection = dbus_connection_open_private(bus_address(bus), &error);
    if (!bus->connection) {
        if (!bus->told_down)
            log_warning("bluetooth: the message bus can't be reached: %s", error.message);
        dbus_error_free(&error);
        return false;
    }
    dbus_connection_set_exit_on_disconnect(bus->connection, FALSE);
    bus->dbus_loop = dbus_connection_add_filter(bus->connection, filter, bus, NULL)
                         ? dbus_loop_open(bus->loop, bus->connection)
                         : NULL;
    if (!bus->dbus_loop) {
        dbus_connection_close(bus->connection);
        dbus_connection_unref(bus->connection);
        return false;
    }
    bus->open++;
    return true;
}

static void one_closed(void *user)
{
    struct bus *bus = user;

    if (--bus->open > 0)
        return;
    if (bus->closed)
        bus->closed(bus->user);
    free(bus->address);
    free(bus);
}

static void close_connection(struct bus *bus)
{
    struct dbus_loop *dbus_loop = bus->dbus_loop;

    cancel_all(bus);
    if (!dbus_loop)
        return;
    bus->dbus_loop = NULL;
    dbus_connection_remove_filter(bus->connection, filter, bus);
    dbus_loop_close(dbus_loop, one_closed, bus);
}

static void try_to_connect(uv_timer_t *timer)
{
    struct bus *bus = timer->data;

    if (bus->up)
        lose(bus, "The connection to the message bus (D-Bus) is made anew.");
    close_connection(bus);
    if (!open_connection(bus)) {
        lose(bus, "The system message bus (D-Bus) can't be reached: is dbus running?");
        return;
    }
    uv_timer_stop(&bus->timer);
    bus_call(bus, NULL, bus_method("Hello"), BUS_LIMIT_MS, on_hello, bus);
}

struct bus *bus_create(uv_loop_t *loop, const char *address, const char *const *rules,
                       const struct bus_listener *listener)
{
    struct bus *bus = calloc(1, sizeof(*bus));

    if (!bus)
        return NULL;
    bus->address = address ? strdup(address) : NULL;
    if (address && !bus->address) {
        free(bus);
        return NULL;
    }
    bus->loop = loop;
    bus->rules = rules;
    bus->listener = *listener;
    bus->backoff_ms = BACKOFF_FIRST_MS;
    bus->open = 1;
    uv_timer_init(loop, &bus->timer);
    bus->timer.data = bus;
    uv_timer_start(&bus->timer, try_to_connect, 0, 0);
    return bus;
}

static void retry_closed(uv_handle_t *handle)
{
    one_closed(handle->data);
}

void bus_destroy(struct bus *bus, void (*closed)(void *user), void *user)
{
    bus->closed = closed;
    bus->user = user;
    bus->up = false;
    uv_close((uv_handle_t *)&bus->timer, retry_closed);
    close_connection(bus);
}
