#include "app/serve.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/now.h"
#include "daemon.h"

#define SECOND_MS 1000
/* Boot time may run ahead of monotonic by this much between two looks before it counts as a
 * suspend. */
#define SUSPEND_US 1000000
/* Of descriptors: loop, bus, sockets, a recording's files and a few clients. */
#define DESCRIPTORS_LEAST 32

/* ---- once a second */

static void tell_lagging(struct daemon *daemon)
{
    uint64_t dropped[SENSOR_COUNT];

    for (size_t i = 0; i < server_client_count(daemon->server); i++) {
        struct client *client = server_client(daemon->server, i);
        if (client_take_dropped(client, dropped))
            protocol_lagging(daemon->protocol, client_id(client), dropped);
    }
}

/* In suspend boot time runs on and monotonic time stands still. */
static void look_for_suspend(struct daemon *daemon)
{
    int64_t suspended_us = now_boot_us() - now_monotonic_us();

    if (suspended_us - daemon->suspended_us > SUSPEND_US) {
        log_info("linkbandd: the host was suspended for %.1f s; the link is checked",
                 (double)(suspended_us - daemon->suspended_us) / 1e6);
        server_forgive_silence(daemon->server);
        manager_resumed(daemon->manager);
    }
    daemon->suspended_us = suspended_us;
}

static void on_second(uv_timer_t *timer);

/* On the loop's whole seconds: with the server's watch, not a wake-up beside it. */
static void await_second(struct daemon *daemon)
{
    uv_timer_start(&daemon->second, on_second, SECOND_MS - uv_now(&daemon->loop) % SECOND_MS, 0);
}

static void on_second(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;

    if (daemon->stopping)
        return;
    look_for_suspend(daemon);
    tell_lagging(daemon);
    protocol_second(daemon->protocol);
    supervisor_tell(&daemon->supervisor, daemon->manager, server_client_count(daemon->server));
    await_second(daemon);
}

/* ---- running */

/* A reload: what a running daemon can change; whoever has connected stays. */
static void apply(void *user, const struct options *options, const char *token)
{
    struct daemon *daemon = user;

    log_set_level(options->log_level);
    if (token)
        memcpy(daemon->token, token, strlen(token) + 1);
    opening_access(&daemon->server_config, options);
    if (daemon->server)
        server_set_access(daemon->server, &daemon->server_config);
}

/* By nohup: who is to survive its terminal does. */
static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Before anything is opened: who finds the daemon listening may end it, and that is a clean end.
 * With no file to read again SIGHUP, a terminal that closes, ends it, too. */
static void hear_signals(struct daemon *daemon, bool has_config)
{
    uv_signal_start(&daemon->sigterm, stopping_on_signal, SIGTERM);
    uv_signal_start(&daemon->sigint, stopping_on_signal, SIGINT);
    reload_start(&daemon->reload, apply, daemon);
    if (!has_config && !is_ignored(SIGHUP))
        uv_signal_start(&daemon->sighup, stopping_on_signal, SIGHUP);
}

static void run_loop(struct daemon *daemon)
{
    daemon->suspended_us = now_boot_us() - now_monotonic_us();
    await_second(daemon);
    const char *addresses = server_addresses(daemon->server);
    log_info("linkbandd: version " LINKBANDD_VERSION
             " listens on %s; open http://%.*s/ in a browser",
             addresses, (int)strcspn(addresses, ","), addresses);
    supervisor_ready(&daemon->supervisor);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

/* Starting again mends nothing that a wrong option broke. */
static int exit_status(bool opened, const struct failure *failure)
{
    if (opened)
        return EXIT_SUCCESS;
    return failure->code == ERROR_INVALID_PARAMETERS ? OPTIONS_EXIT_STATUS : EXIT_FAILURE;
}

/* With fewer libuv aborts and libwebsockets breaks at its end. Whether they are to be had is tried:
 * what the limit leaves depends on what was inherited. */
static bool has_descriptors(void)
{
    int fds[DESCRIPTORS_LEAST], count = 0;

    while (count < DESCRIPTORS_LEAST && (fds[count] = eventfd(0, EFD_CLOEXEC)) >= 0)
        count++;
    for (int i = 0; i < count; i++)
        close(fds[i]);
    if (count < DESCRIPTORS_LEAST)
        log_error("linkbandd: can't start: only %d more files and sockets may be opened, linkbandd "
                  "wants %d "
                  "at least and up to 128; raise the limit (ulimit -n 1024, or LimitNOFILE=)",
                  count, DESCRIPTORS_LEAST);
    return count == DESCRIPTORS_LEAST;
}

static bool open_loop(uv_loop_t *loop)
{
    if (!has_descriptors())
        return false;
    const int trouble = uv_loop_init(loop);
    if (trouble != 0)
        log_error("linkbandd: can't start: %s", uv_strerror(trouble));
    return trouble == 0;
}

int serve_run(const struct options *options, int argc, char **argv)
{
    static struct daemon daemon;
    struct failure failure;

    log_set_level(options->log_level);
    signal(SIGPIPE, SIG_IGN);
    if (!open_loop(&daemon.loop))
        return EXIT_FAILURE;
    opening_handles(&daemon);
    reload_init(&daemon.reload, &daemon.loop, options, argc, argv);
    hear_signals(&daemon, options->config);
    const bool opened = supervisor_init(&daemon.supervisor, &daemon.loop, &failure) &&
                        opening_all(&daemon, options, &failure);
    if (opened)
        run_loop(&daemon);
    else
        log_error("linkbandd: %s", failure.message);
    stopping_close_handles(&daemon);
    uv_close((uv_handle_t *)&daemon.shutdown, NULL);
    uv_run(&daemon.loop, opened ? UV_RUN_DEFAULT : UV_RUN_NOWAIT);
    if (daemon.protocol)
        protocol_destroy(daemon.protocol);
    wants_file_destroy(daemon.wants);
    uv_loop_close(&daemon.loop);
    reload_finish(&daemon.reload);
    return exit_status(opened, &failure);
}
