#include "handoff.h"

#include <pthread.h>
#include <stdio.h>

static bool next(struct handoff *handoff, struct handoff_note *note)
{
    bool there;

    uv_mutex_lock(&handoff->mutex);
    there = handoff->count > 0;
    if (there) {
        *note = handoff->notes[0];
        handoff->count--;
        for (size_t i = 0; i < handoff->count; i++)
            handoff->notes[i] = handoff->notes[i + 1];
    }
    uv_mutex_unlock(&handoff->mutex);
    return there;
}

static void on_async(uv_async_t *async)
{
    struct handoff *handoff = async->data;
    struct handoff_note note;

    while (!uv_is_closing((uv_handle_t *)async) && next(handoff, &note))
        handoff->take(handoff->user, &note);
}

bool handoff_open(struct handoff *handoff, uv_loop_t *loop,
                  void (*take)(void *user, const struct handoff_note *note), void *user)
{
    handoff->take = take;
    handoff->user = user;
    handoff->async.data = handoff;
    if (uv_mutex_init(&handoff->mutex) != 0)
        return false;
    return uv_async_init(loop, &handoff->async, on_async) == 0;
}

void handoff_put(struct handoff *handoff, enum handoff_kind kind, const char *id, const char *why)
{
    int cancelled;

    /* libmosquitto cancels its thread: not within uv_async_send, which would leave it half done. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelled);
    uv_mutex_lock(&handoff->mutex);
    if (handoff->count < HANDOFF_MAX) {
        struct handoff_note *note = &handoff->notes[handoff->count++];
        note->kind = kind;
        snprintf(note->id, sizeof(note->id), "%s", id ? id : "");
        snprintf(note->why, sizeof(note->why), "%s", why ? why : "");
    }
    uv_mutex_unlock(&handoff->mutex);
    uv_async_send(&handoff->async);
    pthread_setcancelstate(cancelled, NULL);
}

static void on_closed(uv_handle_t *handle)
{
    struct handoff *handoff = handle->data;

    uv_mutex_destroy(&handoff->mutex);
    handoff->closed(handoff->user);
}

void handoff_close(struct handoff *handoff, void (*closed)(void *user))
{
    handoff->closed = closed;
    uv_close((uv_handle_t *)&handoff->async, on_closed);
}
