#include "places.h"

#include <stdio.h>

#include "base/length.h"
#include "linking.h"

/* The band it has, or is to have next. */
static const struct band_identity *band_of(const struct device *d)
{
    return d->reach.has_next ? &d->reach.next : reach_band(&d->reach);
}

/* One that is being let go is its device's until it is. */
static bool holds(const struct device *d, const struct band_identity *band)
{
    const struct reach *reach = &d->reach;

    if (reach->state != LINK_IDLE)
        return same_band(band_of(d), band) || same_band(&reach->band, band);
    return reach->radio != REACH_RADIO_FREE && same_band(&reach->tried, band);
}

/* But one that has a new place, or will, has that one, whatever becomes of the old. */
static bool keeps(const struct device *d, const struct band_identity *band)
{
    if (d->reach.state == LINK_DISCONNECTING)
        return d->reach.has_next && same_band(&d->reach.next, band);
    return d->reach.state != LINK_IDLE && holds(d, band);
}

/* And where another comes next it has to look for one. */
static bool takes_back(const struct device *d, const struct band_identity *band)
{
    return !d->reach.has_next && holds(d, band);
}

static bool is_free(const struct device *d)
{
    return d->reach.state == LINK_IDLE && d->reach.radio == REACH_RADIO_FREE;
}

static bool had_before(const struct device *d, const struct band_identity *band)
{
    return is_free(d) && same_band(&d->flow.band, band);
}

static bool is_idle(const struct device *d, const struct band_identity *band)
{
    (void)band;
    return d->reach.state == LINK_IDLE;
}

static bool is_first_free(const struct device *d, const struct band_identity *band)
{
    (void)band;
    return is_free(d);
}

static bool is_leaving(const struct device *d, const struct band_identity *band)
{
    (void)band;
    return d->reach.state == LINK_DISCONNECTING && !d->reach.has_next;
}

static bool stands_back(const struct device *d, const struct band_identity *band)
{
    (void)band;
    return device_stands_back(d);
}

static struct device *find_place(struct manager *m, const struct band_identity *band,
                                 bool (*suits)(const struct device *d,
                                               const struct band_identity *band))
{
    for (size_t i = 0; i < m->count; i++) {
        if (suits(&m->devices[i], band))
            return &m->devices[i];
    }
    return NULL;
}

struct device *place_for(struct manager *m, const struct band_identity *band)
{
    /* The best first. */
    static bool (*const suit[])(const struct device *d, const struct band_identity *band) = {
        keeps, takes_back, had_before, is_first_free, is_idle, is_leaving, stands_back};
    struct device *found = NULL;

    for (size_t i = 0; i < LENGTH(suit) && !found; i++)
        found = find_place(m, band, suit[i]);
    return found;
}

bool place_is_taken(const struct manager *m, const struct device *d,
                    const struct band_identity *band)
{
    for (size_t i = 0; i < m->count; i++) {
        if (&m->devices[i] != d && holds(&m->devices[i], band))
            return true;
    }
    return false;
}

bool place_has_to_wait(const struct manager *m, const struct device *d)
{
    for (size_t i = 0; i < m->count; i++) {
        if (&m->devices[i] != d && reach_lets_go_of(&m->devices[i].reach, &d->reach.band))
            return true;
    }
    return false;
}

struct manager_outcome places_outcome(const struct manager *m)
{
    char names[256] = "";
    size_t len = 0;

    for (size_t i = 0; i < m->count && len < sizeof(names); i++)
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
                                i == 0              ? ""
                                : i + 1 == m->count ? " or "
                                                    : ", ",
                                band_label(band_of(&m->devices[i])));
    struct manager_outcome outcome =
        outcome_failure(ERROR_BUSY, "--max-bands is %zu: disconnect %s first", m->count, names);
    outcome.band = *band_of(&m->devices[0]);
    return outcome;
}
