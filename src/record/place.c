#include "place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "record/recorder.h"

#define DEPTH_MAX 64

struct record_place {
    char *path;
    bool mounted;     /* at it, or above, something else than the disk of / */
    uint64_t beneath; /* the device that shows there once that is unmounted */
    uv_timer_t timer;
    uv_fs_t look;
    bool looking, closing;
    struct failure problem; /* message "": none */
    void (*closed)(void *user);
    void *user;
};

/* Another disk in the place of the first is as good: only what lies beneath is not. */
static bool judge_place(const struct record_place *place, int error, uint64_t device,
                        struct failure *failure)
{
    if (error)
        failure_set(failure, ERROR_RECORDING,
                    "%.200s, where recordings go, can't be reached any more: %s; mount it again",
                    place->path, strerror(error));
    else if (place->mounted && device == place->beneath)
        failure_set(failure, ERROR_RECORDING,
                    "Nothing is mounted any more at %.200s, where recordings go: mount it again",
                    place->path);
    else
        return true;
    return false;
}

bool place_is_there(const struct record_place *place, struct failure *failure)
{
    struct stat info = {0};
    const int error = stat(place->path, &info) == 0 ? 0 : errno;

    return judge_place(place, error, info.st_dev, failure);
}

const char *place_problem(const struct record_place *place)
{
    return place->problem.message[0] ? place->problem.message : NULL;
}

/* Upwards, to the first directory of another device. */
static void find_beneath(struct record_place *place)
{
    char above[RECORDER_PATH_MAX + sizeof("/..") * DEPTH_MAX];
    size_t len = (size_t)snprintf(above, RECORDER_PATH_MAX, "%s", place->path);
    struct stat here, there;

    if (len >= RECORDER_PATH_MAX || stat(above, &here) != 0)
        return;
    for (int depth = 0; depth < DEPTH_MAX && !place->mounted; depth++) {
        len += (size_t)snprintf(above + len, sizeof(above) - len, "/..");
        if (stat(above, &there) != 0)
            return;
        place->mounted = there.st_dev != here.st_dev;
        place->beneath = there.st_dev;
    }
}

static void finish_place(struct record_place *place)
{
    void (*closed)(void *user) = place->closed;
    void *user = place->user;

    free(place->path);
    free(place);
    closed(user);
}

static void on_looked(uv_fs_t *request)
{
    struct record_place *place = request->data;
    const int error = request->result < 0 ? (int)-request->result : 0;
    const bool was_wrong = place_problem(place);
    struct failure problem = {.message = ""};

    place->looking = false;
    judge_place(place, error, error ? 0 : request->statbuf.st_dev, &problem);
    place->problem = problem;
    uv_fs_req_cleanup(request);
    if (place_problem(place) && !was_wrong)
        log_warning("recordings: %s", problem.message);
    if (place->closing)
        finish_place(place);
}

static void on_timer(uv_timer_t *timer);

/* On the loop's whole seconds, with the other timers that are. */
static void look_later(struct record_place *place)
{
    const uint64_t now = uv_now(place->timer.loop);

    uv_timer_start(&place->timer, on_timer, PLACE_LOOK_MS - now % 1000, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct record_place *place = timer->data;

    look_later(place);
    if (!place->looking)
        place->looking = uv_fs_stat(timer->loop, &place->look, place->path, on_looked) == 0;
}

struct record_place *place_create(uv_loop_t *loop, const char *path)
{
    struct record_place *place = calloc(1, sizeof(*place));

    if (place)
        place->path = strdup(path);
    if (!place || !place->path) {
        free(place);
        return NULL;
    }
    find_beneath(place);
    uv_timer_init(loop, &place->timer);
    place->timer.data = place->look.data = place;
    /* It alone keeps no loop from its end. */
    uv_unref((uv_handle_t *)&place->timer);
    look_later(place);
    return place;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct record_place *place = handle->data;

    place->closing = true;
    if (!place->looking)
        finish_place(place);
}

void place_close(struct record_place *place, void (*closed)(void *user), void *user)
{
    place->closed = closed;
    place->user = user;
    uv_close((uv_handle_t *)&place->timer, on_timer_closed);
}
