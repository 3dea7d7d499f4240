/* Parameters of commands, read by type; what is wrong with one is told with what is allowed. */
#include <ctype.h>
#include <string.h>

#include "band/iso.h"
#include "base/text.h"
#include "protocol_impl.h"

const cJSON *parameter(const cJSON *parameters, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(parameters, name);

    return cJSON_IsNull(item) ? NULL : item;
}

static bool refuse(struct refusal *refusal, const char *name, const cJSON *given,
                   const char *allowed)
{
    *refusal = (struct refusal){name, given, allowed};
    return false;
}

bool parameter_number(const cJSON *parameters, const char *name, double lo, double hi,
                      const char *allowed, double *value, struct refusal *refusal)
{
    const cJSON *item = parameter(parameters, name);

    if (!item)
        return true;
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= lo && item->valuedouble <= hi))
        return refuse(refusal, name, item, allowed);
    *value = item->valuedouble;
    return true;
}

bool parameter_string(const cJSON *parameters, const char *name, size_t longest,
                      const char *allowed, const char **value, struct refusal *refusal)
{
    const cJSON *item = parameter(parameters, name);

    if (!item)
        return true;
    if (!cJSON_IsString(item) || item->valuestring[0] == '\0' ||
        strlen(item->valuestring) > longest)
        return refuse(refusal, name, item, allowed);
    text_blank_controls(item->valuestring);
    *value = item->valuestring;
    return true;
}

bool parameter_sensors(const cJSON *parameters, const char *name, sensor_set *value,
                       struct refusal *refusal)
{
    static const char allowed[] = "a list of at least one of eeg, ppg, acc, bat";
    const cJSON *list = parameter(parameters, name);
    const cJSON *item;
    sensor_set set = 0;

    if (!list)
        return true;
    if (!cJSON_IsArray(list))
        return refuse(refusal, name, list, allowed);
    cJSON_ArrayForEach(item, list)
    {
        enum sensor sensor;
        if (!cJSON_IsString(item) ||
            !sensor_from_name(item->valuestring, strlen(item->valuestring), &sensor))
            return refuse(refusal, name, list, allowed);
        set |= SENSOR_BIT(sensor);
    }
    if (set == 0)
        return refuse(refusal, name, list, allowed);
    *value = set;
    return true;
}

static bool is_address(const char *text)
{
    for (int i = 0; i < BAND_ADDRESS_SIZE - 1; i++) {
        bool fits = i % 3 == 2 ? text[i] == ':' : isxdigit((unsigned char)text[i]) != 0;
        if (!fits)
            return false;
    }
    return text[BAND_ADDRESS_SIZE - 1] == '\0';
}

bool parameter_address(const cJSON *parameters, const char *name, const char **value,
                       struct refusal *refusal)
{
    const cJSON *item = parameter(parameters, name);

    if (!item)
        return true;
    if (!cJSON_IsString(item) || !is_address(item->valuestring))
        return refuse(refusal, name, item, "a Bluetooth address like AA:BB:CC:DD:EE:FF");
    *value = item->valuestring;
    return true;
}

static bool parse_iso(const char *text, double *utc_ms)
{
    int64_t utc_us;

    if (!iso_parse(text, strlen(text), &utc_us))
        return false;
    *utc_ms = (double)utc_us / 1000.0;
    return true;
}

bool parameter_time(const cJSON *parameters, const char *name, double *utc_ms,
                    struct refusal *refusal)
{
    static const char allowed[] =
        "Unix milliseconds, or an ISO 8601 time with its zone, like 2026-01-31T12:00:00.000Z";
    const cJSON *item = parameter(parameters, name);

    if (!item)
        return true;
    if (cJSON_IsString(item) && parse_iso(item->valuestring, utc_ms))
        return true;
    if (cJSON_IsNumber(item)) {
        *utc_ms = item->valuedouble;
        return true;
    }
    return refuse(refusal, name, item, allowed);
}
