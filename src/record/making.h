/* A session made of what was kept of one band or of several, in the pool. */
#ifndef RECORD_MAKING_H
#define RECORD_MAKING_H

#include <uv.h>

#include "recent.h"
#include "record/recorder.h"

struct making;

/* Borrows data_dir, which has to outlive it. NULL: no memory. */
struct making *making_create(const char *data_dir, session_messages *messages);
/* NULL is fine. */
void making_destroy(struct making *making);

enum making_added { MAKING_ADDED, MAKING_NOTHING_THERE, MAKING_NO_MEMORY };
/* A band, of which a copy is taken, as far back as that. At most SESSION_BANDS_MAX. */
enum making_added making_add(struct making *making, const struct recent *recent, double minutes);
size_t making_bands(const struct making *making);
/* Once all bands are added: of one it will lie in the session's folder, of several in one a band.
 * False: no memory. */
bool making_describe(struct making *making, const struct keep_request *request,
                     const char *backend);
/* The session's id: as it becomes, once it is made. */
const char *making_id(const struct making *making);

/* Begins. `done` once: failure is NULL where it is there; then the making is the caller's again. */
void making_start(struct making *making, uv_loop_t *loop,
                  void (*done)(void *user, const struct recorder_status *status,
                               const struct failure *failure),
                  void *user);

#endif
