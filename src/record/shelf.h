/*
 * What a writer has of one band: bytes that wait for its files, and the files. The loop's thread
 * fills the front buffers while a job writes the back ones.
 */
#ifndef RECORD_SHELF_H
#define RECORD_SHELF_H

#include "record/buffer.h"
#include "record/session.h"

struct shelf {
    struct buffer front[FILE_STREAMED];
    /* The job's, while one runs. */
    struct buffer back[FILE_STREAMED];
    char folder[SESSION_FOLDER_SIZE]; /* in the session's; "": the session's own */
    int dir, files[FILE_STREAMED];
};

struct shelf *shelf_create(void); /* NULL: no memory */
/* After shelf_close(), or before its first job. */
void shelf_destroy(struct shelf *shelf);

/* The loop's. */
size_t shelf_waiting(const struct shelf *shelf);
/* While no job runs: what waits is the next one's; adds how much to *bytes. False: memory had run
 * out. */
bool shelf_turn(struct shelf *shelf, size_t *bytes);

/* The job's; false with errno set. `dir` is the session's folder, where markers.csv is in any case.
 */
bool shelf_is_at(const struct shelf *shelf, const char *folder);
/* Into its folder, which is made; one that has files moves there with them (gather.h), as `band`.
 */
bool shelf_put(struct shelf *shelf, int dir, const char *folder, const struct session_info *band);
/* Its back buffer to the file; after an error what stays are whole lines. */
bool shelf_write(struct shelf *shelf, int dir, int file, bool sync);
bool shelf_is_there(const struct shelf *shelf);
void shelf_close(struct shelf *shelf);

#endif
