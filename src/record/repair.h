/* What makes the files of one band whole again, and what session.json tells of them. Blocks. */
#ifndef RECORD_REPAIR_H
#define RECORD_REPAIR_H

#include "record/session.h"

/* To the log; session.json and the list have room for the first one. */
void repair_note(struct session_info *info, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Cuts what a crash left of a last line. False with errno set; one that is missing is whole. */
bool repair_lines(int dir, const char *name);

/* Takes away what a crash left of files that come under their names only once they are whole. */
void repair_parts(int dir);

/* Everything that session.json counts, and start and duration, from the packets alone; what is
 * wrong with them goes to `problem`. False and *failure where memory ran out. */
bool repair_recount(int dir, struct session_info *info, struct failure *failure);

/* The files of an interrupted recording, as far as it goes: what can't be repaired is told in
 * `problem`. False and *failure where memory ran out. */
bool repair_files(int dir, struct session_info *info, session_messages *messages,
                  struct failure *failure);

/* columns.json, where CSV files were asked for. */
bool repair_columns(int dir, struct session_info *info, struct failure *failure);

#endif
