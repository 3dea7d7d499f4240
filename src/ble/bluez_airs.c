#include "bluez_airs.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "bluez_properties.h"

bool airs_are_usable(const struct airs *airs)
{
    bool any = false;

    for (size_t i = 0; i < airs->count; i++)
        any = any || airs->air[i].usable;
    return any;
}

struct failure *airs_failure(const struct airs *airs, struct failure *failure)
{
    return air_failure(&airs->air[0], failure);
}

/* ---- What is told of Bluetooth */

/* Adds to the text, as far as it fits. */
static void append_air(char *text, size_t size, const char *before, const char *what,
                       const char *after)
{
    const size_t used = strlen(text);

    snprintf(text + used, size - used, "%s%s%s", before, what, after);
}

/* "Bluetooth is ready (hci0, hci1)." and what is wrong with those that aren't. */
static void describe(const struct airs *airs, char *text, size_t size)
{
    const char *before = "Bluetooth is ready (";

    text[0] = '\0';
    for (size_t i = 0; i < airs->count; i++) {
        if (!airs->air[i].usable)
            continue;
        append_air(text, size, before, adapter_name(airs->air[i].adapter), "");
        before = ", ";
    }
    append_air(text, size, ").", "", "");
    for (size_t i = 0; i < airs->count; i++) {
        const struct air *air = &airs->air[i];
        if (!air->usable && air_trouble(air)) {
            append_air(text, size, " ", air->wish, ": ");
            append_air(text, size, air_trouble(air), "", "");
        }
    }
}

static bool is_available(const struct airs *airs)
{
    bool any = false;

    for (size_t i = 0; i < airs->count; i++)
        any = any || airs->air[i].adapter[0];
    return any;
}

static void tell(struct airs *airs)
{
    const bool available = is_available(airs), usable = airs_are_usable(airs);
    const char *why = air_trouble(&airs->air[0]);
    char message[sizeof(airs->told_message)];

    if (watch_is_awaited(airs->watch))
        return;
    if (usable)
        describe(airs, message, sizeof(message));
    else
        copy_whole(message, sizeof(message), why ? why : "");
    if (airs->told && available == airs->told_available && usable == airs->told_powered &&
        strcmp(message, airs->told_message) == 0)
        return;
    airs->told = true;
    airs->told_available = available;
    airs->told_powered = usable;
    memcpy(airs->told_message, message, sizeof(message));
    airs->up->bluetooth(airs->up->user, available, usable, airs->told_message);
}

/* An adapter can be asked for by its name and by its address: it is the first's. */
static bool is_anothers(const struct airs *airs, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (airs->air[i].adapter[0] && strcmp(airs->air[k].adapter, airs->air[i].adapter) == 0)
            return true;
    }
    return false;
}

/* True: it has lost the adapter in use. */
static bool choose(struct airs *airs, size_t i)
{
    struct air *air = &airs->air[i];
    char before[OBJECT_PATH_SIZE];

    memcpy(before, air->adapter, sizeof(before));
    const bool lost = air_choose(air);
    if (is_anothers(airs, i))
        air_give_up(air);
    if (air->adapter[0] && strcmp(before, air->adapter) != 0)
        log_info("bluetooth: using the adapter %s (%s)", adapter_name(air->adapter),
                 objects_adapter(&airs->watch->objects, air->adapter)->address);
    return lost;
}

void airs_advance(struct airs *airs)
{
    bool lost[AIRS_MAX] = {false};

    for (size_t i = 0; i < airs->count; i++)
        lost[i] = choose(airs, i);
    tell(airs);
    for (size_t i = 0; i < airs->count; i++) {
        if (lost[i])
            airs->listener.lost(airs->listener.user, &airs->air[i]);
    }
}

/* ---- A scan on all of them */

static void fail_scan(struct airs *airs, const struct failure *failure)
{
    airs->scan = false;
    for (size_t i = 0; i < airs->count; i++)
        airs->air[i].scan = false;
    airs->up->scan_ended(airs->up->user, failure);
}

/* Whether any still has a part in the scan. */
static bool is_scanned(const struct airs *airs)
{
    bool any = false;

    for (size_t i = 0; i < airs->count; i++)
        any = any || (airs->air[i].scan && airs->air[i].usable);
    return any;
}

static void discover_all(struct airs *airs)
{
    for (size_t i = 0; i < airs->count; i++) {
        air_discover(&airs->air[i]);
        airs->begun = airs->begun || airs->air[i].discovery.state == DISCOVERY_ON;
    }
}

void airs_discover(struct airs *airs)
{
    struct failure failure;

    if (airs->scan && !airs_are_usable(airs) && !airs->begun && !watch_is_awaited(airs->watch))
        fail_scan(airs, airs_failure(airs, &failure));
    discover_all(airs);
}

void airs_listen(struct airs *airs)
{
    for (size_t i = 0; i < airs->count; i++)
        air_listen(&airs->air[i]);
}

/* What has an RSSI is in the air, for BlueZ takes that away when it no longer listens. */
void airs_look_anew(struct airs *airs)
{
    for (size_t i = 0; i < airs->watch->objects.device_count; i++) {
        struct bluez_device *device = &airs->watch->objects.devices[i];
        device->sighted = device->rssi != RSSI_UNKNOWN;
    }
}

static void on_airs_scan_ended(void *user)
{
    struct airs *airs = user;

    airs->up->scan_ended(airs->up->user, airs->scan_failure.code ? &airs->scan_failure : NULL);
    airs->listener.changed(airs->listener.user);
}

/* None has a chance of it. */
static bool is_refused(const struct airs *airs)
{
    for (size_t i = 0; i < airs->count; i++) {
        if (!air_trouble(&airs->air[i]))
            return false;
    }
    return !watch_is_awaited(airs->watch);
}

void airs_scan(struct airs *airs, bool on)
{
    const bool refused = on && is_refused(airs);

    airs->scan_failure.code = ERROR_NONE;
    if (refused)
        airs_failure(airs, &airs->scan_failure);
    if (refused || !on)
        alarm_set(&airs->alarm, 0, on_airs_scan_ended);
    airs->scan = on && !refused;
    for (size_t i = 0; i < airs->count; i++)
        airs->air[i].scan = airs->scan;
    if (airs->scan) {
        airs->begun = false;
        airs_look_anew(airs);
    }
    discover_all(airs);
}

/* ---- Of one of them */

static void on_changed(void *user)
{
    struct airs *airs = user;

    airs->listener.changed(airs->listener.user);
}

static void on_air_heard(void *user, const struct air *air, const struct bluez_device *device)
{
    struct airs *airs = user;

    airs->listener.heard(airs->listener.user, air, device);
}

static void on_seen(void *user, const struct band_sighting *sighting)
{
    struct airs *airs = user;

    airs->up->seen(airs->up->user, sighting);
}

static void on_failed(void *user, struct air *air, const struct failure *failure)
{
    struct airs *airs = user;

    if (airs->scan && !is_scanned(airs))
        fail_scan(airs, failure);
    airs->listener.failed(airs->listener.user, air, failure);
}

/* ---- Their life */

void airs_init(struct airs *airs, struct watch *watch, struct handles *handles,
               const char *const *wishes, size_t count, const struct airs_listener *listener,
               const struct backend_listener *up)
{
    const struct air_listener of_one = {airs, on_changed, on_air_heard, on_seen, on_failed};

    airs->listener = *listener;
    airs->up = up;
    airs->watch = watch;
    airs->count = count ? count : 1;
    for (size_t i = 0; i < airs->count; i++)
        air_init(&airs->air[i], watch, handles, count ? wishes[i] : NULL, &of_one);
    alarm_init(&airs->alarm, handles, airs);
}

void airs_stop(struct airs *airs)
{
    for (size_t i = 0; i < airs->count; i++)
        air_stop(&airs->air[i]);
    alarm_clear(&airs->alarm);
}

void airs_close(struct airs *airs)
{
    for (size_t i = 0; i < airs->count; i++)
        air_close(&airs->air[i]);
    alarm_close(&airs->alarm);
}
