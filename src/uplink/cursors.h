/* What this reader of the spool has carried away: SPOOL/cursors/<name>, lines `<device_id> <N>`, N
 * the first record of the band that was not acknowledged. Blocks. */
#ifndef UPLINK_CURSORS_H
#define UPLINK_CURSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cursors;

/* NULL and *failure: the spool is not there, or its cursors can't be written. */
struct cursors *cursors_open(const char *spool, const char *name, struct failure *failure);
void cursors_close(struct cursors *cursors);

/* 0: the band is not in it. */
uint64_t cursors_get(const struct cursors *cursors, const char *band);
/* True: it has moved. False where it has not, or there is no memory. */
bool cursors_set(struct cursors *cursors, const char *band, uint64_t next);
/* All or nothing, synced. */
bool cursors_save(struct cursors *cursors, struct failure *failure);

#endif
