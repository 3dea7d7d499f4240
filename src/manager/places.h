/* Which device a band belongs to: the one that has it, or a free one. */
#ifndef MANAGER_PLACES_H
#define MANAGER_PLACES_H

#include "manager_internal.h"

/* For a connect to the band. NULL: every place has another. */
struct device *place_for(struct manager *m, const struct band_identity *band);

/* Whether a device but `d` has the band that `d` was found to be linked to: they were asked for by
 * an address and a name, and nobody knew that these are one band's. */
bool place_is_taken(const struct manager *m, const struct device *d,
                    const struct band_identity *band);

/* Whether another still lets go of the link to the band that `d` wants: a radio has one to each. */
bool place_has_to_wait(const struct manager *m, const struct device *d);

/* What a connect is answered where every place has another band. */
struct manager_outcome places_outcome(const struct manager *m);

#endif
