/* linkband-uplink: a reader of the spool, which carries it to a server. */
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "options.h"

#define STOP_MS 3000

struct program {
    uv_loop_t loop;
    uv_signal_t sigterm, sigint;
    uv_timer_t limit; /* of a stop */
    struct carrier *carrier;
};

/* The cursor is saved; what still waits is a connect that nobody answers. */
static void on_limit(uv_timer_t *timer)
{
    (void)timer;
    _Exit(EXIT_SUCCESS);
}

static void on_stopped(void *user)
{
    struct program *program = user;

    uv_close((uv_handle_t *)&program->sigterm, NULL);
    uv_close((uv_handle_t *)&program->sigint, NULL);
    uv_close((uv_handle_t *)&program->limit, NULL);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct program *program = signal->data;

    if (!program->carrier)
        _Exit(EXIT_SUCCESS); /* the second one is from someone who doesn't want to wait */
    log_info("uplink: stopping, signal %d", number);
    sd_notify(0, "STOPPING=1");
    uv_timer_start(&program->limit, on_limit, STOP_MS, 0);
    carrier_stop(program->carrier, on_stopped, program);
    program->carrier = NULL;
}

static void watch_signals(struct program *program)
{
    uv_timer_init(&program->loop, &program->limit);
    uv_signal_init(&program->loop, &program->sigterm);
    uv_signal_init(&program->loop, &program->sigint);
    program->sigterm.data = program->sigint.data = program;
    uv_signal_start(&program->sigterm, on_signal, SIGTERM);
    uv_signal_start(&program->sigint, on_signal, SIGINT);
}

static int carry(const struct uplink_options *options)
{
    struct program program = {0};
    struct failure failure;

    uv_loop_init(&program.loop);
    program.carrier = carrier_create(&program.loop, &options->carrier, options->driver, &failure);
    if (!program.carrier) {
        log_error("uplink: %s", failure.message);
        return EXIT_FAILURE;
    }
    watch_signals(&program);
    log_info("uplink: carries %s to %s as %s", options->carrier.spool, options->carrier.driver.url,
             options->carrier.cursor);
    sd_notify(0, "READY=1");
    uv_run(&program.loop, UV_RUN_DEFAULT);
    uv_loop_close(&program.loop);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct uplink_options options;
    struct failure failure;

    if (!uplink_options_parse(&options, argc, argv, &failure)) {
        log_error("uplink: %s", failure.message);
        return UPLINK_EXIT_USAGE;
    }
    switch (options.action) {
    case UPLINK_HELP:
        uplink_options_help();
        return EXIT_SUCCESS;
    case UPLINK_VERSION:
        puts("linkband-uplink " LINKBANDD_VERSION);
        return EXIT_SUCCESS;
    case UPLINK_CARRY:
        break;
    }
    return carry(&options);
}
