/*
 * The writer: a recording's files, of all its bands, written and synced in libuv's pool, one job at
 * a time. The loop's thread fills the front buffers while a job writes the back ones.
 */
#ifndef RECORD_WRITER_H
#define RECORD_WRITER_H

#include <uv.h>

#include "place.h"
#include "record/buffer.h"
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

/* `session` says id and what session.json begins with; copied; `place` is borrowed for the writer's
 * life. NULL: out of memory. */
struct writer *writer_create(uv_loop_t *loop, const char *data_dir,
                             const struct record_place *place, const struct session *session,
                             const struct writer_owner *owner);

/* What is to be appended to a file of a band, by its place in the session: valid until
 * writer_flush(). markers.csv is the session's: of the first. */
struct buffer *writer_front(struct writer *writer, unsigned band, enum session_file file);
/* The session has become this; copied: the next job saves it, and makes folders for bands that are
 * new in it. Where there was but one, that one's files move to theirs. False: out of memory. */
bool writer_save(struct writer *writer, const struct session *session);
/* Bytes not yet on disk. */
size_t writer_queued(const struct writer *writer);
/* How long the running job takes already, ms; 0: none runs. */
uint64_t writer_stuck_ms(const struct writer *writer);
/* Begins to write what waits, unless a job runs. The first one makes the folder. */
void writer_flush(struct writer *writer);
/* Tells no outcome any more and writes nothing more than the running job does: closed is all that
 * is still to come, once writer_close() is called, too. */
void writer_give_up(struct writer *writer);
/* Writes the rest, then `session` as session.json (NULL: gives up); then closed. */
void writer_close(struct writer *writer, const struct session *session);

#endif
