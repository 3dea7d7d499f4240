/* The backend over org.bluez: it owns the watch, the airs and the links, and takes events to them.
 */
#include "ble/bluez.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bluez_link.h"
#include "bluez_method.h"
#include "bluez_seek.h"

/* Disconnect takes some 2 s; beyond this the caller's own limit is near. */
#define GOODBYE_MS 5000

struct bluez {
    struct backend backend; /* first: the two are one address */
    struct watch watch;
    struct airs airs;
    struct link_ground ground;
    struct bluez_link *links; /* those that are down and not yet freed, too */
    char *adapters[BLUEZ_ADAPTERS_MAX];
    size_t adapter_count;
    struct handles handles; /* of all but the links; and each of these is one */
    unsigned goodbyes;
    struct alarm goodbye_alarm;
    bool destroying;
    void (*destroyed)(void *user);
    void *destroyed_user;
};

static struct bluez *bluez_of(struct backend *backend)
{
    return (struct bluez *)backend;
}

/* ---- What happens is taken to those it may concern */

static void digest_links(struct bluez *bluez)
{
    for (struct bluez_link *link = bluez->links; link && !bluez->destroying; link = link->next)
        bluez_link_advance(link);
}

/* Each machine looks at what holds now, not at what has changed. */
static void digest(void *user)
{
    struct bluez *bluez = user;

    if (bluez->destroying)
        return;
    airs_advance(&bluez->airs);
    watch_mend(&bluez->watch);
    airs_listen(&bluez->airs);
    digest_links(bluez);
    airs_discover(&bluez->airs);
    digest_links(bluez); /* one may have waited for discovery to be off */
}

static void on_objects_loaded(void *user)
{
    struct bluez *bluez = user;

    for (struct bluez_link *link = bluez->links; link && !bluez->destroying; link = link->next)
        bluez_link_loaded(link);
}

/* Values may come of characteristics that are nobody's. */
static void on_value(void *user, DBusMessage *changed, int64_t arrival_us)
{
    const struct bluez *bluez = user;
    const char *path = dbus_message_get_path(changed);
    struct bluez_link *link = bluez->links;
    const uint8_t *bytes;
    size_t len;

    if (!link || !path || !objects_value(changed, &bytes, &len))
        return;
    while (link && !bluez_link_value(link, path, bytes, len, arrival_us))
        link = link->next;
}

static void on_device_heard(void *user, const struct air *air, const struct bluez_device *device)
{
    const struct bluez *bluez = user;

    for (struct bluez_link *link = bluez->links; link; link = link->next)
        bluez_hear(link, air, device);
}

static void on_lost(void *user, const struct air *air)
{
    const struct bluez *bluez = user;

    for (struct bluez_link *link = bluez->links; link && !bluez->destroying; link = link->next)
        bluez_link_lose_air(link, air);
}

static void on_no_discovery(void *user, const struct air *air, const struct failure *failure)
{
    const struct bluez *bluez = user;

    for (struct bluez_link *link = bluez->links; link && !bluez->destroying; link = link->next)
        bluez_link_lose_discovery(link, air, failure);
}

/* ---- Operations */

static void scan_start(struct backend *backend)
{
    airs_scan(&bluez_of(backend)->airs, true);
}

static void scan_stop(struct backend *backend)
{
    airs_scan(&bluez_of(backend)->airs, false);
}

static bool is_taken(void *user, const char *address)
{
    const struct bluez *bluez = user;

    for (const struct bluez_link *link = bluez->links; link; link = link->next) {
        if (bluez_link_has(link, address))
            return true;
    }
    return false;
}

static unsigned carried(void *user, const struct air *air)
{
    const struct bluez *bluez = user;
    unsigned count = 0;

    for (const struct bluez_link *link = bluez->links; link; link = link->next)
        count += link->air == air && bluez_is_carried(link);
    return count;
}

static bool is_open(const struct bluez *bluez, const struct band_identity *band)
{
    for (const struct bluez_link *link = bluez->links; link; link = link->next) {
        if (bluez_link_is_to(link, band))
            return true;
    }
    return false;
}

static void on_link_closed(void *user)
{
    struct bluez_link *link = user;
    struct bluez *bluez = link->ground->user;
    struct bluez_link **at = &bluez->links;

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    free(link);
    handles_close_one(&bluez->handles);
}

static struct ble_link *open_link(struct backend *backend, const struct band_identity *band,
                                  const struct link_listener *listener)
{
    struct bluez *bluez = bluez_of(backend);
    struct bluez_link *link = bluez_link_create(&bluez->ground, bluez->handles.loop, band, listener,
                                                is_open(bluez, band), on_link_closed);
    struct bluez_link **end = &bluez->links;

    if (!link)
        return NULL;
    while (*end)
        end = &(*end)->next;
    *end = link;
    bluez->handles.open++;
    return &link->link;
}

/* ---- Letting go */

static void free_all(struct bluez *bluez)
{
    for (size_t i = 0; i < bluez->adapter_count; i++)
        free(bluez->adapters[i]);
    free(bluez);
}

static void on_all_closed(void *user)
{
    struct bluez *bluez = user;
    void (*destroyed)(void *user) = bluez->destroyed;
    void *destroyed_user = bluez->destroyed_user;

    free_all(bluez);
    destroyed(destroyed_user);
}

static void close_all(void *user)
{
    struct bluez *bluez = user;

    airs_close(&bluez->airs);
    watch_close(&bluez->watch);
    alarm_close(&bluez->goodbye_alarm);
}

static void on_goodbye(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    (void)reply;
    if (--bluez->goodbyes == 0)
        alarm_set(&bluez->goodbye_alarm, 0, close_all);
}

static void say_goodbye(struct bluez *bluez, const char *path, const char *interface,
                        const char *method)
{
    bluez->goodbyes++;
    bus_call(bluez->watch.bus, NULL, bluez_method(path, interface, method), GOODBYE_MS, on_goodbye,
             bluez);
}

/* Those that a crashed run of ours has left connected, unless a link has them. */
static void say_goodbye_to_known(struct bluez *bluez)
{
    for (size_t i = 0; i < bluez->watch.objects.device_count; i++) {
        const struct bluez_device *device = &bluez->watch.objects.devices[i];
        if (device->connected && bluez_known(&bluez->ground, device->address) &&
            !is_taken(bluez, device->address))
            say_goodbye(bluez, device->path, BLUEZ_DEVICE, "Disconnect");
    }
}

static void say_goodbyes(struct bluez *bluez)
{
    for (size_t i = 0; i < bluez->airs.count; i++) {
        const struct air *air = &bluez->airs.air[i];
        if (air->discovery.state != DISCOVERY_OFF && air->adapter[0])
            say_goodbye(bluez, air->adapter, BLUEZ_ADAPTER, "StopDiscovery");
    }
    for (const struct bluez_link *link = bluez->links; link; link = link->next) {
        if (bluez_link_to_leave(link))
            say_goodbye(bluez, bluez_link_to_leave(link), BLUEZ_DEVICE, "Disconnect");
    }
    say_goodbye_to_known(bluez);
}

static void destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    struct bluez *bluez = bluez_of(backend);

    bluez->destroying = true;
    bluez->destroyed = done;
    bluez->destroyed_user = user;
    watch_stop(&bluez->watch);
    if (bluez->watch.bus_up && bluez->watch.owner[0])
        say_goodbyes(bluez);
    airs_stop(&bluez->airs);
    for (struct bluez_link *link = bluez->links; link; link = link->next) {
        if (link->state != BLUEZ_LINK_DOWN)
            bluez_discard(link);
    }
    alarm_set(&bluez->goodbye_alarm, bluez->goodbyes ? GOODBYE_MS : 0, close_all);
}

static const struct backend_ops ops = {
    .name = "bluez",
    .scan_start = scan_start,
    .scan_stop = scan_stop,
    .open = open_link,
    .destroy = destroy,
};

/* ---- Its making */

static void take_known(struct bluez *bluez, const struct bluez_options *options)
{
    for (size_t i = 0; i < options->known_count && i < BLUEZ_KNOWN_MAX; i++) {
        const char *known = options->known[i];
        for (size_t k = 0; known[k] && k < BAND_ADDRESS_SIZE - 1; k++)
            bluez->ground.known[i][k] = (char)toupper((unsigned char)known[k]);
    }
}

static bool take_options(struct bluez *bluez, const struct bluez_options *options)
{
    take_known(bluez, options);
    for (size_t i = 0; i < options->adapter_count && i < BLUEZ_ADAPTERS_MAX; i++) {
        bluez->adapters[i] = strdup(options->adapters[i]);
        if (!bluez->adapters[i])
            return false;
        bluez->adapter_count++;
    }
    bluez->ground.most = options->most ? options->most : BLUEZ_LINKS_MAX;
    bluez->ground.acquire = options->acquire;
    return true;
}

static void set_up_parts(struct bluez *bluez)
{
    const struct airs_listener listener = {bluez, digest, on_device_heard, on_lost,
                                           on_no_discovery};

    bluez->backend.ops = &ops;
    bluez->ground.watch = &bluez->watch;
    bluez->ground.airs = &bluez->airs;
    bluez->ground.user = bluez;
    bluez->ground.is_taken = is_taken;
    bluez->ground.carried = carried;
    bluez->ground.digest = digest;
    airs_init(&bluez->airs, &bluez->watch, &bluez->handles, (const char *const *)bluez->adapters,
              bluez->adapter_count, &listener, &bluez->backend.listener);
    alarm_init(&bluez->goodbye_alarm, &bluez->handles, bluez);
}

struct backend *bluez_create(uv_loop_t *loop, const struct bluez_options *options)
{
    struct bluez *bluez = calloc(1, sizeof(*bluez));
    const struct watch_listener listener = {bluez, digest, on_objects_loaded, on_value};

    if (!bluez)
        return NULL;
    bluez->handles = (struct handles){.loop = loop, .closed = on_all_closed, .user = bluez};
    if (!take_options(bluez, options) ||
        !watch_init(&bluez->watch, &bluez->handles, options->bus_address, &listener)) {
        free_all(bluez);
        return NULL;
    }
    set_up_parts(bluez);
    return &bluez->backend;
}
