#include "radio_requests.h"

#include <string.h>

#include "radio_time.h"

/* NULL: of a link that was refused. */
struct radio *radio_of_link(struct ble_link *link)
{
    struct radio_link *of = (struct radio_link *)link;

    return of == of->radio->link ? of->radio : NULL;
}

/* NULL: it isn't up. */
static struct radio *radio_if_up(struct ble_link *link)
{
    struct radio *radio = radio_of_link(link);

    return radio && radio->state == RADIO_CONNECTED ? radio : NULL;
}

void radio_notify(struct ble_link *link, enum sensor sensor, bool on)
{
    struct radio *radio = radio_if_up(link);

    if (!radio)
        return;
    radio->wanted[sensor] = on;
    radio_after(radio, (enum radio_event)(RADIO_NOTIFY + sensor), 50, 100);
}

void radio_write(struct ble_link *link, const char *text)
{
    struct radio *radio = radio_if_up(link);

    if (!radio)
        return;
    radio->wants_start = strcmp(text, radio->model->control.start) == 0;
    radio->control_known = radio->wants_start || strcmp(text, radio->model->control.stop) == 0;
    radio_after(radio, RADIO_WRITE, 50, 100);
}

void radio_probe(struct ble_link *link)
{
    struct radio *radio = radio_if_up(link);

    if (radio)
        radio_after(radio, RADIO_PROBE, 50, 100);
}

static const struct failure *refusal(bool refused, struct failure *failure)
{
    return refused ? failure_set(failure, ERROR_STREAMING, "The band refused.") : NULL;
}

void radio_on_notify(struct radio *radio, enum sensor sensor)
{
    struct failure failure;
    bool on = radio->wanted[sensor], refused = on && (radio->refused & SENSOR_BIT(sensor));

    radio->notifying[sensor] = on && !refused;
    if (radio->notifying[sensor])
        radio->hooks->subscribed(radio, sensor);
    radio->link->link.listener.notified(radio->link->link.listener.user, sensor, on,
                                        refusal(refused, &failure));
}

void radio_on_write(struct radio *radio)
{
    struct failure failure;
    bool refused = !radio->control || !radio->control_known;

    if (!refused)
        radio->started = radio->wants_start;
    radio->link->link.listener.written(radio->link->link.listener.user, refusal(refused, &failure));
}

bool radio_flows(const struct radio *radio, enum sensor sensor)
{
    return radio->state >= RADIO_CONNECTED && radio->notifying[sensor] &&
           (sensor != radio->model->control.for_sensor || radio->started || !radio->control);
}

void radio_on_probe(struct radio *radio)
{
    radio->link->link.listener.probed(radio->link->link.listener.user,
                                      radio->state == RADIO_CONNECTED);
}

void radio_deliver(struct radio *radio, const struct packet *packet)
{
    radio->link->link.listener.packet(radio->link->link.listener.user, packet);
}
