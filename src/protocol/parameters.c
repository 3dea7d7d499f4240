#include "parameters.h"

#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "band/iso.h"
#include "base/text.h"
#include "ble/backend.h"
#include "record/session.h"

/* ---- by type: each returns false where the item is not what the row allows */

static bool read_number(const struct parameter *row, const cJSON *item, struct value *value)
{
    value->number = item->valuedouble;
    return cJSON_IsNumber(item) && value->number >= row->min && value->number <= row->max;
}

static bool read_integer(const struct parameter *row, const cJSON *item, struct value *value)
{
    return read_number(row, item, value) && value->number == floor(value->number);
}

static bool read_string(const struct parameter *row, const cJSON *item, struct value *value)
{
    if (!cJSON_IsString(item))
        return false;
    const double len = (double)strlen(item->valuestring);
    if (len < row->min || len > row->max)
        return false;
    text_blank_controls(item->valuestring);
    value->text = item->valuestring;
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

static bool read_address(const struct parameter *row, const cJSON *item, struct value *value)
{
    (void)row;
    value->text = item->valuestring;
    return cJSON_IsString(item) && is_address(item->valuestring);
}

static bool read_session(const struct parameter *row, const cJSON *item, struct value *value)
{
    (void)row;
    value->text = item->valuestring;
    return cJSON_IsString(item) && session_id_is_valid(item->valuestring);
}

static bool parse_iso(const char *text, double *utc_ms)
{
    int64_t utc_us;

    if (!iso_parse(text, strlen(text), &utc_us))
        return false;
    *utc_ms = (double)utc_us / 1000.0;
    return true;
}

static bool read_time(const struct parameter *row, const cJSON *item, struct value *value)
{
    (void)row;
    value->number = item->valuedouble;
    return cJSON_IsNumber(item) ||
           (cJSON_IsString(item) && parse_iso(item->valuestring, &value->number));
}

static bool add_name(const char *const *names, const cJSON *item, unsigned *set)
{
    for (int i = 0; names[i]; i++) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, names[i]) == 0) {
            *set |= 1u << i;
            return true;
        }
    }
    return false;
}

static bool read_list(const struct parameter *row, const cJSON *list, struct value *value)
{
    const cJSON *item;

    value->set = 0;
    if (!cJSON_IsArray(list))
        return false;
    cJSON_ArrayForEach(item, list)
    {
        if (!add_name(row->names, item, &value->set))
            return false;
    }
    return value->set != 0;
}

/* A name that comes again means the same band once. */
static bool add_device(const struct parameter *row, const cJSON *item, struct value *value)
{
    struct value one;

    if (!read_string(row, item, &one))
        return false;
    for (size_t i = 0; i < value->device_count; i++) {
        if (strcasecmp(value->devices[i], one.text) == 0)
            return true;
    }
    if (value->device_count == PARAMETER_DEVICES_MAX)
        return false;
    value->devices[value->device_count++] = one.text;
    return true;
}

static bool read_devices(const struct parameter *row, const cJSON *given, struct value *value)
{
    const cJSON *item;

    if (!cJSON_IsArray(given))
        return add_device(row, given, value);
    cJSON_ArrayForEach(item, given)
    {
        if (!add_device(row, item, value))
            return false;
    }
    return value->device_count > 0;
}

static const struct {
    const char *name;
    bool (*read)(const struct parameter *row, const cJSON *item, struct value *value);
} types[PARAMETER_TYPES] = {
    [PARAMETER_NUMBER] = {"number", read_number},
    [PARAMETER_INTEGER] = {"integer", read_integer},
    [PARAMETER_STRING] = {"string", read_string},
    [PARAMETER_ADDRESS] = {"address", read_address},
    [PARAMETER_SESSION] = {"session_id", read_session},
    [PARAMETER_TIME] = {"time", read_time},
    [PARAMETER_LIST] = {"list", read_list},
    [PARAMETER_DEVICES] = {"device_id", read_devices},
};

const char *parameter_type_name(enum parameter_type type)
{
    return types[type].name;
}

/* ---- a command's rows */

const cJSON *parameter(const cJSON *parameters, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(parameters, name);

    return cJSON_IsNull(item) ? NULL : item;
}

bool parameter_is_known(const struct parameter *rows, const char *name)
{
    for (const struct parameter *row = rows; row && row->name; row++) {
        if (strcmp(row->name, name) == 0)
            return true;
    }
    return false;
}

bool parameters_read(const struct parameter *rows, const cJSON *parameters,
                     struct value values[PARAMETERS_MAX], struct refusal *refusal)
{
    const struct parameter *missing = NULL;

    for (const struct parameter *row = rows; row && row->name; row++) {
        struct value *value = &values[row - rows];
        const cJSON *given = parameter(parameters, row->name);
        *value = (struct value){.row = row, .given = given, .number = row->number, .set = row->set};
        if (given && !types[row->type].read(row, given, value)) {
            *refusal = (struct refusal){row->name, given, row->allowed};
            return false;
        }
        if (row->required && !given && !missing)
            missing = row;
    }
    if (missing)
        *refusal = (struct refusal){missing->name, NULL, missing->allowed};
    return !missing;
}

const struct value *value_of(const struct value *values, const char *name)
{
    while (strcmp(values->row->name, name) != 0)
        values++;
    return values;
}
