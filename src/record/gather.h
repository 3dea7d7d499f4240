/* A recording of one band becomes one of several: what it has in the session's folder moves into
 * its band's own. Blocks. */
#ifndef RECORD_GATHER_H
#define RECORD_GATHER_H

#include "record/session.h"

/* The folder of a band in the session's, made where it is missing (0750): a descriptor, or −1 and
 * errno. */
int gather_folder(int dir, const char *folder);

/*
 * Moves the files of `first`, whose folder is made, and gives markers.csv its last column. What an
 * earlier call cut short has done is done. False with errno set.
 */
bool gather_session(int dir, const struct session_info *first);

#endif
