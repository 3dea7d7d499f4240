#include "app/reload.h"

#include <signal.h>

#include "app/supervisor.h"
#include "app/token_file.h"
#include "base/log.h"

void reload_init(struct reload *reload, uv_loop_t *loop, const struct options *started, int argc,
                 char **argv)
{
    *reload = (struct reload){.loop = loop, .argc = argc, .argv = argv, .started = started};
    reload->work.data = reload;
    uv_signal_init(loop, &reload->hangup);
}

/* ---- in the pool */

/* The token of the file that the daemon was started with: another one waits for a restart. */
static void read_files(uv_work_t *work)
{
    struct reload *reload = work->data;
    const char *token_file = reload->started->token_file;

    reload->good = options_parse(&reload->fresh, reload->argc, reload->argv, &reload->failure);
    reload->has_token =
        reload->good && token_file && token_file_read(token_file, reload->token, &reload->no_token);
}

/* ---- on the loop */

static void take_fresh(struct reload *reload)
{
    struct options before = reload->now;
    char waiting[200];

    reload->now = reload->fresh;
    if (reload->started->token_file && !reload->has_token)
        log_error("linkbandd: the token stays as it was: %s", reload->no_token.message);
    reload->apply(reload->user, &reload->now, reload->has_token ? reload->token : NULL);
    options_finish(&before);
    log_info("%s: read again", reload->now.config);
    options_fixed_changes(reload->started, &reload->now, waiting, sizeof(waiting));
    if (waiting[0])
        log_warning("linkbandd: what has changed of these waits for a restart: %s", waiting);
}

static void begin_reload(struct reload *reload);

static void on_files_read(uv_work_t *work, int status)
{
    struct reload *reload = work->data;
    const bool stopping = uv_is_closing((uv_handle_t *)&reload->hangup);

    reload->reading = false;
    if (status != 0)
        return;
    if (reload->good && !stopping) {
        take_fresh(reload);
    } else {
        if (!reload->good)
            log_error("linkbandd: all stays as it was: %s", reload->failure.message);
        options_finish(&reload->fresh);
    }
    if (!stopping)
        supervisor_reloaded();
    if (reload->again && !stopping)
        begin_reload(reload);
}

static void begin_reload(struct reload *reload)
{
    reload->again = reload->reading;
    if (reload->reading)
        return;
    supervisor_reloading();
    reload->reading = uv_queue_work(reload->loop, &reload->work, read_files, on_files_read) == 0;
}

static void on_hangup(uv_signal_t *signal, int number)
{
    (void)number;
    begin_reload(signal->data);
}

void reload_start(struct reload *reload,
                  void (*apply)(void *user, const struct options *options, const char *token),
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
