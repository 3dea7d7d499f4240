#include "radio_requests.h"

#include <string.h>

#include "base/now.h"
#include "radio_time.h"

/* NULL: it isn't up. */
static struct radio_link *if_up(struct ble_link *handle)
{
    struct radio_link *link = (struct radio_link *)handle;

    return link->state == RADIO_LINK_CONNECTED ? link : NULL;
}

static const struct radio_band *band_of(const struct radio_link *link)
{
    return &link->radio->band[link->which];
}

static void answer_later(struct radio_link *link, int event)
{
    radio_after(link->radio, &link->due[event], 50, 100);
}

void radio_notify(struct ble_link *handle, enum sensor sensor, bool on)
{
    struct radio_link *link = if_up(handle);

    if (!link)
        return;
    link->wanted[sensor] = on;
    answer_later(link, RADIO_LINK_NOTIFY + (int)sensor);
}

void radio_write(struct ble_link *handle, const char *text)
{
    struct radio_link *link = if_up(handle);

    if (!link)
        return;
    const struct band_model *model = band_of(link)->model;
    link->wants_start = strcmp(text, model->control.start) == 0;
    link->control_known = link->wants_start || strcmp(text, model->control.stop) == 0;
    answer_later(link, RADIO_LINK_WRITE);
}

void radio_probe(struct ble_link *handle)
{
    struct radio_link *link = if_up(handle);

    if (link)
        answer_later(link, RADIO_LINK_PROBE);
}

static const struct failure *refusal(bool refused, struct failure *failure)
{
    return refused ? failure_set(failure, ERROR_STREAMING, "The band refused.") : NULL;
}

static bool is_in_order(struct radio_link *link)
{
    const struct radio_band *band = band_of(link);

    return !band->orderly || (!(model_sensors(band->model) & ~link->put_off) &&
                              now_boot_us() - link->quiet_us >= RADIO_QUIET_US);
}

static void put_off(struct radio_link *link, enum sensor sensor)
{
    link->put_off |= SENSOR_BIT(sensor);
    link->quiet_us = now_boot_us();
}

void radio_on_notify(struct radio_link *link, enum sensor sensor)
{
    const struct link_listener *up = &link->link.listener;
    struct failure failure;
    bool on = link->wanted[sensor];
    bool refused = on && (band_of(link)->refused & SENSOR_BIT(sensor));

    if (!on)
        put_off(link, sensor);
    link->notifying[sensor] = on && !refused && is_in_order(link);
    if (link->notifying[sensor])
        link->radio->hooks->subscribed(link->radio, link->which, sensor);
    up->notified(up->user, sensor, on, refusal(refused, &failure));
}

void radio_on_write(struct radio_link *link)
{
    const struct link_listener *up = &link->link.listener;
    struct failure failure;
    bool refused = !band_of(link)->control || !link->control_known;

    if (!refused)
        link->started = link->wants_start;
    up->written(up->user, refusal(refused, &failure));
}

void radio_on_probe(struct radio_link *link)
{
    const struct link_listener *up = &link->link.listener;

    up->probed(up->user, link->state == RADIO_LINK_CONNECTED);
}

bool radio_is_up(const struct radio *radio, int which)
{
    const struct radio_link *link = radio->band[which].link;

    return link && link->state >= RADIO_LINK_CONNECTED;
}

bool radio_flows(const struct radio *radio, int which, enum sensor sensor)
{
    const struct radio_band *band = &radio->band[which];

    return radio_is_up(radio, which) && band->link->notifying[sensor] &&
           (sensor != band->model->control.for_sensor || band->link->started || !band->control);
}

void radio_deliver(struct radio *radio, int which, const struct packet *packet)
{
    const struct link_listener *up = &radio->band[which].link->link.listener;

    up->packet(up->user, packet);
}
