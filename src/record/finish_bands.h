/* The end of a session of several bands. Blocks. */
#ifndef RECORD_FINISH_BANDS_H
#define RECORD_FINISH_BANDS_H

#include "record/session.h"

/*
 * Each band's files repaired where the recording was interrupted, and its BDF made; all begin at
 * the same second and are equally long. session.json is the caller's to save. False and *failure:
 * of the last that could not be made; ERROR_INTERNAL where memory ran out.
 */
bool finish_bands(int dir, struct session *session, session_messages *messages,
                  struct session_made *made, struct failure *failure);

/* Notes a BDF of a band's folder, or the session's own (""): failure NULL, it is there. */
void made_note(struct session_made *made, const char *folder, const struct failure *failure);

#endif
