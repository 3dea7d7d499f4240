/* The end: the recording is synced, the band let go, the clients told; within a limit. */
#include <stdlib.h>
#include <unistd.h>

#include "base/length.h"
#include "base/log.h"
#include "daemon.h"

#define LIMIT_MS 2500
/* The recording's last seconds are synced before the clients are let go; a disk that takes longer
 * is not waited for. */
#define FAREWELL_MS 1500

void stopping_close_handles(struct daemon *daemon)
{
    uv_handle_t *handles[] = {
        (uv_handle_t *)&daemon->sigterm,       (uv_handle_t *)&daemon->sigint,
        (uv_handle_t *)&daemon->sighup,        (uv_handle_t *)&daemon->wake,
        (uv_handle_t *)&daemon->second,        (uv_handle_t *)&daemon->farewell,
        (uv_handle_t *)&daemon->reload.hangup, (uv_handle_t *)&daemon->supervisor.watchdog};

    for (size_t i = 0; i < LENGTH(handles); i++) {
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], NULL);
    }
}

/* The limit holds until the loop has ended, for that waits for the pool, and the pool for the disk:
 * the wants file, too, may be under way to it. It alone keeps the loop from its end no longer. */
static void finish_one(struct daemon *daemon)
{
    if (--daemon->unfinished > 0)
        return;
    stopping_close_handles(daemon);
    uv_unref((uv_handle_t *)&daemon->shutdown);
}

static void on_server_done(void *user)
{
    struct daemon *daemon = user;

    daemon->server = NULL;
    finish_one(daemon);
}

static void on_spool_done(void *user)
{
    finish_one(user);
}

/* The bands' last words go into the spool, too: it is closed once they are let go. */
static void close_spool(struct daemon *daemon)
{
    struct spool *spool = daemon->spool;

    daemon->spool = NULL;
    protocol_set_spool(daemon->protocol, NULL);
    if (spool)
        spool_close(spool, on_spool_done, daemon);
}

/* The band's farewell goes to the clients before they are closed. */
static void on_manager_done(void *user)
{
    struct daemon *daemon = user;

    protocol_set_manager(daemon->protocol, NULL);
    daemon->manager = NULL;
    close_spool(daemon);
    finish_one(daemon);
}

/* Exits at once: an orderly exit would wait for libuv's pool, and that for the disk. What is on it
 * is repaired at the next start. */
static void on_shutdown_limit(uv_timer_t *timer)
{
    (void)timer;
    log_warning(
        "linkbandd: stopping took longer than %d ms; exiting without waiting for band and disk",
        LIMIT_MS);
    _exit(EXIT_SUCCESS);
}

static void dismiss_clients(struct daemon *daemon)
{
    if (uv_is_closing((uv_handle_t *)&daemon->farewell))
        return;
    uv_close((uv_handle_t *)&daemon->farewell, NULL);
    server_shutdown(daemon->server, on_server_done, daemon);
}

static void on_farewell(uv_timer_t *timer)
{
    dismiss_clients(timer->data);
}

/* recording_stopped has gone out. */
static void on_recorder_done(void *user)
{
    struct daemon *daemon = user;

    protocol_set_recorder(daemon->protocol, NULL, NULL);
    daemon->recorder = NULL;
    dismiss_clients(daemon);
    finish_one(daemon);
}

static void stop(struct daemon *daemon)
{
    daemon->stopping = true;
    daemon->unfinished = 2 + (daemon->recorder != NULL) + (daemon->spool != NULL);
    supervisor_stopping();
    uv_timer_start(&daemon->shutdown, on_shutdown_limit, LIMIT_MS, 0);
    uv_timer_start(&daemon->farewell, on_farewell, FAREWELL_MS, 0);
    if (daemon->recorder)
        recorder_shutdown(daemon->recorder, on_recorder_done, daemon);
    manager_shutdown(daemon->manager, on_manager_done, daemon);
    if (!daemon->recorder)
        dismiss_clients(daemon);
}

/* The second one is from someone who doesn't want to wait. */
void stopping_on_signal(uv_signal_t *signal, int number)
{
    struct daemon *daemon = signal->data;

    if (daemon->stopping) {
        log_warning("linkbandd: signal %d while stopping: exiting at once", number);
        _exit(EXIT_SUCCESS);
    }
    log_info("linkbandd: stopping: signal %d", number);
    stop(daemon);
}
