#include "csv.h"

#include <string.h>

#include "base/length.h"
#include "flags.h"

/* The heads of markers.csv: of one band, and of several. */
static const char narrow[] = "timestamp,label\n", wide[] = "timestamp,label,device_id\n";

enum session_file csv_file(enum sensor sensor)
{
    static const enum session_file files[SENSOR_COUNT] = {
        [SENSOR_EEG] = FILE_EEG,
        [SENSOR_PPG] = FILE_PPG,
        [SENSOR_ACC] = FILE_ACC,
        [SENSOR_BAT] = FILE_BAT,
    };
    return files[sensor];
}

static void sensor_header(struct buffer *out, enum sensor sensor, const struct model_sensor *as)
{
    buffer_print(out, "timestamp");
    for (size_t c = 0; c < as->channel_count; c++)
        buffer_print(out, ",%s", as->channels[c].name);
    for (size_t c = 0; c < as->channel_count; c++) {
        if (as->channels[c].leadoff)
            buffer_print(out, ",%s", as->channels[c].leadoff);
    }
    buffer_print(out, sensor == SENSOR_BAT   ? "\n"
                      : sensor == SENSOR_EEG ? ",lost,flags\n"
                                             : ",lost\n");
}

void csv_header(struct buffer *out, enum session_file file, const struct band_model *model)
{
    if (file == FILE_MARKERS)
        buffer_add(out, narrow, sizeof(narrow) - 1);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (csv_file((enum sensor)sensor) == file)
            sensor_header(out, (enum sensor)sensor, &model->sensors[sensor]);
    }
}

static void put_flag(struct buffer *out, const char *word, bool first)
{
    buffer_print(out, first ? "%s" : " %s", word);
}

static void put_flags(struct buffer *out, const struct eeg_row *row)
{
    static const struct {
        enum flag flag;
        const char *word;
    } words[] = {{FLAG_SATURATED, "saturated"},
                 {FLAG_ZERO, "zero"},
                 {FLAG_MUSCLE, "muscle"},
                 {FLAG_BLINK, "blink"}};
    const size_t begin = out->len;

    for (size_t c = 0; c < row->as->channel_count; c++) {
        if (row->flags & (unsigned)FLAG_LEADOFF << c)
            put_flag(out, row->as->channels[c].leadoff, out->len == begin);
    }
    for (size_t i = 0; i < LENGTH(words); i++) {
        if (row->flags & words[i].flag)
            put_flag(out, words[i].word, out->len == begin);
    }
}

void csv_eeg(struct buffer *out, const struct eeg_row *row)
{
    const struct model_sensor *as = row->as;

    buffer_print(out, "%.3f", row->ms);
    for (size_t c = 0; c < as->channel_count; c++)
        buffer_print(out, ",%.3f", row->sample.uv[c]);
    for (size_t c = 0; c < as->channel_count; c++) {
        if (as->channels[c].leadoff)
            buffer_add(out, row->sample.leadoff & EEG_LEADOFF_MASK(c) ? ",1" : ",0", 2);
    }
    buffer_print(out, ",%u,", row->lost);
    if (row->flags)
        put_flags(out, row);
    buffer_add(out, "\n", 1);
}

void csv_block(struct buffer *out, const struct sample_block *block)
{
    const struct samples *samples = &block->samples;

    if (samples->sensor == SENSOR_BAT) {
        csv_level(out, block->arrival_utc_ms, samples->level);
        return;
    }
    for (size_t i = 0; i < samples->count; i++) {
        double ms = block->first_ms + (double)i * block->step_ms;
        uint32_t lost = i ? 0 : block->lost;

        if (samples->sensor == SENSOR_PPG)
            buffer_print(out, "%.3f,%u,%u,%u\n", ms, samples->ppg[i].red, samples->ppg[i].ir, lost);
        else
            buffer_print(out, "%.3f,%d,%d,%d,%u\n", ms, samples->acc[i].x, samples->acc[i].y,
                         samples->acc[i].z, lost);
    }
}

void csv_level(struct buffer *out, double ms, int level)
{
    buffer_print(out, "%.3f,%d\n", ms, level);
}

/* RFC 4180: quoted always, quotes doubled; a line stays a line, so control characters go. */
static void quote(struct buffer *out, const char *text)
{
    buffer_add(out, "\"", 1);
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            buffer_add(out, " ", 1);
        else
            buffer_add(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    }
    buffer_add(out, "\"", 1);
}

void csv_marker(struct buffer *out, double ms, const char *label)
{
    buffer_print(out, "%.3f,", ms);
    quote(out, label);
    buffer_add(out, "\n", 1);
}

void csv_marker_of(struct buffer *out, double ms, const char *label, const char *device_id)
{
    buffer_print(out, "%.3f,", ms);
    quote(out, label);
    buffer_add(out, ",", 1);
    if (device_id[0])
        quote(out, device_id);
    buffer_add(out, "\n", 1);
}

void csv_markers_of_several(struct buffer *out)
{
    buffer_add(out, wide, sizeof(wide) - 1);
}

bool csv_widen_markers(struct buffer *out, const char *text, size_t len, const char *device_id)
{
    const size_t head = sizeof(narrow) - 1;
    const bool has_head = len >= head && memcmp(text, narrow, head) == 0;
    const char *end = text + len, *newline;

    if (len >= sizeof(wide) - 1 && memcmp(text, wide, sizeof(wide) - 1) == 0)
        return false;
    if (has_head)
        csv_markers_of_several(out);
    for (const char *row = text + (has_head ? head : 0);
         row < end && (newline = memchr(row, '\n', (size_t)(end - row))); row = newline + 1) {
        buffer_add(out, row, (size_t)(newline - row));
        buffer_add(out, ",", 1);
        quote(out, device_id);
        buffer_add(out, "\n", 1);
    }
    return true;
}
