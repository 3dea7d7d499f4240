/* A link to a band, from open() to `down`. */
#ifndef BLUEZ_LINK_H
#define BLUEZ_LINK_H

#include "bluez_state.h"

/* `closed` is told when it is down and may be freed. NULL: no memory. `is_busy`: it has no chance.
 */
struct bluez_link *bluez_link_create(struct link_ground *ground, uv_loop_t *loop,
                                     const struct band_identity *band,
                                     const struct link_listener *listener, bool is_busy,
                                     void (*closed)(void *link));
/* Whether the band is the one of this link, as far as is known. */
bool bluez_link_is_to(const struct bluez_link *link, const struct band_identity *band);
/* Whether the band of this address is its own, found on an adapter. */
bool bluez_link_has(const struct bluez_link *link, const char *address);

/* The mirror may have changed: it goes by the state, not by the edge. */
void bluez_link_advance(struct bluez_link *link);
void bluez_link_loaded(struct bluez_link *link); /* all objects were read anew */
/* PropertiesChanged of `path` brought these bytes; false: it is none of this link's. */
bool bluez_link_value(struct bluez_link *link, const char *path, const uint8_t *bytes, size_t len,
                      int64_t arrival_us);
/* This air's adapter is off or gone; NULL: all are. */
void bluez_link_lose_air(struct bluez_link *link, const struct air *air);
/* Discovery can't be had there. */
void bluez_link_lose_discovery(struct bluez_link *link, const struct air *air,
                               const struct failure *failure);
/* What is to be disconnected where we leave; NULL: nothing. */
const char *bluez_link_to_leave(const struct bluez_link *link);

#endif
