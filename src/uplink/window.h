/*
 * What is under way: sent, and not acknowledged yet. Pure; times are the loop's, ms.
 *
 * Policy: at most WINDOW_MAX messages and WINDOW_BYTES of them; while it is full nothing more is
 * read from the spool, which keeps it. A message stays here until it was acknowledged, so that it
 * can be sent again; a band's cursor stands at its oldest.
 *
 * Of these WINDOW_BEGIN are sent at once: one more with each that is acknowledged within
 * WINDOW_SOON_MS, one fewer, down to a single one, with each that takes longer or fails. So a
 * backlog waits here and not in a slow link, where it would be sent again before it has arrived.
 */
#ifndef UPLINK_WINDOW_H
#define UPLINK_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WINDOW_MAX      64
#define WINDOW_BYTES    ((size_t)4 << 20)
#define WINDOW_BEGIN    8
#define WINDOW_SOON_MS  2000
#define WINDOW_ID_SIZE  128
#define WINDOW_SUB_SIZE 160
#define TOPIC_SIZE      512 /* of what is told (driver.h): a subject and a prefix of somebody's */

struct window_message {
    uint64_t first, last; /* records */
    void *body;           /* the window's, from malloc */
    size_t len;
    uint64_t sent_ms;
    unsigned band; /* the reader's number of it */
    bool compressed, sent;
    char id[WINDOW_ID_SIZE]; /* spool id / device / kind / first record */
    char subject[WINDOW_SUB_SIZE];
};

struct window {
    struct window_message messages[WINDOW_MAX]; /* the oldest first */
    size_t count, bytes;
    int more; /* than WINDOW_BEGIN may be under way */
};

/* Room for so many more of this length together; an empty one has it for any. */
bool window_has_room(const struct window *window, size_t messages, size_t len);
/* Takes the message over, body included. */
void window_add(struct window *window, const struct window_message *message);

/* The oldest that is to be sent; NULL: none, or enough are under way. One that is so for longer
 * than `wait_ms` is to be sent again. */
struct window_message *window_unsent(struct window *window, uint64_t now_ms, uint64_t wait_ms);

/* It came to its place. False: it is not under way, as after a second acknowledgement. */
bool window_acked(struct window *window, const char *id, uint64_t now_ms);
/* It has to be sent again. */
void window_failed(struct window *window, const char *id);
/* All of them have: the connection is gone. */
void window_all_failed(struct window *window);

/* The first record of the band that was not acknowledged; `next` where nothing is under way. */
uint64_t window_cursor(const struct window *window, unsigned band, uint64_t next);

void window_finish(struct window *window);

#endif
