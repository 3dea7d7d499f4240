/* Notes from a library's threads to the loop's, in their order. Policy: at most HANDOFF_MAX wait; a
 * library can't have more to say, for no more messages are under way. */
#ifndef UPLINK_HANDOFF_H
#define UPLINK_HANDOFF_H

#include <uv.h>

#include "window.h"

#define HANDOFF_MAX      (2 * WINDOW_MAX + 8)
#define HANDOFF_WHY_SIZE 160

enum handoff_kind { HANDOFF_UP, HANDOFF_ACKED, HANDOFF_DUPLICATE, HANDOFF_REFUSED, HANDOFF_DOWN };

struct handoff_note {
    enum handoff_kind kind;
    char id[WINDOW_ID_SIZE];
    char why[HANDOFF_WHY_SIZE];
};

struct handoff {
    uv_async_t async;
    uv_mutex_t mutex;
    struct handoff_note notes[HANDOFF_MAX];
    size_t count;
    void (*take)(void *user, const struct handoff_note *note);
    void *user;
    void (*closed)(void *user);
};

/* False: no handle is to be had. `take` gets each note, on the loop's thread. */
bool handoff_open(struct handoff *handoff, uv_loop_t *loop,
                  void (*take)(void *user, const struct handoff_note *note), void *user);
/* From any thread. NULL is fine for either text. */
void handoff_put(struct handoff *handoff, enum handoff_kind kind, const char *id, const char *why);
/* No note comes any more. */
void handoff_close(struct handoff *handoff, void (*closed)(void *user));

#endif
