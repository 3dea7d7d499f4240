/* subscribe and unsubscribe, rows of the table in commands.c. */
#ifndef PROTOCOL_SUBSCRIPTION_COMMANDS_H
#define PROTOCOL_SUBSCRIPTION_COMMANDS_H

#include "command_row.h"

extern const char *const kind_names[]; /* by bit, ended by NULL */
#define KIND_DEFAULT 7u
#define KIND_ALL     15u
void subscribe(struct request *request, const struct value *values);
void unsubscribe(struct request *request, const struct value *values);

#endif
