#include "window.h"

#include <stdlib.h>
#include <string.h>

bool window_has_room(const struct window *window, size_t messages, size_t len)
{
    return window->count == 0 ||
           (window->count + messages <= WINDOW_MAX && window->bytes + len <= WINDOW_BYTES);
}

void window_add(struct window *window, const struct window_message *message)
{
    window->messages[window->count++] = *message;
    window->bytes += message->len;
}

struct window_message *window_unsent(struct window *window, uint64_t now_ms, uint64_t wait_ms)
{
    struct window_message *oldest = NULL;
    int under_way = 0;

    for (size_t i = 0; i < window->count; i++) {
        struct window_message *message = &window->messages[i];
        if (message->sent && now_ms - message->sent_ms < wait_ms)
            under_way++;
        else if (!oldest)
            oldest = message;
    }
    return under_way < WINDOW_BEGIN + window->more ? oldest : NULL;
}

static void let_more_or_fewer(struct window *window, bool more)
{
    if (more && WINDOW_BEGIN + window->more < WINDOW_MAX)
        window->more++;
    if (!more && WINDOW_BEGIN + window->more > 1)
        window->more--;
}

static struct window_message *find_message(struct window *window, const char *id)
{
    for (size_t i = 0; i < window->count; i++) {
        if (strcmp(window->messages[i].id, id) == 0)
            return &window->messages[i];
    }
    return NULL;
}

/* Whatever was acknowledged before an older one has gone: only the cursor waits for that. */
static void drop(struct window *window, size_t at)
{
    window->bytes -= window->messages[at].len;
    free(window->messages[at].body);
    window->count--;
    memmove(window->messages + at, window->messages + at + 1,
            (window->count - at) * sizeof(window->messages[0]));
}

bool window_acked(struct window *window, const char *id, uint64_t now_ms)
{
    struct window_message *message = find_message(window, id);

    if (!message)
        return false;
    let_more_or_fewer(window, message->sent && now_ms - message->sent_ms <= WINDOW_SOON_MS);
    drop(window, (size_t)(message - window->messages));
    return true;
}

void window_failed(struct window *window, const char *id)
{
    struct window_message *message = find_message(window, id);

    if (!message)
        return;
    message->sent = false;
    let_more_or_fewer(window, false);
}

void window_all_failed(struct window *window)
{
    for (size_t i = 0; i < window->count; i++)
        window->messages[i].sent = false;
    window->more = 0;
}

uint64_t window_cursor(const struct window *window, unsigned band, uint64_t next)
{
    for (size_t i = 0; i < window->count; i++) {
        if (window->messages[i].band == band && window->messages[i].first < next)
            next = window->messages[i].first;
    }
    return next;
}

void window_finish(struct window *window)
{
    while (window->count > 0)
        drop(window, 0);
}
