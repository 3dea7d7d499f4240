#include "status.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "band/capture.h"

#define LINE_SIZE 128 /* of those that are looked at */

/* Packets of samples are not: there are many, and they tell no more than that the link is up. */
static bool is_telling(const char *line, size_t len)
{
    if (line[0] == '#')
        return strncmp(line, "#! link ", 8) == 0 || strncmp(line, "#! model ", 9) == 0;
    const char *sensor = memchr(line, ' ', len);
    return sensor && strncmp(sensor, " bat ", 5) == 0;
}

static void take_packet(struct status *status, const struct packet *packet)
{
    const struct band_model *model = status->model ? status->model : model_default();
    struct samples samples;

    if (packet->sensor != SENSOR_BAT || packet_check(model, packet) != PACKET_OK ||
        packet_decode(model, packet, &samples) != PACKET_OK)
        return;
    status->has_level = true;
    status->level = samples.level;
}

static void forget(struct status *status)
{
    status->has_level = false;
    status->contact_holds = status->bpm_holds = 0;
}

static void take_record(struct status *status, const struct capture_record *record)
{
    switch (record->kind) {
    case CAPTURE_MODEL:
        status->model = record->model;
        break;
    case CAPTURE_LINK_UP:
        status->link = STATUS_LINK_UP;
        break;
    case CAPTURE_LINK_DOWN:
        status->link = STATUS_LINK_DOWN;
        forget(status);
        break;
    case CAPTURE_PACKET:
        take_packet(status, &record->packet);
        break;
    case CAPTURE_NOTHING:
    case CAPTURE_START:
    case CAPTURE_DEVICE:
    case CAPTURE_CLOCK:
    case CAPTURE_STREAM:
    case CAPTURE_MARKER:
        break;
    }
}

static void take_line(struct status *status, const char *line, size_t len)
{
    struct capture_record record;
    char copy[LINE_SIZE];

    if (isdigit((unsigned char)line[0]))
        status->link = STATUS_LINK_UP;
    if (len >= sizeof(copy) || !is_telling(line, len))
        return;
    memcpy(copy, line, len);
    copy[len] = '\0';
    if (!capture_parse(copy, &record))
        take_record(status, &record);
}

void status_take(struct status *status, const struct batch *batch)
{
    const char *line = batch->text.data, *end = line + batch->text.len;

    status->contact_holds -= status->contact_holds > 0;
    status->bpm_holds -= status->bpm_holds > 0;
    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const size_t len = (size_t)(newline + 1 - line);
        take_line(status, line, len);
        line += len;
    }
}

void status_hear(struct status *status, const struct vitals *vitals)
{
    const unsigned holds = status->link == STATUS_LINK_UP ? STATUS_HOLDS : 0;

    if (vitals->has_contact) {
        status->vitals.contact = vitals->contact;
        status->contact_holds = holds;
    }
    if (vitals->has_bpm) {
        status->vitals.bpm = vitals->bpm;
        status->bpm_holds = isnan(vitals->bpm) ? 0 : holds;
    }
}

static const char *link_text(enum status_link link)
{
    switch (link) {
    case STATUS_LINK_UP:
        return "\"connected\"";
    case STATUS_LINK_DOWN:
        return "\"disconnected\"";
    case STATUS_LINK_UNKNOWN:
        break;
    }
    return "null";
}

void status_write(const struct status *status, const char *device, char out[STATUS_TEXT_SIZE])
{
    char level[8] = "null", bpm[16] = "null";
    const char *contact = "null";

    if (status->has_level)
        snprintf(level, sizeof(level), "%u", status->level);
    if (status->bpm_holds > 0)
        snprintf(bpm, sizeof(bpm), "%.1f", status->vitals.bpm);
    if (status->contact_holds > 0)
        contact = status->vitals.contact ? "true" : "false";
    snprintf(out, STATUS_TEXT_SIZE,
             "{\"device_id\":\"%s\",\"link\":%s,\"battery\":%s,\"contact\":%s,\"bpm\":%s", device,
             link_text(status->link), level, contact, bpm);
}
