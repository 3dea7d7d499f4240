/* A capture's records as lines: the other half of capture.c, which reads them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "band/capture.h"
#include "band/iso.h"
#include "base/text.h"

/* A line as it grows, never beyond CAPTURE_LINE_MAX with its newline and terminating zero. */
struct line {
    char *out;
    size_t len;
};

static const size_t line_room = CAPTURE_LINE_MAX - 2;

static void put_char(struct line *line, char c)
{
    if (line->len < line_room)
        line->out[line->len++] = c;
}

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
    char text[128];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    for (const char *c = text; *c; c++)
        put_char(line, *c);
}

/* Nothing that was recorded can begin a line of its own. */
static void put_text(struct line *line, const char *text)
{
    for (; *text; text += text_control(text) == 2 ? 2 : 1)
        put_char(line, text_control(text) ? ' ' : *text);
}

/* One that was parsed has its line's end behind it. */
static void put_clock(struct line *line, const char *state)
{
    char text[CAPTURE_LINE_MAX];

    snprintf(text, sizeof(text), "%.*s", (int)strcspn(state, "\r\n"), state);
    put_text(line, text);
}

static void put_word(struct line *line, const char *text)
{
    put_char(line, ' ');
    if (!*text)
        put_char(line, '-');
    for (; *text; text += text_control(text) == 2 ? 2 : 1)
        put_char(line, *text == ' ' || text_control(text) ? '_' : *text);
}

/* Nothing in a capture is older than its start. */
static void put_seconds(struct line *line, int64_t at_us)
{
    const int64_t us = at_us < 0 ? 0 : at_us;

    put(line, "%" PRId64 ".%06" PRId64, us / 1000000, us % 1000000);
}

static void put_packet(struct line *line, const struct packet *packet)
{
    static const char digits[] = "0123456789abcdef";
    const size_t len = packet->len > BAND_PACKET_MAX ? BAND_PACKET_MAX : packet->len;

    put_seconds(line, packet->arrival_us);
    put(line, " %s", sensor_name(packet->sensor));
    if (packet->lane > 0)
        put(line, ":%u", packet->lane);
    put_char(line, ' ');
    if (packet->sensor == SENSOR_BAT && len == 1) {
        put(line, "%u", packet->bytes[0]);
        return;
    }
    if (len == 0 || packet->sensor == SENSOR_BAT) {
        put_char(line, '-');
        return;
    }
    for (size_t i = 0; i < len; i++) {
        put_char(line, digits[packet->bytes[i] >> 4]);
        put_char(line, digits[packet->bytes[i] & 15]);
    }
}

static void put_start(struct line *line, int64_t utc_us)
{
    char text[ISO_TEXT_SIZE];

    iso_format(utc_us, text);
    put(line, "#! start %s", text);
}

static void put_device(struct line *line, const struct capture_record *record)
{
    put(line, "#! device");
    put_word(line, record->device.name);
    put_word(line, record->device.address);
    put_char(line, ' ');
    put_text(line, record->device.firmware[0] ? record->device.firmware : "-");
}

static void put_link_up(struct line *line, const struct capture_record *record)
{
    put(line, "#! link up ");
    put_seconds(line, record->at_us);
    put(line, " %" PRId64 " %" PRId64, record->anchor.boot_us, record->anchor.utc_us);
}

static void put_stream(struct line *line, const struct capture_record *record)
{
    const char *separator = " ";

    put(line, "#! stream ");
    put_seconds(line, record->at_us);
    if ((record->sensors & SENSOR_SET_ALL) == 0)
        put(line, " -");
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (record->sensors & SENSOR_BIT(i)) {
            put(line, "%s%s", separator, sensor_name((enum sensor)i));
            separator = ",";
        }
    }
}

static void put_record(struct line *line, const struct capture_record *record)
{
    switch (record->kind) {
    case CAPTURE_NOTHING:
        break;
    case CAPTURE_PACKET:
        put_packet(line, &record->packet);
        break;
    case CAPTURE_START:
        put_start(line, record->utc_us);
        break;
    case CAPTURE_MODEL:
        put(line, "#! model %s", record->model ? record->model->name : "-");
        break;
    case CAPTURE_DEVICE:
        put_device(line, record);
        break;
    case CAPTURE_LINK_UP:
        put_link_up(line, record);
        break;
    case CAPTURE_LINK_DOWN:
        put(line, "#! link down ");
        put_seconds(line, record->at_us);
        break;
    case CAPTURE_CLOCK:
        put(line, "#! clock ");
        put_clock(line, record->clock);
        break;
    case CAPTURE_STREAM:
        put_stream(line, record);
        break;
    case CAPTURE_MARKER:
        put(line, "#! marker %.3f ", record->marker_ms);
        put_text(line, record->label);
        break;
    }
}

size_t capture_format(const struct capture_record *record, char *out)
{
    struct line line = {out, 0};

    put_record(&line, record);
    out[line.len++] = '\n';
    out[line.len] = '\0';
    return line.len;
}
