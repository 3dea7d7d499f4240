/*
 * What a server keeps for who comes late, where it can (driver.h, `tell`): that this gateway is
 * online, how each band is, and for Home Assistant what there is to be shown.
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

struct board {
    struct driver *driver;
    const char *home_assistant; /* its prefix of topics; NULL: it is told nothing */
    bool computed;              /* contact and beats are */
    bool told;                  /* that this gateway is online */
};

/* Of a band. Zeroed: nothing was told. */
struct board_place {
    struct status status;
    char told[STATUS_TEXT_SIZE]; /* without its time; "": nothing since the connect */
    uint64_t told_ms;
    bool discovered;
};

/* The connection is new: all is to be told again. */
void board_forget_place(struct board_place *place);

/* `subject` is what its last will is of. */
void board_tell_gateway(struct board *board, const char *subject);
/* How the band is; not `known`: nobody can say. `now_ms` is the loop's. */
void board_tell_band(const struct board *board, struct board_place *place,
                     const struct message_names *names, bool known, uint64_t now_ms);

#endif
