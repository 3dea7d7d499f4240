#include "kept.h"

#include <string.h>

static bool is_in_use(const struct kept *kept, const struct kept_band *band)
{
    for (size_t i = 0; i < RECORDER_DEVICES_MAX; i++) {
        if (kept->at[i] == band)
            return true;
    }
    return false;
}

/* The band's own, else a free one, else that of the band told of longest ago. */
static struct kept_band *choose(struct kept *kept, const char *name)
{
    struct kept_band *oldest = NULL;

    for (size_t i = 0; i < RECORDER_KEPT_BANDS_MAX; i++) {
        struct kept_band *band = &kept->bands[i];

        if (band->recent && strcmp(band->name, name) == 0)
            return band;
        if (!is_in_use(kept, band) &&
            (!oldest || (oldest->recent && (!band->recent || band->told < oldest->told))))
            oldest = band;
    }
    return oldest;
}

static struct kept_band *place_of(struct kept *kept, const char *name, int minutes)
{
    struct kept_band *band = choose(kept, name);

    if (!band)
        return NULL;
    if (band->recent && strcmp(band->name, name) != 0) {
        recent_destroy(band->recent);
        band->recent = NULL;
    }
    if (!band->recent)
        band->recent = recent_create(minutes);
    session_copy_text(band->name, sizeof(band->name), name);
    band->told = ++kept->told;
    return band->recent ? band : NULL;
}

/* From another, where it was before it was let go. */
static void take_place(struct kept *kept, unsigned device, struct kept_band *band)
{
    for (size_t i = 0; i < RECORDER_DEVICES_MAX; i++) {
        if (kept->at[i] == band)
            kept->at[i] = NULL;
    }
    kept->at[device] = band;
}

void kept_leave(struct kept *kept, unsigned device)
{
    kept->at[device] = NULL;
}

struct recent *kept_take(struct kept *kept, unsigned device, const char *name, int minutes)
{
    struct kept_band *band = place_of(kept, name, minutes);

    if (!band)
        return NULL;
    take_place(kept, device, band);
    return band->recent;
}

const struct kept_band *kept_find(const struct kept *kept, const char *name)
{
    const struct kept_band *found = NULL;

    for (size_t i = 0; i < RECORDER_KEPT_BANDS_MAX; i++) {
        const struct kept_band *band = &kept->bands[i];

        if (band->recent &&
            (name ? strcmp(band->name, name) == 0 : !found || band->told > found->told))
            found = band;
    }
    return found;
}

void kept_clear(struct kept *kept)
{
    for (size_t i = 0; i < RECORDER_KEPT_BANDS_MAX; i++)
        recent_destroy(kept->bands[i].recent);
}
