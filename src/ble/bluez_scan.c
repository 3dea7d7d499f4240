/* Discovery: for a scan, and for an attempt that looks for its band. */
#include <string.h>

#include "base/log.h"
#include "bluez_internal.h"

/*
 * bluetoothd's discovery can stall without a word. With DuplicateData any device in the air is told
 * again and again; when nothing is, it is begun anew, which costs little if nothing is there.
 */
#define STALL_MS     6000
#define RETRY_MS     500
#define FAILURES_MAX 3
#define DISCOVERY_MS 8000

static bool is_wanted(const struct bluez *bluez)
{
    return bluez->usable && (bluez->discovery.scan || attempt_wants_discovery(bluez)) &&
           !attempt_forbids_discovery(bluez);
}

static void scan_fail(struct bluez *bluez, const struct failure *failure)
{
    if (!bluez->discovery.scan)
        return;
    bluez->discovery.scan = false;
    bluez->backend.listener.scan_ended(bluez->backend.listener.user, failure);
}

static void on_pause_over(struct bluez *bluez, int which)
{
    (void)which;
    bluez->discovery.state = DISCOVERY_OFF;
    bluez_digest(bluez);
}

static void pause_for(struct bluez *bluez, unsigned ms)
{
    bluez->discovery.state = DISCOVERY_PAUSE;
    alarm_set(&bluez->discovery.alarm, ms, on_pause_over);
}

static void on_stopped(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    (void)reply; /* refused: it wasn't on */
    bluez->discovery.state = DISCOVERY_OFF;
    bluez_digest(bluez);
}

static void stop(struct bluez *bluez)
{
    alarm_clear(&bluez->discovery.alarm);
    bluez->discovery.state = DISCOVERY_STOPPING;
    bus_call(bluez->bus, &bluez->discovery.call,
             bluez_method(bluez->adapter, BLUEZ_ADAPTER, "StopDiscovery"), DISCOVERY_MS, on_stopped,
             bluez);
}

static void on_stalled(struct bluez *bluez, int which)
{
    (void)which;
    log_debug("nothing was heard for %d s: discovery is begun anew", STALL_MS / 1000);
    stop(bluez);
}

static void fail_or_retry(struct bluez *bluez, DBusMessage *reply)
{
    struct failure failure;

    bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Starting to look for bands");
    if (!bluez_error_is_final(bluez_error(reply)) && ++bluez->discovery.failures < FAILURES_MAX) {
        pause_for(bluez, RETRY_MS);
        return;
    }
    bluez->discovery.failures = 0;
    log_warning("%s", failure.message);
    pause_for(bluez, RETRY_MS);
    scan_fail(bluez, &failure);
    if (attempt_wants_discovery(bluez))
        attempt_fail(bluez, &failure);
}

static void on_started(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;
    const enum bluez_error error = bluez_error(reply);

    /* InProgress: it is on already, for us. If that is wrong nothing is heard, and on_stalled stops
     * it. */
    if (error != BLUEZ_OK && error != BLUEZ_IN_PROGRESS) {
        fail_or_retry(bluez, reply);
        return;
    }
    bluez->discovery.state = DISCOVERY_ON;
    bluez->discovery.failures = 0;
    bluez->discovery.begun = true;
    alarm_set(&bluez->discovery.alarm, STALL_MS, on_stalled);
    bluez_digest(bluez);
}

static void on_filter_set(void *user, DBusMessage *reply)
{
    struct bluez *bluez = user;

    /* Without a filter too bands are found, only later; what counts is if discovery starts. */
    if (bluez_error_is_final(bluez_error(reply))) {
        fail_or_retry(bluez, reply);
        return;
    }
    bluez->discovery.state = DISCOVERY_STARTING;
    bus_call(bluez->bus, &bluez->discovery.call,
             bluez_method(bluez->adapter, BLUEZ_ADAPTER, "StartDiscovery"), DISCOVERY_MS,
             on_started, bluez);
}

static void append_option(DBusMessageIter *options, const char *key, int type,
                          const char *signature, const void *value)
{
    DBusMessageIter entry;
    DBusMessageIter variant;

    dbus_message_iter_open_container(options, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
    dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
    dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
    dbus_message_iter_append_basic(&variant, type, value);
    dbus_message_iter_close_container(&entry, &variant);
    dbus_message_iter_close_container(options, &entry);
}

static DBusMessage *filter_method(const char *adapter)
{
    DBusMessage *message = bluez_method(adapter, BLUEZ_ADAPTER, "SetDiscoveryFilter");
    DBusMessageIter iter;
    DBusMessageIter options;
    const char *transport = "le";
    const dbus_bool_t duplicates = TRUE;

    if (!message)
        return NULL;
    dbus_message_iter_init_append(message, &iter);
    dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &options);
    append_option(&options, "Transport", DBUS_TYPE_STRING, "s", &transport);
    append_option(&options, "DuplicateData", DBUS_TYPE_BOOLEAN, "b", &duplicates);
    dbus_message_iter_close_container(&iter, &options);
    return message;
}

static void start(struct bluez *bluez)
{
    bluez->discovery.state = DISCOVERY_FILTER;
    bluez->discovery.seen_on = false;
    bus_call(bluez->bus, &bluez->discovery.call, filter_method(bluez->adapter), DISCOVERY_MS,
             on_filter_set, bluez);
}

/* Our session is over although nobody here stopped it: bluetoothd told Discovering false. */
static bool was_ended(struct bluez *bluez)
{
    const struct bluez_adapter *adapter = objects_adapter(&bluez->objects, bluez->adapter);

    if (adapter && adapter->discovering)
        bluez->discovery.seen_on = true;
    return bluez->discovery.seen_on && !(adapter && adapter->discovering);
}

static void refuse_scan(struct bluez *bluez)
{
    struct failure failure;

    scan_fail(bluez, adapter_failure(bluez, &failure));
}

void discovery_advance(struct bluez *bluez)
{
    struct discovery *discovery = &bluez->discovery;

    if (discovery->scan && !discovery->begun && !bluez->usable && !adapter_is_awaited(bluez))
        refuse_scan(bluez);
    if (discovery->state == DISCOVERY_OFF && is_wanted(bluez)) {
        start(bluez);
    } else if (discovery->state == DISCOVERY_ON && !is_wanted(bluez)) {
        stop(bluez);
    } else if (discovery->state == DISCOVERY_ON && was_ended(bluez)) {
        pause_for(bluez, RETRY_MS);
    } else if (discovery->state == DISCOVERY_PAUSE && !is_wanted(bluez)) {
        alarm_clear(&discovery->alarm);
        discovery->state = DISCOVERY_OFF;
    }
}

void discovery_reset(struct bluez *bluez)
{
    bus_cancel(&bluez->discovery.call);
    alarm_clear(&bluez->discovery.alarm);
    bluez->discovery.state = DISCOVERY_OFF;
}

static void tell_sighting(struct bluez *bluez, const struct bluez_device *device)
{
    struct band_sighting sighting = {.rssi = device->rssi};

    memcpy(sighting.band.name, device->name, sizeof(sighting.band.name));
    memcpy(sighting.band.address, device->address, sizeof(sighting.band.address));
    bluez->backend.listener.seen(bluez->backend.listener.user, &sighting);
}

void discovery_sightings(struct bluez *bluez)
{
    for (size_t i = 0; i < bluez->objects.device_count; i++) {
        struct bluez_device *device = &bluez->objects.devices[i];
        if (!device->sighted || !bluez->usable || strcmp(device->adapter, bluez->adapter) != 0)
            continue;
        if (!bluez->discovery.scan && !attempt_wants_discovery(bluez))
            continue;
        /* A name may follow: until then the sighting waits, unless it is known by its address. */
        attempt_sighted(bluez, device);
        if (!device->name[0])
            continue;
        device->sighted = false;
        tell_sighting(bluez, device);
    }
    if (bluez->discovery.state == DISCOVERY_ON && bluez->discovery.heard != bluez->objects.heard)
        alarm_set(&bluez->discovery.alarm, STALL_MS, on_stalled);
    bluez->discovery.heard = bluez->objects.heard;
}

/* What was heard before is no sighting; what has an RSSI is in the air, for BlueZ takes that away
 * when it no longer listens. */
void discovery_look_anew(struct bluez *bluez)
{
    for (size_t i = 0; i < bluez->objects.device_count; i++) {
        struct bluez_device *device = &bluez->objects.devices[i];
        device->sighted = device->rssi != RSSI_UNKNOWN;
    }
}

void bluez_scan_start(struct backend *backend)
{
    struct bluez *bluez = (struct bluez *)backend;

    bluez->discovery.failures = 0;
    if (adapter_trouble(bluez) && !adapter_is_awaited(bluez)) {
        struct answer *answer = answer_later(bluez, NULL, ANSWER_SCAN);
        adapter_failure(bluez, &answer->failure);
        return;
    }
    bluez->discovery.scan = true;
    bluez->discovery.begun = bluez->discovery.state == DISCOVERY_ON;
    discovery_look_anew(bluez);
    discovery_advance(bluez);
}

void bluez_scan_stop(struct backend *backend)
{
    struct bluez *bluez = (struct bluez *)backend;

    bluez->discovery.scan = false;
    answer_later(bluez, NULL, ANSWER_SCAN);
    discovery_advance(bluez);
}
