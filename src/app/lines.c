#include "app/lines.h"

#include <math.h>
#include <string.h>

#include "band/capture.h"
#include "protocol/message.h"

static bool is_left_out(const struct lines *lines, enum sensor sensor)
{
    return !(lines->sensors & SENSOR_BIT(sensor));
}

/* A processed message that is to be left out: of that time and those before it. UTC may have been
 * stepped back since: what comes behind that time is missing in any case. */
static bool is_known(struct lines *lines, enum sensor sensor, double arrival_utc_ms)
{
    const double ms = floor(arrival_utc_ms), known = lines->known_ms[sensor];

    if (is_left_out(lines, sensor))
        return true;
    lines->reached[sensor] |= ms == known;
    if (ms == known || (ms < known && !lines->reached[sensor]))
        return true;
    lines->known_ms[sensor] = 0;
    return false;
}

static void write_line(struct lines *lines)
{
    fwrite(lines->json.text, 1, lines->json.len, lines->out);
    putc('\n', lines->out);
}

static void on_samples(void *user, const struct sample_block *block)
{
    struct lines *lines = user;
    const enum sensor sensor = block->samples.sensor;

    if (is_left_out(lines, sensor))
        return;
    message_raw(&lines->json, lines->device_id, lines->raw[sensor]++, block);
    write_line(lines);
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    struct lines *lines = user;

    if (is_known(lines, SENSOR_EEG, features->arrival_utc_ms))
        return;
    message_eeg(&lines->json, lines->device_id, lines->processed[SENSOR_EEG]++, features);
    write_line(lines);
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    struct lines *lines = user;

    if (is_known(lines, SENSOR_PPG, features->arrival_utc_ms))
        return;
    message_ppg(&lines->json, lines->device_id, lines->processed[SENSOR_PPG]++, features);
    write_line(lines);
}

static void on_acc(void *user, const struct acc_features *features)
{
    struct lines *lines = user;

    if (is_known(lines, SENSOR_ACC, features->arrival_utc_ms))
        return;
    message_acc(&lines->json, lines->device_id, lines->processed[SENSOR_ACC]++, features);
    write_line(lines);
}

void lines_init(struct lines *lines, FILE *out)
{
    *lines =
        (struct lines){.out = out, .device_id = CAPTURE_DEFAULT_NAME, .sensors = SENSOR_SET_ALL};
    json_init(&lines->json);
}

void lines_finish(struct lines *lines)
{
    json_finish(&lines->json);
}

struct pipeline_listener lines_listener(struct lines *lines, bool raw)
{
    return (struct pipeline_listener){.user = lines,
                                      .samples = raw ? on_samples : NULL,
                                      .eeg = on_eeg,
                                      .ppg = on_ppg,
                                      .acc = on_acc};
}
