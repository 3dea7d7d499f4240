/* Finding a model, and what is asked of it. */
#include "band/model.h"

#include <string.h>

const struct band_model *model_of_band(const char *band_name)
{
    for (size_t i = 0; models[i]; i++) {
        if (strncmp(band_name, models[i]->name_prefix, strlen(models[i]->name_prefix)) == 0)
            return models[i];
    }
    return NULL;
}

const struct band_model *model_from_name(const char *name, size_t len)
{
    for (size_t i = 0; models[i]; i++) {
        if (strlen(models[i]->name) == len && memcmp(models[i]->name, name, len) == 0)
            return models[i];
    }
    return NULL;
}

const struct band_model *model_default(void)
{
    return models[0];
}

int model_source(const struct band_model *model, enum sensor sensor, unsigned lane)
{
    for (size_t i = 0; i < model->source_count; i++) {
        if (model->sources[i].sensor == sensor && model->sources[i].lane == lane)
            return (int)i;
    }
    return -1;
}

sensor_set model_sensors(const struct band_model *model)
{
    sensor_set sensors = 0;

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (model->sensors[sensor].channel_count > 0)
            sensors |= SENSOR_BIT(sensor);
    }
    return sensors;
}

int32_t model_step(const struct band_model *model, uint32_t from, uint32_t to)
{
    const int spare = 32 - model->counter.bits;

    /* Upward, so that the counter's highest bit is the sign, and back. */
    return (int32_t)((to - from) << spare) / (int32_t)(UINT32_C(1) << spare);
}
