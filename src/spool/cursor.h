/* What those who read the spool have had, by their cursors: DIR/cursors/<reader>, each a file of
 * lines
 * `<device_id> <N>`, N the number of the first record it has not had. Blocks. */
#ifndef SPOOL_CURSOR_H
#define SPOOL_CURSOR_H

#include "index.h"

/* Reads them all into `had`, `is_read` and the readers. A band that a cursor does not name it has
 * nothing of. */
void spool_cursor_read_all(int spool_dir, struct spool_index *index);
/* Into `usage` what the index tells of size and readers. */
void spool_cursor_tell(const struct spool_index *index, struct spool_usage *usage);

#endif
