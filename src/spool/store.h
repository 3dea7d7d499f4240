/*
 * The spool's folder on the disk. All of it blocks: for a job in libuv's pool, one at a time.
 *
 *     DIR/id                              names this spool, made once
 *     DIR/bands/<device_id>/<N>.lbcap     a segment whose first record is N (20 digits)
 *     DIR/cursors/<reader>                lines `<device_id> <N>`: it has had all before record N
 *
 * Readers write their cursor by rename; only the daemon takes segments away (index.h).
 */
#ifndef SPOOL_STORE_H
#define SPOOL_STORE_H

#include "base/error.h"
#include "queue.h"
#include "spool/spool.h"
#include "spool/survey.h"

/* After an end that was none, numbers go on this far ahead: what a power cut took of the last
 * second had some, and none may be given twice. */
#define SPOOL_LEAP 1000000

struct spool_store;

/* Makes what is missing; reads what is there. NULL and *failure where it can't be used. */
struct spool_store *spool_store_open(const struct spool_config *config, struct failure *failure);
void spool_store_close(struct spool_store *store);

/* 32 hexadecimal digits. */
const char *spool_store_id(const struct spool_store *store);
/* Each band that the folder holds something of, until `each` says false: then that. */
bool spool_store_each(struct spool_store *store, bool (*each)(void *user, const char *band),
                      void *user);
/* The number of the band's next record as the folder tells it: asked before the first write. */
uint64_t spool_store_next(struct spool_store *store, const char *band);

/* Adds whole lines to a segment and syncs it. False and *failure: nothing of them is there. */
bool spool_store_write(struct spool_store *store, const struct spool_block *block,
                       struct failure *failure);

/* Takes away what has to go, and says how it stands, but for what never came to the disk. */
void spool_store_tend(struct spool_store *store, struct spool_usage *usage);

#endif
