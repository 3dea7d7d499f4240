#include "radio.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/now.h"
#include "radio_requests.h"
#include "radio_time.h"

#define TEXT_NO_ADAPTER "No Bluetooth adapter is there. Plug one in."
#define TEXT_OFF        "Bluetooth is off. Switch it on."

static struct radio *radio_of(struct backend *backend)
{
    return (struct radio *)backend;
}

static void identify_band(const struct radio *radio, int which, struct band_identity *band)
{
    memset(band, 0, sizeof(*band));
    radio->hooks->identify(radio, which, band);
}

static struct failure *fail_bluetooth(const struct radio *radio, struct failure *failure)
{
    return failure_set(failure, ERROR_BLUETOOTH, "%s",
                       radio->available ? TEXT_OFF : TEXT_NO_ADAPTER);
}

/* ---- Scan */

void radio_scan_start(struct backend *backend)
{
    struct radio *radio = radio_of(backend);

    if (!radio->powered) {
        radio_after(radio, &radio->own[RADIO_SCAN_ENDED], 1, 5);
        return;
    }
    radio->scanning = true;
    for (int i = 0; i < radio->bands; i++)
        radio_after(radio, &radio->sight[i], 200, 1500);
}

static void stop_sightings(struct radio *radio)
{
    radio->scanning = false;
    for (int i = 0; i < radio->bands; i++)
        radio->sight[i] = RADIO_NEVER;
}

void radio_scan_stop(struct backend *backend)
{
    struct radio *radio = radio_of(backend);

    stop_sightings(radio);
    radio_after(radio, &radio->own[RADIO_SCAN_ENDED], 20, 60);
}

static void tell_seen(struct radio *radio, int which)
{
    struct band_sighting sighting;

    identify_band(radio, which, &sighting.band);
    sighting.rssi = radio->band[which].rssi + (int)sim_random_between(&radio->random, -5, 6);
    if (sighting.rssi < RSSI_LEAST)
        sighting.rssi = RSSI_LEAST;
    radio->backend.listener.seen(radio->backend.listener.user, &sighting);
}

/* A connected band does not advertise. */
static void on_sighting(struct radio *radio, void *subject, int which)
{
    (void)subject;
    radio_at(radio, &radio->sight[which], now_boot_us() + (int64_t)(1e6 * radio->pace));
    if (!radio_is_up(radio, which) && radio->hooks->in_air(radio, which))
        tell_seen(radio, which);
}

static void on_scan_over(struct radio *radio)
{
    struct failure failure;

    fail_bluetooth(radio, &failure);
    radio->backend.listener.scan_ended(radio->backend.listener.user,
                                       radio->powered ? NULL : &failure);
}

/* ---- Connection */

static int find(const struct radio *radio, const struct band_identity *wanted)
{
    struct band_identity band;

    for (int i = 0; i < radio->bands; i++) {
        identify_band(radio, i, &band);
        if (wanted->address[0] ? strcasecmp(band.address, wanted->address) == 0
                               : strcasecmp(band.name, wanted->name) == 0)
            return i;
    }
    return -1;
}

static void close_radio_link(struct ble_link *handle)
{
    struct radio_link *link = (struct radio_link *)handle;

    if (link->state == RADIO_LINK_CONNECTED) {
        link->state = RADIO_LINK_DISCONNECTING;
        radio_after(link->radio, &link->due[RADIO_LINK_RELEASE], 200, 400);
    } else if (link->state == RADIO_LINK_CONNECTING &&
               link->due[RADIO_LINK_CANCEL] == RADIO_NEVER) {
        link->due[RADIO_LINK_FIND] = link->due[RADIO_LINK_REACH] = RADIO_NEVER;
        radio_after(link->radio, &link->due[RADIO_LINK_CANCEL], 30, 80);
    }
}

/* No link's any more: it is free for another. */
static void take_out(struct radio_link *link)
{
    struct radio *radio = link->radio;
    struct radio_link **at = &radio->links;

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    if (link->which >= 0 && radio->band[link->which].link == link)
        radio->band[link->which].link = NULL;
    radio_time_remove(radio, &link->dues);
}

/* With all that is pending on it; told as the last. */
static void end_link(struct radio_link *link, enum link_end end, const struct failure *failure)
{
    const struct link_listener listener = link->link.listener;

    take_out(link);
    free(link);
    listener.down(listener.user, end, failure);
}

static void end_link_that_was_up(struct radio_link *link, enum link_end end)
{
    link->radio->hooks->link_down(link->radio, link->which, end);
    end_link(link, end, NULL);
}

static void find_later(struct radio_link *link)
{
    radio_after(link->radio, &link->due[RADIO_LINK_FIND], 500, 1000);
}

static void on_find(struct radio_link *link)
{
    struct radio *radio = link->radio;

    if (link->which < 0 || !radio->hooks->in_air(radio, link->which)) {
        find_later(link);
        return;
    }
    radio_after(radio, &link->due[RADIO_LINK_REACH], 600, 1200);
    tell_seen(radio, link->which);
}

static void on_reach(struct radio_link *link)
{
    struct radio *radio = link->radio;
    struct band_link made;

    if (!radio->hooks->in_air(radio, link->which) || !radio->hooks->reached(radio, link->which)) {
        find_later(link);
        return;
    }
    memset(&made, 0, sizeof(made));
    identify_band(radio, link->which, &made.band);
    made.rssi = radio->band[link->which].rssi;
    made.battery_level = BATTERY_UNKNOWN;
    link->state = RADIO_LINK_CONNECTED;
    radio->hooks->link_up(radio, link->which, &made);
    link->link.listener.up(link->link.listener.user, &made);
}

static void on_cancel(struct radio_link *link)
{
    end_link(link, LINK_END_CANCELLED, NULL);
}

static void on_refuse(struct radio_link *link)
{
    struct band_identity band;
    struct failure failure;

    if (link->refusal == ERROR_BLUETOOTH) {
        fail_bluetooth(link->radio, &failure);
    } else {
        identify_band(link->radio, link->which, &band);
        failure_set(&failure, ERROR_BUSY, "%s is connected or being connected.", band.name);
    }
    end_link(link, LINK_END_FAILED, &failure);
}

static void on_release(struct radio_link *link)
{
    end_link_that_was_up(link, LINK_END_ASKED);
}

static void on_link_due(struct radio *radio, void *subject, int which)
{
    static void (*const handlers[RADIO_LINK_NOTIFY])(struct radio_link *) = {
        [RADIO_LINK_FIND] = on_find,         [RADIO_LINK_REACH] = on_reach,
        [RADIO_LINK_CANCEL] = on_cancel,     [RADIO_LINK_REFUSE] = on_refuse,
        [RADIO_LINK_RELEASE] = on_release,   [RADIO_LINK_WRITE] = radio_on_write,
        [RADIO_LINK_PROBE] = radio_on_probe,
    };

    (void)radio;
    if (which >= RADIO_LINK_NOTIFY)
        radio_on_notify(subject, (enum sensor)(which - RADIO_LINK_NOTIFY));
    else
        handlers[which](subject);
}

static struct radio_link *new_link(struct radio *radio, const struct link_listener *listener)
{
    static const struct ble_link_ops ops = {close_radio_link, radio_notify, radio_write,
                                            radio_probe};
    struct radio_link *link = calloc(1, sizeof(*link));
    struct radio_link **end = &radio->links;

    if (!link)
        return NULL;
    link->link.ops = &ops;
    link->link.listener = *listener;
    link->radio = radio;
    link->dues = (struct radio_dues){NULL, link->due, RADIO_LINK_EVENTS, on_link_due, link};
    radio_time_add(radio, &link->dues);
    while (*end)
        end = &(*end)->next;
    *end = link;
    return link;
}

struct ble_link *radio_open(struct backend *backend, const struct band_identity *band,
                            const struct link_listener *listener)
{
    struct radio *radio = radio_of(backend);
    struct radio_link *link = new_link(radio, listener);

    if (!link)
        return NULL;
    link->which = find(radio, band);
    if (!radio->powered || (link->which >= 0 && radio->band[link->which].link)) {
        link->refusal = radio->powered ? ERROR_BUSY : ERROR_BLUETOOTH;
        radio_after(radio, &link->due[RADIO_LINK_REFUSE], 1, 5);
        return &link->link;
    }
    link->state = RADIO_LINK_CONNECTING;
    if (link->which >= 0)
        radio->band[link->which].link = link;
    radio_after(radio, &link->due[RADIO_LINK_FIND], 200, 900);
    return &link->link;
}

void radio_lose_link(struct radio *radio, int which, enum link_end end)
{
    struct radio_link *link = radio->band[which].link;

    if (radio_is_up(radio, which) && !radio->closing)
        end_link_that_was_up(link, link->state == RADIO_LINK_DISCONNECTING ? LINK_END_ASKED : end);
}

/* ---- Adapter */

static void on_tell_bluetooth(struct radio *radio)
{
    struct backend_listener *listener = &radio->backend.listener;

    listener->bluetooth(listener->user, radio->available, radio->powered,
                        radio->powered     ? "Bluetooth is on."
                        : radio->available ? TEXT_OFF
                                           : TEXT_NO_ADAPTER);
}

static void end_fallen_link(struct radio_link *link)
{
    struct failure failure;

    if (link->state == RADIO_LINK_CONNECTING)
        end_link(link, LINK_END_FAILED, fail_bluetooth(link->radio, &failure));
    else
        radio_lose_link(link->radio, link->which, LINK_END_BLUETOOTH);
}

/* Whoever is told of one end may open anew, and is refused; only what is due frees others. */
static void end_fallen_links(struct radio *radio)
{
    struct radio_link *next;

    for (struct radio_link *link = radio->links; link && !radio->closing; link = next) {
        next = link->next;
        if (link->state != RADIO_LINK_REFUSED && link->due[RADIO_LINK_CANCEL] == RADIO_NEVER)
            end_fallen_link(link);
    }
}

/* Whoever is told of it may let go of all. */
void radio_set_power(struct radio *radio, bool powered)
{
    if (powered == radio->powered)
        return;
    radio->powered = powered;
    on_tell_bluetooth(radio);
    if (powered || radio->closing)
        return;
    if (radio->scanning) {
        stop_sightings(radio);
        on_scan_over(radio);
    }
    end_fallen_links(radio);
}

/* ---- The hooks' own */

void radio_work_at(struct radio *radio, int which, int64_t boot_us)
{
    radio_at(radio, &radio->work[which], boot_us);
}

void radio_adapter_at(struct radio *radio, int64_t boot_us)
{
    radio_at(radio, &radio->own[RADIO_ADAPTER], boot_us);
}

static void on_work(struct radio *radio, void *subject, int which)
{
    (void)subject;
    radio->hooks->work(radio, which);
}

static void on_own(struct radio *radio, void *subject, int which)
{
    (void)subject;
    if (which == RADIO_TELL_BLUETOOTH)
        on_tell_bluetooth(radio);
    else if (which == RADIO_SCAN_ENDED)
        on_scan_over(radio);
    else
        radio->hooks->adapter(radio);
}

/* ---- Life */

static void add_dues(struct radio *radio)
{
    radio->own_dues = (struct radio_dues){NULL, radio->own, RADIO_EVENTS, on_own, NULL};
    radio->sight_dues = (struct radio_dues){NULL, radio->sight, radio->bands, on_sighting, NULL};
    radio->work_dues = (struct radio_dues){NULL, radio->work, radio->bands, on_work, NULL};
    radio_time_add(radio, &radio->own_dues);
    radio_time_add(radio, &radio->sight_dues);
    radio_time_add(radio, &radio->work_dues);
}

bool radio_init(struct radio *radio, uv_loop_t *loop, const struct radio_hooks *hooks,
                uint64_t seed)
{
    radio->backend.ops = hooks->ops;
    radio->hooks = hooks;
    radio->pace = 1;
    radio->available = radio->powered = true;
    sim_random_seed(&radio->random, seed, 0x60);
    if (!radio_time_init(radio, loop))
        return false;
    add_dues(radio);
    for (int i = 0; i < radio->bands; i++) {
        if (!radio->band[i].model)
            radio->band[i].model = model_default();
        radio->band[i].control = radio->band[i].model->control.at.uuid;
    }
    radio_after(radio, &radio->own[RADIO_TELL_BLUETOOTH], 0, 0);
    return true;
}

static void on_time_ended(struct radio *radio)
{
    while (radio->links) {
        struct radio_link *link = radio->links;
        radio->links = link->next;
        free(link);
    }
    radio->hooks->close(radio);
}

void radio_destroy(struct backend *backend, void (*done)(void *user), void *user)
{
    struct radio *radio = radio_of(backend);

    radio->closing = true;
    radio->done = done;
    radio->done_user = user;
    radio_time_close(radio, on_time_ended);
}
