#include "dbus_loop.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/now.h"

/* libdbus has one watch for reading and one for writing on a socket; more it never had. */
#define WATCHES_A_FD 4

/* libuv and epoll take a file descriptor once, so all watches of one are merged into one poll. */
struct merged_fd {
    uv_poll_t poll;
    struct dbus_loop *owner;
    struct merged_fd *next;
    DBusWatch *watches[WATCHES_A_FD];
    int fd;
};

struct timeout {
    uv_timer_t timer;
    struct dbus_loop *owner;
    DBusTimeout *timeout;
};

struct dbus_loop {
    uv_loop_t *loop;
    DBusConnection *connection;
    struct merged_fd *fds;
    uv_idle_t idle; /* runs while messages wait that no watch handling will dispatch */
    int64_t read_us;
    unsigned handles; /* not yet closed */
    void (*closed)(void *user);
    void *user;
};

static void handle_closed(struct dbus_loop *dbus_loop)
{
    if (--dbus_loop->handles > 0 || !dbus_loop->closed)
        return;
    dbus_loop->closed(dbus_loop->user);
    free(dbus_loop);
}

static void fd_closed(uv_handle_t *handle)
{
    struct merged_fd *merged = handle->data;
    struct dbus_loop *owner = merged->owner;

    free(merged);
    handle_closed(owner);
}

static void loop_timer_closed(uv_handle_t *handle)
{
    struct timeout *timeout = handle->data;
    struct dbus_loop *owner = timeout->owner;

    free(timeout);
    handle_closed(owner);
}

static void idle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

/* A handler may send, but never closes the connection: dbus_loop_close forbids it. */
static void dispatch_all(struct dbus_loop *dbus_loop)
{
    while (dbus_connection_dispatch(dbus_loop->connection) == DBUS_DISPATCH_DATA_REMAINS)
        ;
    uv_idle_stop(&dbus_loop->idle);
}

static void on_idle(uv_idle_t *idle)
{
    struct dbus_loop *dbus_loop = idle->data;

    dbus_loop->read_us = now_boot_us();
    dispatch_all(dbus_loop);
}

/* libdbus forbids dispatching in here: it may hold its locks and be deep in our own call. */
static void on_status(DBusConnection *connection, DBusDispatchStatus status, void *user)
{
    struct dbus_loop *dbus_loop = user;

    (void)connection;
    if (status == DBUS_DISPATCH_DATA_REMAINS)
        uv_idle_start(&dbus_loop->idle, on_idle);
}

static unsigned dbus_flags(int status, int events)
{
    unsigned flags = 0;

    if (status < 0)
        return DBUS_WATCH_ERROR;
    if (events & UV_READABLE)
        flags |= DBUS_WATCH_READABLE;
    if (events & UV_WRITABLE)
        flags |= DBUS_WATCH_WRITABLE;
    if (events & UV_DISCONNECT)
        flags |= DBUS_WATCH_HANGUP;
    return flags;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct merged_fd *merged = poll->data;
    struct dbus_loop *owner = merged->owner;
    const unsigned flags = dbus_flags(status, events);

    owner->read_us = now_boot_us();
    for (size_t i = 0; i < WATCHES_A_FD; i++) {
        DBusWatch *watch = merged->watches[i]; /* handling one may remove the next */
        const unsigned wanted = DBUS_WATCH_ERROR | DBUS_WATCH_HANGUP;

        if (watch && dbus_watch_get_enabled(watch) &&
            (flags & (dbus_watch_get_flags(watch) | wanted)))
            dbus_watch_handle(watch, flags & (dbus_watch_get_flags(watch) | wanted));
    }
    dispatch_all(owner);
}

static void rearm(struct merged_fd *merged)
{
    int events = 0;

    for (size_t i = 0; i < WATCHES_A_FD; i++) {
        if (!merged->watches[i] || !dbus_watch_get_enabled(merged->watches[i]))
            continue;
        const unsigned flags = dbus_watch_get_flags(merged->watches[i]);
        if (flags & DBUS_WATCH_READABLE)
            events |= UV_READABLE;
        if (flags & DBUS_WATCH_WRITABLE)
            events |= UV_WRITABLE;
    }
    if (events)
        uv_poll_start(&merged->poll, events, on_poll);
    else
        uv_poll_stop(&merged->poll);
}

static struct merged_fd *merged_fd_get(struct dbus_loop *owner, int fd)
{
    struct merged_fd *merged;

    for (merged = owner->fds; merged; merged = merged->next) {
        if (merged->fd == fd)
            return merged;
    }
    merged = calloc(1, sizeof(*merged));
    if (!merged)
        return NULL;
    if (uv_poll_init(owner->loop, &merged->poll, fd) != 0) {
        free(merged);
        return NULL;
    }
    merged->poll.data = merged;
    merged->owner = owner;
    merged->fd = fd;
    merged->next = owner->fds;
    owner->fds = merged;
    owner->handles++;
    return merged;
}

static void merged_fd_close(struct merged_fd *merged)
{
    struct merged_fd **link = &merged->owner->fds;

    while (*link != merged)
        link = &(*link)->next;
    *link = merged->next;
    uv_close((uv_handle_t *)&merged->poll, fd_closed);
}

static dbus_bool_t add_watch(DBusWatch *watch, void *user)
{
    struct merged_fd *merged = merged_fd_get(user, dbus_watch_get_unix_fd(watch));

    if (!merged)
        return FALSE;
    for (size_t i = 0; i < WATCHES_A_FD; i++) {
        if (merged->watches[i])
            continue;
        merged->watches[i] = watch;
        dbus_watch_set_data(watch, merged, NULL);
        rearm(merged);
        return TRUE;
    }
    return FALSE;
}

static void remove_watch(DBusWatch *watch, void *user)
{
    struct merged_fd *merged = dbus_watch_get_data(watch);
    bool left = false;

    (void)user;
    if (!merged)
        return;
    dbus_watch_set_data(watch, NULL, NULL);
    for (size_t i = 0; i < WATCHES_A_FD; i++) {
        if (merged->watches[i] == watch)
            merged->watches[i] = NULL;
        left = left || merged->watches[i];
    }
    if (left)
        rearm(merged);
    else
        merged_fd_close(merged);
}

static void toggle_watch(DBusWatch *watch, void *user)
{
    struct merged_fd *merged = dbus_watch_get_data(watch);

    (void)user;
    if (merged)
        rearm(merged);
}

static void on_timeout(uv_timer_t *timer)
{
    struct timeout *timeout = timer->data;

    dbus_timeout_handle(timeout->timeout);
}

static void toggle_timeout(DBusTimeout *dbus_timeout, void *user)
{
    struct timeout *timeout = dbus_timeout_get_data(dbus_timeout);
    const int interval = dbus_timeout_get_interval(dbus_timeout);

    (void)user;
    if (!timeout)
        return;
    if (dbus_timeout_get_enabled(dbus_timeout))
        uv_timer_start(&timeout->timer, on_timeout, (uint64_t)interval, (uint64_t)interval);
    else
        uv_timer_stop(&timeout->timer);
}

static dbus_bool_t add_timeout(DBusTimeout *dbus_timeout, void *user)
{
    struct dbus_loop *owner = user;
    struct timeout *timeout = calloc(1, sizeof(*timeout));

    if (!timeout)
        return FALSE;
    uv_timer_init(owner->loop, &timeout->timer);
    timeout->timer.data = timeout;
    timeout->owner = owner;
    timeout->timeout = dbus_timeout;
    owner->handles++;
    dbus_timeout_set_data(dbus_timeout, timeout, NULL);
    toggle_timeout(dbus_timeout, user);
    return TRUE;
}

static void remove_timeout(DBusTimeout *dbus_timeout, void *user)
{
    struct timeout *timeout = dbus_timeout_get_data(dbus_timeout);

    (void)user;
    if (!timeout)
        return;
    dbus_timeout_set_data(dbus_timeout, NULL, NULL);
    uv_close((uv_handle_t *)&timeout->timer, loop_timer_closed);
}

static bool set_functions(struct dbus_loop *dbus_loop)
{
    DBusConnection *connection = dbus_loop->connection;

    if (!dbus_connection_set_watch_functions(connection, add_watch, remove_watch, toggle_watch,
                                             dbus_loop, NULL) ||
        !dbus_connection_set_timeout_functions(connection, add_timeout, remove_timeout,
                                               toggle_timeout, dbus_loop, NULL))
        return false;
    dbus_connection_set_dispatch_status_function(connection, on_status, dbus_loop, NULL);
    return true;
}

struct dbus_loop *dbus_loop_open(uv_loop_t *loop, DBusConnection *connection)
{
    struct dbus_loop *dbus_loop = calloc(1, sizeof(*dbus_loop));

    if (!dbus_loop)
        return NULL;
    dbus_loop->loop = loop;
    dbus_loop->connection = connection;
    dbus_loop->read_us = now_boot_us();
    uv_idle_init(loop, &dbus_loop->idle);
    dbus_loop->idle.data = dbus_loop;
    dbus_loop->handles = 1;
    if (!set_functions(dbus_loop)) {
        dbus_connection_ref(connection);
        dbus_loop_close(dbus_loop, NULL, NULL);
        return NULL;
    }
    return dbus_loop;
}

static void ignore(void *user)
{
    (void)user;
}

void dbus_loop_close(struct dbus_loop *dbus_loop, void (*closed)(void *user), void *user)
{
    DBusConnection *connection = dbus_loop->connection;

    dbus_loop->closed = closed ? closed : ignore;
    dbus_loop->user = user;
    dbus_connection_close(connection);
    dbus_connection_set_dispatch_status_function(connection, NULL, NULL, NULL);
    dbus_connection_set_watch_functions(connection, NULL, NULL, NULL, NULL, NULL);
    dbus_connection_set_timeout_functions(connection, NULL, NULL, NULL, NULL, NULL);
    dbus_connection_unref(connection);
    uv_close((uv_handle_t *)&dbus_loop->idle, idle_closed);
}

int64_t dbus_loop_read_us(const struct dbus_loop *dbus_loop)
{
    return dbus_loop->read_us;
}
