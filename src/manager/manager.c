#include <stddef.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/must.h"
#include "data.h"
#include "places.h"

/* Woken later than this the host slept or starved. */
#define LATE_US (3 * SECOND)

/* Two drivers that undo each other would be a bug; the bound keeps it from hanging the daemon. */
#define SETTLE_ROUNDS 64

/* What one device does may be something to all others. */
static void stir_all(struct manager *m)
{
    if (!m->stirred && !m->ground.clock_moved)
        return;
    m->stirred = m->ground.clock_moved = false;
    for (size_t i = 0; i < m->count; i++)
        m->devices[i].stirred = true;
}

static bool settle_ground(struct manager *m)
{
    m->ground.when.wake_us = NEVER;
    const bool any = ground_settle(&m->ground);
    m->ground.wake_us = m->ground.when.wake_us;
    return any;
}

static bool settle_device(struct manager *m, struct device *d)
{
    if (!d->stirred && m->ground.when.now_us < d->wake_us)
        return false;
    m->ground.when.wake_us = NEVER;
    d->untold = true;
    d->reach.barred = place_has_to_wait(m, d);
    d->stirred = device_settle(d);
    d->wake_us = m->ground.when.wake_us;
    return d->stirred;
}

/* Until none has any step left. */
static bool settle_round(struct manager *m)
{
    stir_all(m);
    bool any = settle_ground(m);
    for (size_t i = 0; i < m->count; i++)
        any = settle_device(m, &m->devices[i]) || any;
    for (size_t i = 0; i < m->count && !any; i++)
        device_tell_changes(&m->devices[i]);
    return any || m->stirred || m->ground.clock_moved;
}

static void manager_settle(struct manager *m)
{
    int rounds = 0;
    bool again = true;

    while (again && rounds++ < SETTLE_ROUNDS)
        again = settle_round(m);
    must(!again);
}

static int64_t next_wake_us(const struct manager *m)
{
    int64_t wake_us = m->ground.wake_us;

    for (size_t i = 0; i < m->count; i++)
        wake_us = m->devices[i].wake_us < wake_us ? m->devices[i].wake_us : wake_us;
    return wake_us;
}

static void tell_wake(struct manager *m)
{
    const int64_t wake_us = next_wake_us(m);

    if (wake_us == m->told_us)
        return;
    m->told_us = wake_us;
    m->ground.host.wake_at(m->ground.host.user, wake_us);
}

/* What was not heard meanwhile proves nothing. */
static void forgive(struct manager *m)
{
    m->stirred = true;
    log_info("manager: the host was suspended or late, the links are checked");
    /* Its timer stood still with it: even an unchanged time is wished for anew. */
    m->told_us = NEVER;
    for (size_t i = 0; i < m->count; i++)
        device_forgive(&m->devices[i]);
}

void manager_look_at_clock(struct manager *m)
{
    if (m->depth == 0)
        m->ground.when.now_us = m->ground.host.boot_us(m->ground.host.user);
}

static void begin_entry(struct manager *m)
{
    manager_look_at_clock(m);
    if (m->depth++ == 0 && m->told_us != NEVER && m->ground.when.now_us > m->told_us + LATE_US)
        forgive(m);
}

void manager_enter(struct manager *m)
{
    m->stirred = true;
    begin_entry(m);
}

/* What comes most often is nothing to the other devices. */
static void enter_for(struct manager *m, struct device *d)
{
    m->stirred |= m->depth > 0;
    d->stirred = true;
    begin_entry(m);
}

static void manager_free(struct manager *m)
{
    for (size_t i = 0; i < m->count; i++)
        device_destroy(&m->devices[i]);
    free(m);
}

static void destroyed(void *user)
{
    struct manager *m = user;
    void (*closed)(void *user) = m->closed;
    void *closed_user = m->closed_user;

    manager_free(m);
    if (closed)
        closed(closed_user);
}

static void close_down(struct manager *m)
{
    struct backend *backend = m->ground.backend;

    for (size_t i = 0; i < m->count; i++)
        data_settle_end(&m->devices[i]);
    m->destroying = true;
    m->ground.host.wake_at(m->ground.host.user, NEVER);
    backend->ops->destroy(backend, destroyed, m);
}

void manager_leave(struct manager *m)
{
    if (m->depth == 1 && !m->closing)
        manager_settle(m);
    if (--m->depth > 0 || m->destroying)
        return;
    if (m->closing)
        close_down(m);
    else
        tell_wake(m);
}

/* ---- The backend's listener */

static void on_bluetooth(void *user, bool available, bool powered, const char *message)
{
    struct manager *m = user;
    struct ground *ground = &m->ground;

    manager_enter(m);
    ground_set_bluetooth(ground, available, powered, message);
    for (size_t i = 0; i < m->count; i++)
        device_bluetooth_changed(&m->devices[i]);
    ground->listener.bluetooth_status(ground->listener.user);
    manager_leave(m);
}

static void on_seen(void *user, const struct band_sighting *sighting)
{
    struct manager *m = user;
    struct ground *ground = &m->ground;

    manager_enter(m);
    for (size_t i = 0; i < m->count; i++)
        reach_saw(&m->devices[i].reach, &sighting->band, ground->when.now_us);
    ground_saw(ground, sighting);
    manager_leave(m);
}

static void on_scan_ended(void *user, const struct failure *failure)
{
    struct manager *m = user;

    manager_enter(m);
    ground_scan_stopped(&m->ground, failure);
    manager_leave(m);
}

/* ---- The links' listener */

static struct manager *manager_of(struct device *d)
{
    return (struct manager *)((char *)d->ground - offsetof(struct manager, ground));
}

static void on_up(void *user, const struct band_link *made)
{
    struct manager *m = manager_of(user);

    manager_enter(m);
    if (place_is_taken(m, user, &made->band))
        device_up_taken(user, made);
    else
        device_up(user, made);
    manager_leave(m);
}

static void on_down(void *user, enum link_end end, const struct failure *failure)
{
    manager_enter(manager_of(user));
    device_down(user, end, failure);
    manager_leave(manager_of(user));
}

static void on_notified(void *user, enum sensor sensor, bool on, const struct failure *failure)
{
    manager_enter(manager_of(user));
    device_notified(user, sensor, on, failure);
    manager_leave(manager_of(user));
}

static void on_written(void *user, const struct failure *failure)
{
    manager_enter(manager_of(user));
    device_written(user, failure);
    manager_leave(manager_of(user));
}

static void on_probed(void *user, bool alive)
{
    manager_enter(manager_of(user));
    device_probed(user, alive);
    manager_leave(manager_of(user));
}

static void on_packet(void *user, const struct packet *packet)
{
    enter_for(manager_of(user), user);
    device_packet(user, packet);
    manager_leave(manager_of(user));
}

static void init_device(struct manager *m, unsigned place)
{
    struct device *d = &m->devices[place];
    const struct link_listener listener = {
        .user = d,
        .up = on_up,
        .notified = on_notified,
        .written = on_written,
        .probed = on_probed,
        .packet = on_packet,
        .down = on_down,
    };
    device_init(d, place, &m->ground, &listener);
}

static void listen(struct manager *m, struct backend *backend)
{
    m->ground.backend = backend;
    backend->listener = (struct backend_listener){
        .user = m,
        .bluetooth = on_bluetooth,
        .seen = on_seen,
        .scan_ended = on_scan_ended,
    };
}

/* ---- Its life */

struct manager *manager_create(const struct manager_config *config, struct backend *backend,
                               const struct manager_host *host,
                               const struct manager_listener *listener)
{
    struct manager *m = calloc(1, sizeof(*m));

    must(config->max_bands <= MANAGER_DEVICES_MAX);
    if (!m)
        return NULL;
    m->ground.config = *config;
    m->ground.host = *host;
    m->ground.listener = *listener;
    m->ground.when.wake_us = m->told_us = NEVER;
    m->count = config->max_bands ? config->max_bands : 1;
    for (unsigned place = 0; place < m->count; place++)
        init_device(m, place);
    if (!device_provide(&m->devices[0])) {
        manager_free(m);
        return NULL;
    }
    listen(m, backend);
    return m;
}

void manager_wake(struct manager *m)
{
    manager_enter(m);
    /* The host's wish is used up: even the same time must be wished for anew. */
    m->told_us = NEVER;
    manager_leave(m);
}

void manager_resumed(struct manager *m)
{
    manager_enter(m);
    forgive(m);
    manager_leave(m);
}

void manager_shutdown(struct manager *m, void (*done)(void *user), void *user)
{
    manager_enter(m);
    if (!m->closing) {
        m->closing = true;
        m->closed = done;
        m->closed_user = user;
        ground_finish_scan(&m->ground, SCAN_STOPPED, NULL);
        for (size_t i = 0; i < m->count; i++)
            device_shutdown(&m->devices[i]);
    }
    manager_leave(m);
}
