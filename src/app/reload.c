#include "app/reload.h"

#include <signal.h>

#include "app/supervisor.h"
#include "base/log.h"

void reload_init(struct reload *reload, uv_loop_t *loop, const struct options *started, int argc,
                 char **argv)
{
    *reload = (struct reload){.argc = argc, .argv = argv, .started = started};
    uv_signal_init(loop, &reload->hangup);
}

static void take(struct reload *reload, const struct options *options)
{
    struct options before = reload->now;
    char waiting[200];

    reload->now = *options;
    reload->apply(reload->user, &reload->now);
    options_finish(&before);
    log_info("%s was read again", options->config);
    options_fixed_changes(reload->started, &reload->now, waiting, sizeof(waiting));
    if (waiting[0])
        log_warning("what has changed of these waits for a restart: %s", waiting);
}

static void on_hangup(uv_signal_t *signal, int number)
{
    struct reload *reload = signal->data;
    struct options options;
    struct failure failure;

    (void)number;
    supervisor_reloading();
    if (options_parse(&options, reload->argc, reload->argv, &failure)) {
        take(reload, &options);
    } else {
        log_error("all stays as it was: %s", failure.message);
        options_finish(&options);
    }
    supervisor_reloaded();
}

void reload_start(struct reload *reload, void (*apply)(void *user, const struct options *options),
                  void *user)
{
    reload->apply = apply;
    reload->user = user;
    reload->hangup.data = reload;
    if (reload->started->config)
        uv_signal_start(&reload->hangup, on_hangup, SIGHUP);
}

void reload_finish(struct reload *reload)
{
    options_finish(&reload->now);
}
