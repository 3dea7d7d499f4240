#include "radio.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/now.h"
#include "radio_requests.h"
#include "radio_time.h"

static struct radio *radio_of(struct backend *backend)
{
    return (struct radio *)backend;
}

static const char *bluetooth_text(const struct radio *radio)
{
    if (!radio->available)
        return "No Bluetooth adapter is there. Plug one in.";
    return radio->powered ? "Bluetooth is on." : "Bluetooth is off. Switch it on.";
}

static struct failure *fail_bluetooth(const struct radio *radio, struct failure *failure)
{
    return failure_set(failure, ERROR_BLUETOOTH, "%s", bluetooth_text(radio));
}

/* Scan */

static int64_t next_sighting(const struct radio *radio)
{
    int64_t next = RADIO_NEVER;

    for (int i = 0; i < radio->bands; i++) {
        if (radio->sight[i] < next)
            next = radio->sight[i];
    }
    return next;
}

void radio_scan_start(struct backend *backend)
{
    struct radio *radio = radio_of(backend);

    if (!radio->powered) {
        radio_after(radio, RADIO_SCAN_ENDED, 1, 5);
        return;
    }
    radio->scanning = true;
    for (int i = 0; i < radio->bands; i++) {
        double ms = sim_random_between(&radio->random, 200, 1500);
        radio->sight[i] = now_boot_us() + (int64_t)(1000 * radio->pace * ms);
    }
    radio_at(radio, RADIO_SIGHTING, next_sighting(radio));
}

void radio_scan_stop(struct backend *backend)
{
    struct radio *radio = radio_of(backend);

    radio->scanning = false;
    radio_cancel(radio, RADIO_SIGHTING);
    radio_after(radio, RADIO_SCAN_ENDED, 20, 60);
}

static void tell_sighting(struct radio *radio, int which)
{
    struct band_sighting sighting;

    memset(&sighting, 0, sizeof(sighting));
    radio->hooks->identify(radio, which, &sighting.band);
    sighting.rssi = radio->rssi - 4 * which % 30 + (int)sim_random_between(&radio->random, -5, 6);
    if (sighting.rssi < RSSI_LEAST)
        sighting.rssi = RSSI_LEAST;
    radio->backend.listener.seen(radio->backend.listener.user, &sighting);
}

/* A connected band does not advertise. */
static bool advertises(const struct radio *radio, int which)
{
    bool taken = radio->state >= RADIO_CONNECTED && which == radio->target;

    return !taken && radio->hooks->in_air(radio, which);
}

static void on_sighting(struct radio *radio)
{
    int64_t due = next_sighting(radio);

    for (int i = 0; i < radio->bands; i++) {
        if (radio->sight[i] != due)
            continue;
        radio->sight[i] = due + (int64_t)(1e6 * radio->pace);
        radio->due[RADIO_SIGHTING] = next_sighting(radio);
        if (advertises(radio, i))
            tell_sighting(radio, i);
        return;
    }
}

static void on_scan_ended(struct radio *radio)
{
    struct failure failure;

    fail_bluetooth(radio, &failure);
    radio->backend.listener.scan_ended(radio->backend.listener.user,
                                       radio->powered ? NULL : &failure);
}

/* Connection */

static int find(const struct radio *radio, const struct band_identity *wanted)
{
    struct band_identity band;

    for (int i = 0; i < radio->bands; i++) {
        memset(&band, 0, sizeof(band));
        radio->hooks->identify(radio, i, &band);
        if (wanted->address[0] ? strcasecmp(band.address, wanted->address) == 0
                               : strcasecmp(band.name, wanted->name) == 0)
            return i;
    }
    return -1;
}

static void close_link(struct ble_link *link)
{
    struct radio *radio = radio_of_link(link);

    if (!radio)
        return;
    if (radio->state == RADIO_CONNECTED) {
        radio->state = RADIO_DISCONNECTING;
        radio_after(radio, RADIO_RELEASE, 200, 400);
    } else if (radio->state == RADIO_CONNECTING && radio->due[RADIO_CANCEL] == RADIO_NEVER) {
        radio_cancel(radio, RADIO_FIND);
        radio_cancel(radio, RADIO_REACH);
        radio_after(radio, RADIO_CANCEL, 30, 80);
    }
}

static const struct ble_link_ops link_ops = {close_link, radio_notify, radio_write, radio_probe};

static struct radio_link *new_link(struct radio *radio, const struct link_listener *listener)
{
    struct radio_link *link = calloc(1, sizeof(*link));

    if (!link)
        return NULL;
    link->link.ops = &link_ops;
    link->link.listener = *listener;
    link->radio = radio;
    return link;
}

struct ble_link *radio_open(struct backend *backend, const struct band_identity *band,
                            const struct link_listener *listener)
{
    struct radio *radio = radio_of(backend);
    struct radio_link *link = new_link(radio, listener);

    if (!link)
        return NULL;
    if (radio->link || !radio->powered) {
        link->next = radio->refused_links;
        radio->refused_links = link;
        radio_after(radio, RADIO_REFUSE, 1, 5);
        return &link->link;
    }
    radio->link = link;
    radio->state = RADIO_CONNECTING;
    radio->target = find(radio, band);
    radio_after(radio, RADIO_FIND, 200, 900);
    return &link->link;
}

static void tell_down(struct radio_link *link, enum link_end end, const struct failure *failure)
{
    const struct link_listener listener = link->link.listener;

    free(link);
    listener.down(listener.user, end, failure);
}

/* The radio's own, with all that is pending on it; the radio is free for another when this is told.
 */
static void end_own(struct radio *radio, enum link_end end, const struct failure *failure)
{
    struct radio_link *link = radio->link;

    radio->link = NULL;
    radio->state = RADIO_IDLE;
    for (int event = RADIO_FIND; event < RADIO_EVENTS; event++) {
        if (event != RADIO_REFUSE && event != RADIO_WORK)
            radio_cancel(radio, (enum radio_event)event);
    }
    tell_down(link, end, failure);
}

static void on_find(struct radio *radio)
{
    if (radio->target < 0 || !radio->hooks->in_air(radio, radio->target)) {
        radio_after(radio, RADIO_FIND, 500, 1000);
        return;
    }
    radio_after(radio, RADIO_REACH, 600, 1200);
    tell_sighting(radio, radio->target);
}

static void on_reach(struct radio *radio)
{
    struct band_link made;

    if (!radio->hooks->in_air(radio, radio->target) ||
        !radio->hooks->reached(radio, radio->target)) {
        radio_after(radio, RADIO_FIND, 500, 1000);
        return;
    }
    memset(&made, 0, sizeof(made));
    radio->hooks->identify(radio, radio->target, &made.band);
    made.rssi = radio->rssi;
    made.battery_level = BATTERY_UNKNOWN;
    radio->state = RADIO_CONNECTED;
    radio->hooks->link_up(radio, &made);
    radio->link->link.listener.up(radio->link->link.listener.user, &made);
}

static void on_cancel(struct radio *radio)
{
    end_own(radio, LINK_END_CANCELLED, NULL);
}

static void on_refuse(struct radio *radio)
{
    struct radio_link *link = radio->refused_links;
    struct failure failure;

    if (!radio->powered)
        fail_bluetooth(radio, &failure);
    else
        failure_set(&failure, ERROR_BUSY, "A band is connected already. Disconnect it first.");
    radio->refused_links = link->next;
    if (link->next)
        radio_after(radio, RADIO_REFUSE, 0, 0);
    tell_down(link, LINK_END_FAILED, &failure);
}

static void end_link(struct radio *radio, enum link_end end)
{
    radio->started = false;
    memset(radio->notifying, 0, sizeof(radio->notifying));
    radio->hooks->link_down(radio, end);
    end_own(radio, end, NULL);
}

static void on_release(struct radio *radio)
{
    end_link(radio, LINK_END_ASKED);
}

void radio_lose_link(struct radio *radio, enum link_end end)
{
    if (radio->state == RADIO_DISCONNECTING)
        end = LINK_END_ASKED;
    if (radio->state >= RADIO_CONNECTED && !radio->closing)
        end_link(radio, end);
}

/* Adapter */

static void on_tell_bluetooth(struct radio *radio)
{
    struct backend_listener *listener = &radio->backend.listener;

    listener->bluetooth(listener->user, radio->available, radio->powered, bluetooth_text(radio));
}

void radio_set_power(struct radio *radio, bool powered)
{
    struct failure failure;

    if (powered == radio->powered)
        return;
    radio->powered = powered;
    on_tell_bluetooth(radio);
    if (powered || radio->closing)
        return;
    if (radio->scanning) {
        radio->scanning = false;
        radio_cancel(radio, RADIO_SIGHTING);
        on_scan_ended(radio);
    }
    if (radio->closing)
        return;
    if (radio->state == RADIO_CONNECTING) {
        if (radio->due[RADIO_CANCEL] == RADIO_NEVER)
            end_own(radio, LINK_END_FAILED, fail_bluetooth(radio, &failure));
        return;
    }
    radio_lose_link(radio, LINK_END_BLUETOOTH);
}

void radio_work_at(struct radio *radio, int64_t boot_us)
{
    radio_at(radio, RADIO_WORK, boot_us);
}

static void happen(struct radio *radio, enum radio_event event)
{
    static void (*const handlers[RADIO_NOTIFY])(struct radio *) = {
        [RADIO_TELL_BLUETOOTH] = on_tell_bluetooth,
        [RADIO_SIGHTING] = on_sighting,
        [RADIO_SCAN_ENDED] = on_scan_ended,
        [RADIO_FIND] = on_find,
        [RADIO_REACH] = on_reach,
        [RADIO_CANCEL] = on_cancel,
        [RADIO_REFUSE] = on_refuse,
        [RADIO_RELEASE] = on_release,
        [RADIO_WRITE] = radio_on_write,
        [RADIO_PROBE] = radio_on_probe,
    };

    if (event >= RADIO_NOTIFY)
        radio_on_notify(radio, (enum sensor)(event - RADIO_NOTIFY));
    else if (event == RADIO_WORK)
        radio->hooks->work(radio);
    else
        handlers[event](radio);
}

bool radio_init(struct radio *radio, uv_loop_t *loop, const struct radio_hooks *hooks,
                uint64_t seed)
{
    radio->backend.ops = hooks->ops;
    radio->hooks = hooks;
    radio->pace = 1;
    radio->available = radio->powered = true;
    if (!radio->model)
        radio->model = model_default();
    radio->control = radio->model->control.at.uuid;
    radio->target = -1;
    sim_random_seed(&radio->random, seed, 0x60);
    for (int i = 0; i < RADIO_BANDS_MAX; i++)
        radio->sight[i] = RADIO_NEVER;
    if (!radio_time_init(radio, loop, happen))
        return false;
    radio_after(radio, RADIO_TELL_BLUETOOTH, 0, 0);
    return true;
}

static void on_time_ended(struct radio *radio)
{
    free(radio->link);
    while (radio->refused_links) {
        struct radio_link *link = radio->refused_links;
        radio->refused_links = link->next;
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
