/*
 * A command that is carried out band by band, for those that device_id names, or all. What comes of
 * each becomes the one reply: its fields are those of the first that did not refuse, and `devices`
 * has each. Where all refuse the command fails as the first does.
 */
#ifndef PROTOCOL_BY_BAND_H
#define PROTOCOL_BY_BAND_H

#include "bands.h"
#include "reply.h"

/* Asks it of one band; `what` is borrowed for the call. */
typedef void by_band_ask(struct manager *manager, unsigned device, const void *what,
                         struct manager_reply reply);

/* An unknown band is refused, with the names of those there are; then nothing is asked. */
void by_band(struct request *request, const struct value *device_id, by_band_ask *ask,
             const void *what);

/* The same in pieces, for bands that have no place yet: `count` parts, each of which the caller
 * gives a device_id, then asks for with its reply. NULL: no memory, and that is answered. */
struct part *by_band_begin(struct request *request, size_t count);
struct manager_reply by_band_reply(struct part *part);

/* Those that device_id names; false, and answered, where one of them is unknown. */
bool by_band_named(struct request *request, const struct value *device_id, struct bands *bands);

#endif
