#include "bluez_air.h"

#include <string.h>

#include "base/log.h"
#include "bluez_errors.h"
#include "bluez_properties.h"

/* ---- Which adapter */

const char *air_trouble(const struct air *air)
{
    const char *before = watch_trouble(air->watch);
    const struct bluez_adapter *adapter = objects_adapter(&air->watch->objects, air->adapter);

    if (before)
        return before;
    if (air->doubled)
        return "The Bluetooth adapter is given twice with --adapter. Leave one out.";
    if (!adapter)
        return air->wish ? "The Bluetooth adapter asked for isn't there. Plug it in, or "
                           "choose another with --adapter."
                         : "There is no Bluetooth adapter. Plug one in.";
    if (adapter->powered)
        return NULL;
    return adapter->blocked ? BLUEZ_ADVICE_BLOCKED : BLUEZ_ADVICE_OFF;
}

struct failure *air_failure(const struct air *air, struct failure *failure)
{
    const char *why = air_trouble(air);

    return failure_set(failure, ERROR_BLUETOOTH, "%s",
                       why ? why
                           : "The Bluetooth adapter in use was switched off or unplugged. "
                             "Another takes its place: try again.");
}

bool air_choose(struct air *air)
{
    struct objects *objects = &air->watch->objects;
    const struct bluez_adapter *best = objects_choose_adapter(objects, air->wish, air->adapter);
    const struct bluez_adapter *current = objects_adapter(objects, air->adapter);
    const bool lost = air->usable && (!current || !current->powered);

    air->doubled = false;
    copy_whole(air->adapter, sizeof(air->adapter), best ? best->path : "");
    air->usable = best && best->powered;
    if (lost)
        discovery_reset(&air->discovery);
    return lost;
}

void air_give_up(struct air *air)
{
    air->doubled = true;
    air->adapter[0] = '\0';
    air->usable = false;
}

/* ---- Who needs it */

static void leave(struct air *air, struct air_user *user)
{
    struct air_user **at = &air->users;

    while (*at && *at != user)
        at = &(*at)->next;
    if (*at)
        *at = user->next;
}

void air_need(struct air *air, struct air_user *user, enum air_need need)
{
    struct air_user **end = &air->users;

    if (need == user->need)
        return;
    leave(air, user);
    user->need = need;
    user->next = NULL;
    while (*end)
        end = &(*end)->next;
    if (need != AIR_NOTHING)
        *end = user;
}

static const struct air_user *whose_turn(const struct air *air)
{
    const struct air_user *user = air->users;

    while (user && user->need == AIR_SEEK)
        user = user->next;
    return user;
}

bool air_is_free_for(const struct air *air, const struct air_user *user)
{
    return whose_turn(air) == user &&
           (user->need == AIR_LOUD_TURN || air->discovery.state == DISCOVERY_OFF);
}

bool air_is_awaited_by_others(const struct air *air, const struct air_user *user)
{
    for (const struct air_user *other = air->users; other; other = other->next) {
        if (other != user && (other->need != AIR_SEEK || user->need == AIR_QUIET_TURN))
            return true;
    }
    return false;
}

bool air_can_discover_for(const struct air *air, const struct air_user *user)
{
    return user->need == AIR_SEEK || (user->need == AIR_LOUD_TURN && whose_turn(air) == user);
}

static bool is_discovery_needed(const struct air *air)
{
    for (const struct air_user *user = air->users; user; user = user->next) {
        if (air_can_discover_for(air, user))
            return true;
    }
    return false;
}

/* ---- Discovery */

static bool is_discovery_wanted(const struct air *air)
{
    const struct air_user *turn = whose_turn(air);

    return air->usable && (air->scan || is_discovery_needed(air)) &&
           !(turn && turn->need == AIR_QUIET_TURN);
}

static void on_discovery_failed(void *user, const struct failure *failure)
{
    struct air *air = user;

    air->scan = false;
    air->listener.failed(air->listener.user, air, failure);
}

static void on_discovery_changed(void *user)
{
    struct air *air = user;

    air->listener.changed(air->listener.user);
}

void air_discover(struct air *air)
{
    discovery_advance(&air->discovery, air->adapter, is_discovery_wanted(air));
}

static void air_tell_sighting(struct air *air, const struct bluez_device *device)
{
    struct band_sighting sighting = {.rssi = device->rssi};

    memcpy(sighting.band.name, device->name, sizeof(sighting.band.name));
    memcpy(sighting.band.address, device->address, sizeof(sighting.band.address));
    air->listener.seen(air->listener.user, &sighting);
}

static void listen_to(struct air *air, struct bluez_device *device)
{
    if (!device->sighted || !air->usable || strcmp(device->adapter, air->adapter) != 0)
        return;
    if (!air->scan && !is_discovery_needed(air))
        return;
    /* A name may follow: until then the sighting waits, unless it is known by its address. */
    air->listener.heard(air->listener.user, air, device);
    if (!device->name[0])
        return;
    device->sighted = false;
    air_tell_sighting(air, device);
}

void air_listen(struct air *air)
{
    for (size_t i = 0; i < air->watch->objects.device_count; i++)
        listen_to(air, &air->watch->objects.devices[i]);
    discovery_listen(&air->discovery);
}

/* ---- Its life */

void air_init(struct air *air, struct watch *watch, struct handles *handles, const char *wish,
              const struct air_listener *listener)
{
    const struct discovery_listener discovery = {air, on_discovery_changed, on_discovery_failed};

    air->listener = *listener;
    air->wish = wish;
    air->watch = watch;
    discovery_init(&air->discovery, watch, handles, &discovery);
}

void air_stop(struct air *air)
{
    discovery_reset(&air->discovery);
}

void air_close(struct air *air)
{
    discovery_close(&air->discovery);
}
