#include "discovery.h"

#include <stdio.h>
#include <string.h>

/* Names, states and units: what a field means is Home Assistant's. Those that are computed last. */
static const struct entity {
    const char *key, *component, *name;
    const char *more; /* JSON members */
} entities[] = {
    {"link", "binary_sensor", "Link",
     "\"device_class\":\"connectivity\",\"entity_category\":\"diagnostic\","
     "\"payload_on\":\"connected\",\"payload_off\":\"disconnected\""},
    {"battery", "sensor", "Battery",
     "\"device_class\":\"battery\",\"entity_category\":\"diagnostic\","
     "\"unit_of_measurement\":\"%\",\"state_class\":\"measurement\""},
    {"contact", "binary_sensor", "Electrodes",
     "\"icon\":\"mdi:head-check\",\"payload_on\":\"True\",\"payload_off\":\"False\""},
    {"bpm", "sensor", "Heart rate",
     "\"icon\":\"mdi:heart-pulse\",\"unit_of_measurement\":\"bpm\","
     "\"suggested_display_precision\":0,\"state_class\":\"measurement\""},
};

#define COMPUTED 2

size_t discovery_count(bool computed)
{
    return sizeof(entities) / sizeof(entities[0]) - (computed ? 0 : COMPUTED);
}

static void replace(char *text, char from, char to)
{
    for (; *text; text++) {
        if (*text == from)
            *text = to;
    }
}

/* A subject as a topic, or as an id that may stand in one. */
static void name_of(char out[WINDOW_SUB_SIZE], const struct message_names *names, const char *kind,
                    char separator)
{
    message_subject(out, names, kind);
    replace(out, '.', separator);
}

void discovery_write(struct discovery_message *out, size_t n, const char *prefix,
                     const struct message_names *names)
{
    const struct entity *entity = &entities[n];
    const struct message_names gateway = {names->spool_id, names->site, names->gateway, NULL};
    char id[WINDOW_SUB_SIZE], band[WINDOW_SUB_SIZE], state[WINDOW_SUB_SIZE], up[WINDOW_SUB_SIZE];
    char device[MESSAGE_TOKEN_SIZE];

    message_token(device, names->device);
    name_of(id, names, entity->key, '_');
    name_of(band, names, "band", '_');
    name_of(state, names, "status", '/');
    name_of(up, &gateway, "status", '/');
    snprintf(out->topic, sizeof(out->topic), "%s/%s/%s/config", prefix, entity->component, id);
    snprintf(out->text, sizeof(out->text),
             "{\"name\":\"%s\",\"unique_id\":\"%s\",\"state_topic\":\"%s\","
             "\"value_template\":\"{{ value_json.%s }}\",\"availability_topic\":\"%s\","
             "\"expire_after\":%d,\"qos\":1,%s,"
             "\"device\":{\"identifiers\":[\"%s\"],\"name\":\"%s\",\"model\":\"Link Band\"},"
             "\"origin\":{\"name\":\"linkband-uplink\",\"sw_version\":\"" LINKBANDD_VERSION "\"}}",
             entity->name, id, state, entity->key, up, DISCOVERY_EXPIRE_S, entity->more, band,
             device);
}
