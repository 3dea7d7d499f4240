/* The commands connect and disconnect in each state of a device (docs/state-machine.md). */
#ifndef MANAGER_LINKING_H
#define MANAGER_LINKING_H

#include "parts.h"

void device_connect(struct device *d, const struct band_identity *band, struct manager_reply reply);
/* Whether it only waits for a band that --auto-connect named and that never came: it gives its
 * place to one that a user wants. */
bool device_stands_back(const struct device *d);
void device_disconnect(struct device *d, struct manager_reply reply);

/* Whether its band, or the one it is to connect next, is called so; an idle device has none. Where
 * it is the only one it is taken at the word that calls it by what of it isn't known. */
bool device_is_named(const struct device *d, const char *device_id, bool only);

/* What nobody commands: the wants of a run that died (`resumes`), or of an option. An idle device
 * waits for that band, and streams once it is there. */
void device_expect(struct device *d, const struct manager_wants *wants, bool resumes);

#endif
