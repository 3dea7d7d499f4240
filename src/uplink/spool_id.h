/* What names a spool for good: SPOOL/id. Blocks. */
#ifndef UPLINK_SPOOL_ID_H
#define UPLINK_SPOOL_ID_H

#include <stdbool.h>

#include "base/error.h"

#define SPOOL_ID_SIZE 33 /* 32 hexadecimal digits */

/* False and *failure: it is no spool, or may not be read. */
bool spool_id_read(const char *spool, char id[SPOOL_ID_SIZE], struct failure *failure);

#endif
