/* The bands that a scan saw, and what is known by them. Pure. */
#ifndef MANAGER_SIGHTINGS_H
#define MANAGER_SIGHTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ble/backend.h"
#include "manager/manager.h"

/* The strongest first; what tells no strength comes last. */
struct sightings {
    struct band_sighting bands[MANAGER_SCAN_DEVICES_MAX];
    int64_t seen_us[MANAGER_SCAN_DEVICES_MAX];
    size_t count;
};

/* By the addresses where both are known, else by the names; without regard to case. */
bool same_band(const struct band_identity *a, const struct band_identity *b);

/* Returns true if the band is new to the list. In a full one the weakest gives its place to one
 * that is stronger. */
bool sightings_note(struct sightings *sightings, const struct band_sighting *sighting,
                    int64_t now_us);

/* When the band was seen last; INT64_MIN if it was not. */
int64_t sightings_last(const struct sightings *sightings, const struct band_identity *band);

/* If `known` is the same band fills what `band` lacks; false if they contradict each other. */
bool band_complete(struct band_identity *band, const struct band_identity *known);

/* band_complete with every band of the list. */
bool sightings_complete(const struct sightings *sightings, struct band_identity *band);

#endif
