/* keep_recent, a row of the table in commands.c. */
#ifndef PROTOCOL_KEEPING_H
#define PROTOCOL_KEEPING_H

#include "command_row.h"

void keep_recent(struct request *request, const struct value *values);

#endif
