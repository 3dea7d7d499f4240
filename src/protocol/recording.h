/* The recording commands, rows of the table in commands.c. */
#ifndef PROTOCOL_RECORDING_H
#define PROTOCOL_RECORDING_H

#include "command_row.h"
#include "record/recorder.h"

void put_recording_status(struct protocol *protocol, struct json *json);
void start_recording(struct request *request, const struct value *values);
void put_recording_start(struct protocol *protocol, struct json *json,
                         const struct manager_outcome *outcome);
void stop_recording(struct request *request, const struct value *values);
void put_recording(struct protocol *protocol, struct json *json,
                   const struct manager_outcome *outcome);
void tell_recording_stopped(struct protocol *protocol, uint64_t client,
                            const struct manager_outcome *outcome);
/* The members of a recording's state. */
void put_recording_of(struct json *json, const struct recorder_status *status);
/* Of the rows that start_recording and keep_recent share. */
struct session_about about_of(const struct value *values);

extern const char *const format_names[]; /* by bit, ended by NULL */

#endif
