#include "sightings.h"

#include <limits.h>
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

static int strength(const struct band_sighting *sighting)
{
    return sighting->rssi == RSSI_UNKNOWN ? INT_MIN : sighting->rssi;
}

static void exchange(struct sightings *sightings, size_t a, size_t b)
{
    const struct band_sighting band = sightings->bands[a];
    const int64_t seen_us = sightings->seen_us[a];

    sightings->bands[a] = sightings->bands[b];
    sightings->seen_us[a] = sightings->seen_us[b];
    sightings->bands[b] = band;
    sightings->seen_us[b] = seen_us;
}

/* Only the one at `at` has changed; of two as strong the first to be seen stays first. */
static void put_in_order(struct sightings *sightings, size_t at)
{
    const struct band_sighting *bands = sightings->bands;

    for (; at > 0 && strength(&bands[at - 1]) < strength(&bands[at]); at--)
        exchange(sightings, at - 1, at);
    for (; at + 1 < sightings->count && strength(&bands[at + 1]) > strength(&bands[at]); at++)
        exchange(sightings, at, at + 1);
}

bool sightings_note(struct sightings *sightings, const struct band_sighting *sighting,
                    int64_t now_us)
{
    size_t at = find(sightings, &sighting->band);
    bool is_new = at == sightings->count;

    if (at == MANAGER_SCAN_DEVICES_MAX) {
        if (strength(sighting) <= strength(&sightings->bands[at - 1]))
            return false;
        at--;
    } else if (is_new) {
        sightings->count++;
    }
    sightings->bands[at] = *sighting;
    sightings->seen_us[at] = now_us;
    put_in_order(sightings, at);
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

/* Of several of its name the one seen last. */
static void complete_by_name(const struct sightings *sightings, struct band_identity *band)
{
    size_t newest = sightings->count;

    for (size_t i = 0; i < sightings->count; i++) {
        if (same_band(band, &sightings->bands[i].band) &&
            (newest == sightings->count || sightings->seen_us[i] > sightings->seen_us[newest]))
            newest = i;
    }
    if (newest < sightings->count)
        band_complete(band, &sightings->bands[newest].band);
}

bool sightings_complete(const struct sightings *sightings, struct band_identity *band)
{
    if (!band->address[0])
        complete_by_name(sightings, band);
    for (size_t i = 0; i < sightings->count; i++) {
        if (!band_complete(band, &sightings->bands[i].band))
            return false;
    }
    return true;
}
