/*
 * What a server keeps of a band for who comes late, where it can (driver.h, `tell`): how it is, and
 * for Home Assistant what there is to be shown.
 *
 * Policy: a band's status is told once it has changed, at most once in BOARD_LEAST_MS, and again
 * after BOARD_MOST_MS; all of it after a connect. What the driver does not take is tried again.
 */
#ifndef UPLINK_BOARD_H
#define UPLINK_BOARD_H

#include "driver.h"
#include "message.h"
#include "status.h"

#define BOARD_LEAST_MS 1000
#define BOARD_MOST_MS  30000

/* Of a band. Zeroed: nothing was told. */
struct board_place {
    struct status status;
    char told[STATUS_TEXT_SIZE]; /* without its time; "": nothing since the connect */
    uint64_t told_ms;
    bool discovered;
};

/* The connection is new: all is to be told again. */
void board_forget(struct board_place *place);

/* How the band is; not `known`: nobody can say. `prefix` is Home Assistant's; NULL: it is told
 * nothing. `now_ms` is the loop's. */
void board_tell_band(struct board_place *place, struct driver *driver,
                     const struct message_names *names, const char *prefix, bool known,
                     uint64_t now_ms);

#endif
