/*
 * What is wanted of the bands, kept in a file so that a daemon that dies takes it up again: written
 * anew at each change in libuv's pool, all or nothing, and removed where nothing is wanted, as
 * after a clean stop. Lost on a disk that fails: then nothing is resumed, and the log says so.
 */
#ifndef APP_WANTS_FILE_H
#define APP_WANTS_FILE_H

#include <stdbool.h>
#include <uv.h>

#include "manager/manager.h"

struct wants_file;

/* `backend` by name: what was wanted of a simulated band is not asked of a real one. Blocks. NULL:
 * no memory, or the directory can't be opened or another daemon has it. */
struct wants_file *wants_file_create(uv_loop_t *loop, const char *directory, const char *backend,
                                     struct failure *failure);
/* Once the loop has nothing more to do. */
void wants_file_destroy(struct wants_file *file);

/* What the last run left, a band each; returns how many, 0 if it left nothing that can be read.
 * Blocks: before the loop runs. */
size_t wants_file_load(const struct wants_file *file,
                       struct manager_wants wants[MANAGER_DEVICES_MAX]);

/* Of the band in this place. The newest of what is saved while a write is under way follows it. */
void wants_file_save(struct wants_file *file, unsigned device, const struct manager_wants *wants);

#endif
