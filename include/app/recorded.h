/* Recordings named on the command line: by a path, or by the session_id in the data directory. */
#ifndef APP_RECORDED_H
#define APP_RECORDED_H

#include "app/directory.h"
#include "app/options.h"
#include "record/session.h"

/* The captures that `given` means: packets.lbcap of a session, of one of several bands that of
 * each, in the order they came, at most `room` (1 or more); else the file itself. Returns how many.
 */
size_t recorded_captures(const struct options *options, const char *given,
                         char (*paths)[DIRECTORY_PATH_MAX], size_t room);

/* The session's folder that `given` means; it may be missing. */
void recorded_folder(const struct options *options, const char *given,
                     char path[DIRECTORY_PATH_MAX]);

/* `linkbandd export`: a session's format made again from its packets, in new files. The exit
 * status: 0, or 1 after a sentence on stderr. */
int export_run(const struct options *options);
/* What is missing at the end of a folder's processed.jsonl, made of the packets there: as
 * session_messages. */
bool messages_make_whole(int dir, const struct session_info *info, struct failure *failure);

#endif
