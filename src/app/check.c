#include "app/check.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/captures.h"
#include "app/directory.h"
#include "app/token_file.h"
#include "ble/sim.h"
#include "server/address.h"

static bool refuse_start(struct failure *failure, const char *option, const char *value,
                         const char *why)
{
    failure_set(failure, ERROR_INVALID_PARAMETERS, "--%s %.120s: %s.", option, value, why);
    return false;
}

/* 127.0.0.1 is everywhere, and without [::1] the daemon starts. */
static bool check_address(const char *text, struct failure *failure)
{
    struct addrinfo *where = address_resolve(text);

    if (!where)
        return refuse_start(failure, "listen", text, "it can't be read");
    const bool own = address_is_loopback(where->ai_addr);
    const int fd = address_bind(where, false), error = errno;
    freeaddrinfo(where);
    if (fd >= 0)
        close(fd);
    if (fd >= 0 || error == EADDRINUSE ||
        (own && (error == EADDRNOTAVAIL || error == EAFNOSUPPORT)))
        return true;
    return refuse_start(failure, "listen", text,
                        error == EADDRNOTAVAIL ? "this machine has no such address"
                                               : strerror(error));
}

static bool check_addresses(const struct options *options, struct failure *failure)
{
    for (size_t i = 0; i < options->listen.count; i++) {
        if (!check_address(options->listen.items[i], failure))
            return false;
    }
    return true;
}

static void hear_nothing(void *user)
{
    (void)user;
}

static bool check_captures(const struct options *options, struct failure *failure)
{
    uv_loop_t loop;

    if (strcmp(options->backend, "replay") != 0)
        return true;
    if (uv_loop_init(&loop) != 0)
        return refuse_start(failure, "capture", options->captures.items[0], "out of descriptors");
    struct backend *backend = captures_open(options, &loop, failure);
    if (backend)
        backend->ops->destroy(backend, hear_nothing, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return backend != NULL;
}

/* A part of it that is there and is no directory: none can be made below. */
static bool check_directory(const char *option, const char *given, struct failure *failure)
{
    char path[DIRECTORY_PATH_MAX];
    struct stat info;

    if (!given)
        return true;
    if (snprintf(path, sizeof(path), "%s", given) >= (int)sizeof(path))
        return refuse_start(failure, option, given, "the path is too long");
    while (stat(path, &info) != 0) {
        char *slash = strrchr(path, '/');
        if (!slash || slash == path)
            return true;
        *slash = '\0';
    }
    return S_ISDIR(info.st_mode) || refuse_start(failure, option, path, "it is no directory");
}

static bool check_truth(const struct options *options, struct failure *failure)
{
    struct sim_options sim;

    sim_options_init(&sim);
    if (!options->sim || !sim_options_parse(options->sim, &sim, failure) || !sim.truth[0])
        return true;
    char path[SIM_PATH_SIZE];
    memcpy(path, sim.truth, sizeof(path));
    const char *folder = dirname(path);
    if (access(sim.truth, F_OK) == 0 ? access(sim.truth, W_OK) == 0 : access(folder, W_OK) == 0)
        return true;
    return refuse_start(failure, "sim truth", sim.truth, strerror(errno));
}

bool check_start(const struct options *options, struct failure *failure)
{
    char token[SERVER_TOKEN_MAX + 1];

    return (!options->token_file || token_file_read(options->token_file, token, failure)) &&
           check_addresses(options, failure) && check_captures(options, failure) &&
           check_directory("data-dir", options->data_dir, failure) &&
           check_directory("state-dir", options->state_dir, failure) &&
           check_directory("spool", options->spool, failure) && check_truth(options, failure);
}
