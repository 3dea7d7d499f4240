/* The table of commands. */
#ifndef PROTOCOL_COMMANDS_H
#define PROTOCOL_COMMANDS_H

#include "command_row.h"

/* Terminated by an entry without name. */
extern const struct command commands[];

#endif
