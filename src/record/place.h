/*
 * Where the sessions are: whether the disk is there that was there when the daemon began, such as a
 * stick that may be taken away. It is looked at before each recording, and now and then between.
 */
#ifndef RECORD_PLACE_H
#define RECORD_PLACE_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"

#define PLACE_LOOK_MS 10000

struct record_place;

/* The directory, which is there. NULL: out of memory. */
struct record_place *place_create(uv_loop_t *loop, const char *path);
/* Looks; blocks, for a job in the pool. False and *failure: it is not there any more. */
bool place_is_there(const struct record_place *place, struct failure *failure);
/* What was wrong at the last look, a sentence; NULL: nothing. */
const char *place_problem(const struct record_place *place);
/* Frees it once it has no handle open and no look under way, then calls closed. */
void place_close(struct record_place *place, void (*closed)(void *user), void *user);

#endif
