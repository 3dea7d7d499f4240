/* What a recorder does beside recording, in libuv's pool: lists, deletions, files to be read,
 * sessions to finish. */
#ifndef RECORD_ASIDE_H
#define RECORD_ASIDE_H

#include <uv.h>

#include "record/recorder.h"

struct aside;

struct aside_listener {
    void *user;
    /* A session's BDF was made, or not: failure is NULL on success; `file` as session_made has it.
     */
    void (*finished)(void *user, const char *id, const char *file, const struct failure *failure);
    /* A list from the disk is about to be given out: here what is known better can be put in. */
    void (*listing)(void *user, struct session_summary *sessions, size_t count);
};

/* `messages` is for the sessions to finish; may be NULL. */
struct aside *aside_create(uv_loop_t *loop, const char *data_dir, session_messages *messages,
                           const struct aside_listener *listener);
/* Only when idle: before its first job, or once aside_shutdown() said so. NULL is fine. */
void aside_destroy(struct aside *aside);

bool aside_list(struct aside *aside, size_t limit, const char *before, recorder_listed listed,
                void *user, struct failure *failure);
bool aside_delete(struct aside *aside, const char *id, recorder_deleted deleted, void *user,
                  struct failure *failure);
bool aside_open_file(struct aside *aside, const char *id, const char *folder,
                     enum session_file file, recorder_opened opened, void *user,
                     struct failure *failure);
bool aside_open_zip(struct aside *aside, const char *id, recorder_bundled bundled, void *user,
                    struct failure *failure);
/* Finishes every session that needs it, one after the other. */
void aside_finish_sessions(struct aside *aside);
/* Begins nothing more; `idle` once nothing is under way: from the loop, or at once. */
void aside_shutdown(struct aside *aside, void (*idle)(void *user), void *user);

#endif
