#include "csv.h"

#include <string.h>

static const char *const headers[FILE_COUNT] = {
    [FILE_EEG] = "timestamp,ch1,ch2,leadoff_ch1,leadoff_ch2,lost\n",
    [FILE_PPG] = "timestamp,red,ir,lost\n",
    [FILE_ACC] = "timestamp,x,y,z,lost\n",
    [FILE_BAT] = "timestamp,level\n",
    [FILE_MARKERS] = "timestamp,label\n",
};

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

void csv_header(struct buffer *out, enum session_file file)
{
    if (headers[file])
        buffer_add(out, headers[file], strlen(headers[file]));
}

static void eeg_row(struct buffer *out, double ms, const struct eeg_sample *sample, uint32_t lost)
{
    buffer_print(out, "%.3f,%.3f,%.3f,%d,%d,%u\n", ms, sample->uv[0], sample->uv[1],
                 (sample->leadoff & EEG_LEADOFF_MASK(0)) != 0,
                 (sample->leadoff & EEG_LEADOFF_MASK(1)) != 0, lost);
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

        if (samples->sensor == SENSOR_EEG)
            eeg_row(out, ms, &samples->eeg[i], lost);
        else if (samples->sensor == SENSOR_PPG)
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
void csv_marker(struct buffer *out, double ms, const char *label)
{
    buffer_print(out, "%.3f,\"", ms);
    for (const char *c = label; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            buffer_add(out, " ", 1);
        else
            buffer_add(out, *c == '"' ? "\"\"" : c, *c == '"' ? 2 : 1);
    }
    buffer_add(out, "\"\n", 2);
}
