/* Where a band goes by: looking for it on all adapters, and choosing the one of least load. */
#ifndef BLUEZ_SEEK_H
#define BLUEZ_SEEK_H

#include "bluez_state.h"

/* The next step of SEEK. */
void bluez_look(struct bluez_link *link);
/* A device was heard on this air. */
void bluez_hear(struct bluez_link *link, const struct air *air, const struct bluez_device *device);

#endif
