/* Of the end of a session what others of the room need. */
#ifndef RECORD_FINISH_H
#define RECORD_FINISH_H

#include "record/session.h"

/* Everything that session.json counts, and start and duration, from the packets alone; what is
 * wrong with them goes to `problem`. False and *failure where memory ran out. */
bool session_recount(int dir, struct session_info *info, struct failure *failure);

#endif
