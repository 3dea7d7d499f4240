#include "columns.h"

#include <stdio.h>

static void column(struct buffer *out, const char *name, const char *unit, const char *what)
{
    buffer_print(out, ",\n    \"%s\": {\"unit\": \"%s\", \"description\": \"%s\"}", name, unit,
                 what);
}

static void open_columns(struct buffer *out, const char *name)
{
    buffer_print(out,
                 "  \"%s.csv\": {\n"
                 "    \"timestamp\": {\"unit\": \"ms\", \"description\": \"Unix time, UTC, of the "
                 "band's clock\"}",
                 name);
}

static void eeg_columns(struct buffer *out, const struct model_sensor *as)
{
    char what[64];

    for (size_t c = 0; c < as->channel_count; c++) {
        snprintf(what, sizeof(what), "EEG, channel %zu", c + 1);
        column(out, as->channels[c].name, "µV", what);
    }
    for (size_t c = 0; c < as->channel_count; c++) {
        snprintf(what, sizeof(what), "1: an electrode of channel %zu is off, else 0", c + 1);
        if (as->channels[c].leadoff)
            column(out, as->channels[c].leadoff, "1", what);
    }
}

static void acc_columns(struct buffer *out, const struct model_sensor *as)
{
    char what[64];

    snprintf(what, sizeof(what), "acceleration: %g a g", 1 / as->unit_per_count);
    for (size_t c = 0; c < as->channel_count; c++)
        column(out, as->channels[c].name, "counts", what);
}

static void sensor_columns(struct buffer *out, enum sensor sensor, const struct model_sensor *as)
{
    switch (sensor) {
    case SENSOR_EEG:
        eeg_columns(out, as);
        break;
    case SENSOR_PPG:
        column(out, "red", "counts", "light, red: of 24 bits");
        column(out, "ir", "counts", "light, infrared: of 24 bits");
        break;
    case SENSOR_ACC:
        acc_columns(out, as);
        break;
    case SENSOR_BAT:
        column(out, "level", "%", "battery");
        return;
    case SENSOR_COUNT:
        return;
    }
    column(out, "lost", "samples",
           "missing on the band's timeline just before this row, at this file's rate");
    if (sensor == SENSOR_EEG)
        column(out, "flags", "",
               "why this row may be no measure of the brain, words with a blank between them: "
               "leadoff_chN, saturated, zero, muscle, blink; nothing: no reason is known");
}

void columns_write(struct buffer *out, const struct band_model *model)
{
    buffer_print(out, "{\n");
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (model->sensors[sensor].channel_count == 0)
            continue;
        open_columns(out, sensor_name((enum sensor)sensor));
        sensor_columns(out, (enum sensor)sensor, &model->sensors[sensor]);
        buffer_print(out, "\n  },\n");
    }
    open_columns(out, "markers");
    column(out, "label", "", "as it was set");
    buffer_print(out, "\n  }\n}\n");
}
