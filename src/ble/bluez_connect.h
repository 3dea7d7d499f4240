/*
 * An attempt: looks for the band, waits for its turn, connects, has its services checked; and its
 * steps back, Disconnect, RemoveDevice where BlueZ's cache is at fault, and the pause.
 */
#ifndef BLUEZ_CONNECT_H
#define BLUEZ_CONNECT_H

#include "bluez_state.h"

void bluez_seek(struct bluez_link *link);
void bluez_begin(void *user); /* an alarm: the first look, when open() has returned */
/* The band was found: the end of SEEK. */
void bluez_try(struct bluez_link *link, struct air *air, const struct bluez_device *device);
void bluez_connect(struct bluez_link *link); /* of TURN */
void bluez_resolve(struct bluez_link *link); /* it is connected */
void bluez_check(struct bluez_link *link);   /* its services are resolved */
/* All objects are read anew. False: it is not what a band is, and the next step is taken. */
bool bluez_is_complete(struct bluez_link *link);
void bluez_fail_busy(struct bluez_link *link); /* another link has the band */
/* CONNECT, or RESOLVE and CHECK, have taken this long. */
void bluez_connect_late(struct bluez_link *link);
void bluez_resolve_late(struct bluez_link *link);

void bluez_pause(struct bluez_link *link);   /* then the next try */
void bluez_dropped(struct bluez_link *link); /* DROP is through, or took too long */
/* Disconnect in this state: it sets `replied`. */
void bluez_let_go(struct bluez_link *link, enum bluez_link_state state, unsigned limit_ms);

#endif
