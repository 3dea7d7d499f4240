/* subscribe and unsubscribe: what one client gets of what goes to all. */
#include "protocol/subscription.h"

#include <string.h>

#include "protocol_impl.h"

enum { KIND_RAW = 1, KIND_PROCESSED = 2, KIND_EVENTS = 4, KIND_ALL = 7 };

static bool kind_from_name(const char *name, unsigned *kind)
{
    static const struct {
        const char *name;
        unsigned kind;
    } known[] = {{"raw", KIND_RAW}, {"processed", KIND_PROCESSED}, {"events", KIND_EVENTS}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].name, name) == 0) {
            *kind = known[i].kind;
            return true;
        }
    }
    return false;
}

static bool parse_kinds(const cJSON *parameters, unsigned *kinds, struct refusal *refusal)
{
    const cJSON *list = parameter(parameters, "kinds"), *item;
    unsigned kind, found = 0;

    *refusal = (struct refusal){"kinds", list, "a list of at least one of raw, processed, events"};
    if (!list)
        return true;
    if (!cJSON_IsArray(list))
        return false;
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item) || !kind_from_name(item->valuestring, &kind))
            return false;
        found |= kind;
    }
    *kinds = found;
    return found != 0;
}

/* Answers with a refusal, or where the client is gone, and returns NULL. */
static struct subscription *begin(struct request *request, const cJSON *parameters,
                                  sensor_set *sensors, unsigned *kinds)
{
    const struct protocol_out *out = &request->protocol->out;
    struct refusal refusal;

    if (!parameter_sensors(parameters, "sensors", sensors, &refusal) ||
        !parse_kinds(parameters, kinds, &refusal)) {
        request_refuse(request, &refusal);
        return NULL;
    }
    struct subscription *subscription = out->subscription(out->user, request->client);
    if (!subscription)
        request_succeed(request, NULL);
    return subscription;
}

static void put_kinds(struct json *json, const struct subscription *subscription)
{
    json_key(json, "kinds");
    json_begin_array(json);
    if (subscription->raw)
        json_string(json, "raw");
    if (subscription->processed)
        json_string(json, "processed");
    if (subscription->events)
        json_string(json, "events");
    json_end_array(json);
}

static void end(struct request *request, const struct subscription *subscription)
{
    struct json *json = request_begin(request);

    put_sensors(json, "sensors", subscription->raw | subscription->processed);
    put_kinds(json, subscription);
    put_sensors(json, "raw", subscription->raw);
    put_sensors(json, "processed", subscription->processed);
    json_put_bool(json, "events", subscription->events);
    request_end(request);
}

void subscribe(struct request *request, const cJSON *parameters)
{
    sensor_set sensors = SENSOR_SET_ALL;
    unsigned kinds = KIND_ALL;
    struct subscription *subscription = begin(request, parameters, &sensors, &kinds);

    if (!subscription)
        return;
    *subscription = (struct subscription){
        .raw = kinds & KIND_RAW ? sensors : 0,
        .processed = kinds & KIND_PROCESSED ? sensors & SENSOR_SET_PROCESSED : 0,
        .events = kinds & KIND_EVENTS,
    };
    end(request, subscription);
}

void unsubscribe(struct request *request, const cJSON *parameters)
{
    /* Events have no sensor: where only sensors are named they stay. */
    const bool sensors_only = parameter(parameters, "sensors") && !parameter(parameters, "kinds");
    sensor_set sensors = SENSOR_SET_ALL;
    unsigned kinds = sensors_only ? KIND_RAW | KIND_PROCESSED : KIND_ALL;
    struct subscription *subscription = begin(request, parameters, &sensors, &kinds);

    if (!subscription)
        return;
    if (kinds & KIND_RAW)
        subscription->raw &= ~sensors;
    if (kinds & KIND_PROCESSED)
        subscription->processed &= ~sensors;
    if (kinds & KIND_EVENTS)
        subscription->events = false;
    end(request, subscription);
}
