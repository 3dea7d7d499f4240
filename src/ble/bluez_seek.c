#include "bluez_seek.h"

#include <stdio.h>
#include <string.h>

#include "bluez_connect.h"

/* The band as one air has it. */
struct find {
    struct air *air;
    const struct bluez_device *device; /* NULL: it has not */
    unsigned load;
    bool certain;
};

static unsigned load_of(const struct bluez_link *link, const struct air *air)
{
    return link->ground->carried(link->ground->user, air);
}

static bool is_full(const struct bluez_link *link, const struct air *air)
{
    return (link->full & bluez_bit(link, air)) || load_of(link, air) >= link->ground->most;
}

static struct bluez_device *device_on(const struct bluez_link *link, const struct air *air)
{
    return objects_band(&link->ground->watch->objects, air->adapter, &link->wanted);
}

/* What comes of it does not depend on the adapter's room, nor on who hears it. */
static bool is_certain(const struct bluez_link *link, const struct bluez_device *device)
{
    return device->connected || objects_is_stranger(&link->ground->watch->objects, device) ||
           link->ground->is_taken(link->ground->user, device->address);
}

static bool is_found(const struct bluez_link *link, const struct find *find)
{
    return find->device && find->air->usable &&
           (link->patient || (link->sighted & bluez_bit(link, find->air)) || find->certain);
}

/* A band that is connected is where it is; else the adapter with the fewest is taken. */
static bool seeks_better(const struct find *a, const struct find *b)
{
    if (!b->device || a->certain != b->certain)
        return !b->device || a->certain;
    return a->load < b->load;
}

static struct find find_on(const struct bluez_link *link, struct air *air)
{
    const struct bluez_device *device = device_on(link, air);

    return (struct find){air, device, load_of(link, air), device && is_certain(link, device)};
}

static struct find find_best(const struct bluez_link *link)
{
    struct airs *airs = link->ground->airs;
    struct find best = {NULL, NULL, 0, false};

    for (size_t i = 0; i < airs->count; i++) {
        const struct find one = find_on(link, &airs->air[i]);
        if (is_found(link, &one) && (one.certain || !is_full(link, one.air)) &&
            seeks_better(&one, &best))
            best = one;
    }
    return best;
}

/* One with fewer links has not heard the band yet: it gets the time until we are patient. */
static bool waits_for_another(const struct bluez_link *link, const struct find *best)
{
    const struct airs *airs = link->ground->airs;

    if (link->patient || best->certain)
        return false;
    for (size_t i = 0; i < airs->count; i++) {
        const struct air *air = &airs->air[i];
        if (air->usable && !is_full(link, air) && load_of(link, air) < best->load)
            return true;
    }
    return false;
}

/* ---- No adapter has room */

/* "hci0 carries 4 bands, hci1 carries 1 band" */
static void describe_load(const struct bluez_link *link, char *text, size_t size)
{
    const struct airs *airs = link->ground->airs;

    text[0] = '\0';
    for (size_t i = 0; i < airs->count; i++) {
        const struct air *air = &airs->air[i];
        const unsigned load = load_of(link, air);
        const size_t used = strlen(text);
        if (air->usable)
            snprintf(text + used, size - used, "%s%s carries %u %s", used ? ", " : "",
                     adapter_name(air->adapter), load, load == 1 ? "band" : "bands");
    }
}

static void fail_full(struct bluez_link *link)
{
    struct failure failure;
    char load[200];

    describe_load(link, load, sizeof(load));
    failure_set(&failure, ERROR_BUSY, "No room for %s: %s, and %s. Disconnect one, or %s.",
                link->label, load,
                link->full ? "an adapter said that it takes no more"
                           : "more are not allowed to one adapter",
                link->full ? "give one more adapter with --adapter"
                           : "see --adapter and --max-bands-per-adapter");
    bluez_fail(link, &failure);
}

/* All are full, or those that hear the band are. */
static bool has_no_room(const struct bluez_link *link)
{
    struct airs *airs = link->ground->airs;
    bool room = false, heard = false;

    for (size_t i = 0; i < airs->count; i++) {
        const struct find one = find_on(link, &airs->air[i]);
        room = room || (one.air->usable && !is_full(link, one.air));
        heard = heard || is_found(link, &one);
    }
    return !room || (heard && link->patient);
}

void bluez_look(struct bluez_link *link)
{
    const struct find best = find_best(link);

    if (!best.device && has_no_room(link))
        fail_full(link);
    else if (best.device && !waits_for_another(link, &best))
        bluez_try(link, best.air, best.device);
}

void bluez_hear(struct bluez_link *link, const struct air *air, const struct bluez_device *device)
{
    if (link->state == BLUEZ_LINK_SEEK && device == device_on(link, air))
        link->sighted |= bluez_bit(link, air);
}
