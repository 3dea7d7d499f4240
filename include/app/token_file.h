/* The file that --token-file names: one line, the token. */
#ifndef APP_TOKEN_FILE_H
#define APP_TOKEN_FILE_H

#include <stdbool.h>

#include "base/error.h"
#include "server/server.h"

/* False, and *failure says what to do, where it isn't there, isn't one line of 16 to 256 visible
 * ASCII characters, or is open to everyone. The token is never part of a message. */
bool token_file_read(const char *path, char token[SERVER_TOKEN_MAX + 1], struct failure *failure);

#endif
