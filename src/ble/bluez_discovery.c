#include "bluez_discovery.h"

#include "base/log.h"
#include "bluez_errors.h"
#include "bluez_method.h"
#include "bluez_properties.h"

/*
 * bluetoothd's discovery can stall without a word. With DuplicateData any device in the air is told
 * again and again; when nothing is, it is begun anew, which costs little if nothing is there.
 */
#define STALL_MS     6000
#define RETRY_MS     500
#define FAILURES_MAX 3
#define DISCOVERY_MS 8000

static void tell_discovery_changed(struct discovery *discovery)
{
    discovery->listener.changed(discovery->listener.user);
}

static void on_pause_over(void *user)
{
    struct discovery *discovery = user;

    discovery->state = DISCOVERY_OFF;
    tell_discovery_changed(discovery);
}

static void pause_for(struct discovery *discovery, unsigned ms)
{
    discovery->state = DISCOVERY_PAUSE;
    alarm_set(&discovery->alarm, ms, on_pause_over);
}

static void on_discovery_stopped(void *user, DBusMessage *reply)
{
    struct discovery *discovery = user;

    (void)reply; /* refused: it wasn't on */
    discovery->state = DISCOVERY_OFF;
    tell_discovery_changed(discovery);
}

static void stop(struct discovery *discovery)
{
    alarm_clear(&discovery->alarm);
    discovery->state = DISCOVERY_STOPPING;
    bus_call(discovery->watch->bus, &discovery->call,
             bluez_method(discovery->adapter, BLUEZ_ADAPTER, "StopDiscovery"), DISCOVERY_MS,
             on_discovery_stopped, discovery);
}

static void on_stalled(void *user)
{
    struct discovery *discovery = user;

    log_debug("bluetooth: nothing was heard for %d s: discovery is begun anew", STALL_MS / 1000);
    stop(discovery);
}

static void fail_or_retry(struct discovery *discovery, DBusMessage *reply)
{
    struct failure failure;

    bluez_failure(&failure, reply, ERROR_BLUETOOTH, "Starting to look for bands");
    if (!bluez_error_is_final(bluez_error(reply)) && ++discovery->failures < FAILURES_MAX) {
        pause_for(discovery, RETRY_MS);
        return;
    }
    discovery->failures = 0;
    log_warning("bluetooth: %s", failure.message);
    pause_for(discovery, RETRY_MS);
    discovery->listener.failed(discovery->listener.user, &failure);
}

static void on_discovery_started(void *user, DBusMessage *reply)
{
    struct discovery *discovery = user;
    const enum bluez_error error = bluez_error(reply);

    /* InProgress: it is on already, for us. If that is wrong nothing is heard, and on_stalled stops
     * it. */
    if (error != BLUEZ_OK && error != BLUEZ_IN_PROGRESS) {
        fail_or_retry(discovery, reply);
        return;
    }
    discovery->state = DISCOVERY_ON;
    discovery->failures = 0;
    alarm_set(&discovery->alarm, STALL_MS, on_stalled);
    tell_discovery_changed(discovery);
}

static void on_filter_set(void *user, DBusMessage *reply)
{
    struct discovery *discovery = user;

    /* Without a filter too bands are found, only later; what counts is if discovery starts. */
    if (bluez_error_is_final(bluez_error(reply))) {
        fail_or_retry(discovery, reply);
        return;
    }
    discovery->state = DISCOVERY_STARTING;
    bus_call(discovery->watch->bus, &discovery->call,
             bluez_method(discovery->adapter, BLUEZ_ADAPTER, "StartDiscovery"), DISCOVERY_MS,
             on_discovery_started, discovery);
}

static DBusMessage *filter_method(const char *adapter)
{
    const char *transport = "le";
    const dbus_bool_t duplicates = TRUE;
    const struct method_option options[] = {
        {"Transport", DBUS_TYPE_STRING, &transport},
        {"DuplicateData", DBUS_TYPE_BOOLEAN, &duplicates},
    };

    return method_options(bluez_method(adapter, BLUEZ_ADAPTER, "SetDiscoveryFilter"), options, 2);
}

static void start_discovery(struct discovery *discovery)
{
    discovery->state = DISCOVERY_FILTER;
    discovery->seen_on = false;
    bus_call(discovery->watch->bus, &discovery->call, filter_method(discovery->adapter),
             DISCOVERY_MS, on_filter_set, discovery);
}

/* Our session is over although nobody here stopped it: bluetoothd told Discovering false. */
static bool was_ended(struct discovery *discovery)
{
    const struct bluez_adapter *adapter =
        objects_adapter(&discovery->watch->objects, discovery->adapter);

    if (adapter && adapter->discovering)
        discovery->seen_on = true;
    return discovery->seen_on && !(adapter && adapter->discovering);
}

void discovery_advance(struct discovery *discovery, const char *adapter, bool wanted)
{
    if (!wanted)
        discovery->failures = 0;
    if (discovery->state == DISCOVERY_OFF && wanted) {
        copy_whole(discovery->adapter, sizeof(discovery->adapter), adapter);
        start_discovery(discovery);
    } else if (discovery->state == DISCOVERY_ON && !wanted) {
        stop(discovery);
    } else if (discovery->state == DISCOVERY_ON && was_ended(discovery)) {
        pause_for(discovery, RETRY_MS);
    } else if (discovery->state == DISCOVERY_PAUSE && !wanted) {
        alarm_clear(&discovery->alarm);
        discovery->state = DISCOVERY_OFF;
    }
}

void discovery_listen(struct discovery *discovery)
{
    if (discovery->state == DISCOVERY_ON && discovery->heard != discovery->watch->objects.heard)
        alarm_set(&discovery->alarm, STALL_MS, on_stalled);
    discovery->heard = discovery->watch->objects.heard;
}

void discovery_reset(struct discovery *discovery)
{
    bus_cancel(&discovery->call);
    alarm_clear(&discovery->alarm);
    discovery->state = DISCOVERY_OFF;
}

void discovery_init(struct discovery *discovery, struct watch *watch, struct handles *handles,
                    const struct discovery_listener *listener)
{
    discovery->watch = watch;
    discovery->listener = *listener;
    alarm_init(&discovery->alarm, handles, discovery);
}

void discovery_close(struct discovery *discovery)
{
    alarm_close(&discovery->alarm);
}
