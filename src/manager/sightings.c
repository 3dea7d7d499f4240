#include "sightings.h"

#include <string.h>
#include <strings.h>

bool same_band(const struct band_identity *a, const struct band_identity *b)
{
    if (a->address[0] && b->address[0])
        return strcasecmp(a->address, b->address) == 0;
    return a->name[0] && b->name[0] && strcasecmp(a->name, b->name) == 0;
}

static size_t find(const struct sightings *sightings, const struct band_identity *band)
{
    size_t i = 0;

    while (i < sightings->count && !same_band(&sightings->bands[i].band, band))
        i++;
    return i;
}

bool sightings_note(struct sightings *sightings, const struct band_sighting *sighting,
                    int64_t now_us)
{
    size_t at = find(sightings, &sighting->band);
    bool is_new = at == sightings->count;

    if (at == MANAGER_SCAN_DEVICES_MAX)
        return false;
    if (is_new)
        sightings->count++;
    sightings->bands[at] = *sighting;
    sightings->seen_us[at] = now_us;
    return is_new;
}

int64_t sightings_last(const struct sightings *sightings, const struct band_identity *band)
{
    size_t at = find(sightings, band);

    return at < sightings->count ? sightings->seen_us[at] : INT64_MIN;
}

bool band_complete(struct band_identity *band, const struct band_identity *known)
{
    if (!same_band(band, known))
        return true;
    if (band->name[0] && known->name[0] && strcasecmp(band->name, known->name) != 0)
        return false;
    /* Known as it was advertised: what a user gave may differ in case. */
    if (known->name[0])
        memcpy(band->name, known->name, sizeof(band->name));
    if (known->address[0])
        memcpy(band->address, known->address, sizeof(band->address));
    return true;
}

bool sightings_complete(const struct sightings *sightings, struct band_identity *band)
{
    for (size_t i = 0; i < sightings->count; i++) {
        if (!band_complete(band, &sightings->bands[i].band))
            return false;
    }
    return true;
}
