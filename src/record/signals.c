#include "signals.h"

#include <stdio.h>

#include "band/model.h"

#define FILTER_SIZE 96

/* The decimator's: flat up to 0.4 of the rate that goes out, nothing above its half. */
#define FLAT 0.4

static void add_text_or_null(cJSON *one, const char *key, const char *text)
{
    if (text)
        cJSON_AddStringToObject(one, key, text);
    else
        cJSON_AddNullToObject(one, key);
}

static void add_channels(cJSON *one, const struct model_sensor *of)
{
    cJSON *names = cJSON_AddArrayToObject(one, "channels");
    const double range[] = {of->range.low, of->range.high};

    for (size_t i = 0; i < of->channel_count; i++)
        cJSON_AddItemToArray(names, cJSON_CreateString(of->channels[i].name));
    cJSON_AddStringToObject(one, "unit", of->channels[0].unit);
    cJSON_AddNumberToObject(one, "unit_per_count", of->unit_per_count);
    cJSON_AddItemToObject(one, "range", cJSON_CreateDoubleArray(range, 2));
    if (of->gain > 0)
        cJSON_AddNumberToObject(one, "gain", of->gain);
    else
        cJSON_AddNullToObject(one, "gain");
}

static void add_electrodes(cJSON *one, const struct model_sensor *of)
{
    cJSON *sites = cJSON_AddArrayToObject(one, "electrodes");

    for (size_t i = 0; i < of->channel_count; i++)
        cJSON_AddItemToArray(sites,
                             of->sites[i] ? cJSON_CreateString(of->sites[i]) : cJSON_CreateNull());
    add_text_or_null(one, "reference", of->reference);
    add_text_or_null(one, "ground", of->ground);
}

static void add_filters(cJSON *one, enum sensor sensor, const struct session_info *info)
{
    const double rate = info->sample_rate;
    char text[FILTER_SIZE];

    cJSON_AddNullToObject(one, "hardware_filter");
    if (sensor == SENSOR_EEG && rate > 0 && info->eeg_rate > 0 && rate < info->eeg_rate) {
        snprintf(text, sizeof(text), "eeg.csv: low-pass, flat to %g Hz, 60 dB down from %g Hz on",
                 FLAT * rate, rate / 2);
        cJSON_AddStringToObject(one, "software_filter", text);
    } else
        cJSON_AddStringToObject(one, "software_filter", "none");
}

void signals_add(cJSON *root, const struct session_info *info)
{
    const struct band_model *model = session_model(info);
    cJSON *all = cJSON_AddObjectToObject(root, "signals");

    for (int i = 0; i < SENSOR_COUNT; i++) {
        const struct model_sensor *of = &model->sensors[i];

        if (!(info->sensors & SENSOR_BIT(i)) || of->channel_count == 0)
            continue;
        cJSON *one = cJSON_AddObjectToObject(all, sensor_name((enum sensor)i));
        add_channels(one, of);
        if (i == SENSOR_EEG)
            add_electrodes(one, of);
        add_filters(one, (enum sensor)i, info);
    }
}
