/* --backend replay: the captures named by --capture. */
#ifndef APP_CAPTURES_H
#define APP_CAPTURES_H

#include <uv.h>

#include "app/options.h"
#include "ble/backend.h"

/* Each --capture is a file, a session's folder or a session_id. NULL, and *failure says why. */
struct backend *captures_open(const struct options *options, uv_loop_t *loop,
                              struct failure *failure);

#endif
