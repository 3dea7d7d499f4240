/* subscribe and unsubscribe: what one client gets of what goes to all. */
#include "subscription.h"

#include <stdio.h>

#include "info.h"
#include "protocol_internal.h"
#include "reply.h"

/* By the place in kind_names. */
enum { KIND_RAW = 1, KIND_PROCESSED = 2, KIND_EVENTS = 4, KIND_BANDS = 8 };

_Static_assert(SUBSCRIPTION_NAME_SIZE == BAND_NAME_SIZE, "as long");
_Static_assert(SUBSCRIPTION_DEVICES_MAX == PARAMETER_DEVICES_MAX, "as many");

const char *const kind_names[] = {"raw", "processed", "events", "bands", NULL};

/* Answers where the client is gone, and returns NULL. */
static struct subscription *choice_of(struct request *request)
{
    const struct protocol_out *out = &request->protocol->out;
    struct subscription *subscription = out->subscription(out->user, request->client);

    if (!subscription)
        request_succeed(request, NULL);
    return subscription;
}

/* null: of all. */
static void put_devices_chosen(struct json *json, const struct subscription *subscription)
{
    json_key(json, "device_ids");
    if (subscription->device_count == 0) {
        json_null(json);
        return;
    }
    json_begin_array(json);
    for (size_t i = 0; i < subscription->device_count; i++)
        json_string(json, subscription->devices[i]);
    json_end_array(json);
}

static void tell_choice(struct request *request, const struct subscription *subscription)
{
    struct json *json = request_begin(request, "");

    put_sensors(json, "sensors", subscription->raw | subscription->processed | subscription->bands);
    put_names(
        json, "kinds", kind_names,
        (subscription->raw ? KIND_RAW : 0u) | (subscription->processed ? KIND_PROCESSED : 0u) |
            (subscription->events ? KIND_EVENTS : 0u) | (subscription->bands ? KIND_BANDS : 0u));
    put_sensors(json, "raw", subscription->raw);
    put_sensors(json, "processed", subscription->processed);
    put_sensors(json, "bands", subscription->bands);
    json_put_bool(json, "events", subscription->events);
    put_devices_chosen(json, subscription);
    request_end(request);
}

void subscribe(struct request *request, const struct value *values)
{
    const sensor_set sensors = value_of(values, "sensors")->set;
    const unsigned kinds = value_of(values, "kinds")->set;
    const struct value *device_id = value_of(values, "device_id");
    struct subscription *subscription = choice_of(request);

    if (!subscription)
        return;
    *subscription = (struct subscription){
        .raw = kinds & KIND_RAW ? sensors : 0,
        .processed = kinds & KIND_PROCESSED ? sensors & SENSOR_SET_PROCESSED : 0,
        .bands = kinds & KIND_BANDS ? sensors & SENSOR_SET_BANDS : 0,
        .events = kinds & KIND_EVENTS,
        .device_count = device_id->device_count,
    };
    for (size_t i = 0; i < device_id->device_count; i++)
        snprintf(subscription->devices[i], SUBSCRIPTION_NAME_SIZE, "%s", device_id->devices[i]);
    tell_choice(request, subscription);
}

void unsubscribe(struct request *request, const struct value *values)
{
    const struct value *sensors_value = value_of(values, "sensors");
    const struct value *kinds_value = value_of(values, "kinds");
    const sensor_set sensors = sensors_value->set;
    /* Events have no sensor: where only sensors are named they stay. */
    const bool sensors_only = sensors_value->given && !kinds_value->given;
    const unsigned kinds = sensors_only ? KIND_RAW | KIND_PROCESSED | KIND_BANDS : kinds_value->set;
    struct subscription *subscription = choice_of(request);

    if (!subscription)
        return;
    if (kinds & KIND_RAW)
        subscription->raw &= ~sensors;
    if (kinds & KIND_PROCESSED)
        subscription->processed &= ~sensors;
    if (kinds & KIND_BANDS)
        subscription->bands &= ~sensors;
    if (kinds & KIND_EVENTS)
        subscription->events = false;
    tell_choice(request, subscription);
}
