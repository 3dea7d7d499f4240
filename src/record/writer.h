/*
 * The writer: a recording's files, written and synced in libuv's pool, one job at a time. The
 * loop's thread fills the front buffers while a job writes the back ones.
 */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include <uv.h>

#include "buffer.h"
#include "place.h"
#include "record/session.h"

struct writer;

/* Called from the loop, never by a function of the writer. */
struct writer_owner {
    void *user;
    /* The folder is there, under this id. */
    void (*opened)(void *user, const char *id);
    /* Told once; nothing more will be written. writer_close() is still due. */
    void (*failed)(void *user, const struct failure *failure);
    /* After each job: the free bytes of the disk. */
    void (*synced)(void *user, uint64_t free_bytes);
    /* All is written or given up, the writer is gone. */
    void (*closed)(void *user);
};

/* `info` says id and what session.json begins with; copied; `place` is borrowed for the writer's
 * life. NULL: out of memory. */
struct writer *writer_create(uv_loop_t *loop, const char *data_dir, const struct place *place,
                             const struct session_info *info, const struct writer_owner *owner);

/* What is to be appended to a file: valid until writer_flush(). */
struct buffer *writer_front(struct writer *writer, enum session_file file);
/* Bytes not yet on disk. */
size_t writer_queued(const struct writer *writer);
/* How long the running job takes already, ms; 0: none runs. */
uint64_t writer_stuck_ms(const struct writer *writer);
/* Begins to write what waits, unless a job runs. The first one makes the folder. */
void writer_flush(struct writer *writer);
/* Tells no outcome any more and writes nothing more than the running job does: closed is all that
 * is still to come, once writer_close() is called, too. */
void writer_give_up(struct writer *writer);
/* Writes the rest, then `info` as session.json (NULL: gives up); then closed. */
void writer_close(struct writer *writer, const struct session_info *info);

#endif
