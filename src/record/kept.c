#include "kept.h"

#include <string.h>
#include <strings.h>

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
    if (!kept->here)
        kept->together = band->told;
    kept->here |= 1u << device;
    return band->recent;
}

void kept_let_go(struct kept *kept, unsigned device)
{
    kept->here &= ~(1u << device);
}

static bool is_named(const struct kept_band *band, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(names[i], band->name) == 0)
            return true;
    }
    return false;
}

static const char *find_missing(const struct kept_band *const *chosen, size_t found,
                                const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < found && !is_named(chosen[k], &names[i], 1))
            k++;
        if (k == found)
            return names[i];
    }
    return NULL;
}

size_t kept_choose(const struct kept *kept, const char *const *names, size_t count,
                   const struct kept_band *chosen[RECORDER_KEPT_BANDS_MAX], const char **missing)
{
    size_t found = 0;

    for (size_t i = 0; i < RECORDER_KEPT_BANDS_MAX; i++) {
        const struct kept_band *band = &kept->bands[i];

        if (band->recent && (count ? is_named(band, names, count) : band->told >= kept->together))
            chosen[found++] = band;
    }
    *missing = find_missing(chosen, found, names, count);
    return *missing ? 0 : found;
}

void kept_clear(struct kept *kept)
{
    for (size_t i = 0; i < RECORDER_KEPT_BANDS_MAX; i++)
        recent_destroy(kept->bands[i].recent);
}
