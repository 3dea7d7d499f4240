/* The commands on recordings that are over, rows of the table in commands.c. */
#ifndef PROTOCOL_RECORDINGS_H
#define PROTOCOL_RECORDINGS_H

#include "command_row.h"

void list_recordings(struct request *request, const struct value *values);
void delete_recording(struct request *request, const struct value *values);

#define SESSION_ALLOWED "the session_id of a recording, as list_recordings tells it"

#endif
