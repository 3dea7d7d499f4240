#include "teller.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pipeline/pipeline.h"
#include "protocol/message.h"

#define DEVICE_SIZE 32

struct teller {
    char device[DEVICE_SIZE];
    unsigned kinds;
    struct pipeline_config config;
    struct pipeline *pipeline; /* NULL before a segment's head */
    struct json json;
    struct buffer told[PUBLISH_COUNT];
    struct vitals vitals;
    bool heard;
    bool warned;
    /* Each segment's times are its own: this is its second 0 on the pipeline's. */
    int64_t origin_us;
    struct clock_anchor anchor; /* of the connection, on the pipeline's time */
    bool linked;
    uint64_t next;  /* the first record after those taken */
    bool continues; /* in a segment's head: it goes on with that record, in the same connection */
    bool unknown;   /* the segment is of a kind of band that isn't known here */
    struct capture_record record;
    char line[CAPTURE_LINE_MAX + 1];
};

/* ---- what the pipeline tells */

static void tell_line(struct teller *teller, enum publication kind)
{
    struct buffer *told = &teller->told[kind];

    buffer_add(told, teller->json.text, teller->json.len);
    buffer_add(told, "\n", 1);
    if (told->failed)
        abort();
}

static void on_samples(void *user, const struct sample_block *block)
{
    struct teller *teller = user;

    if (!teller->heard)
        return;
    message_raw(&teller->json, teller->device, MESSAGE_UNNUMBERED, block);
    tell_line(teller, PUBLISH_SAMPLES);
}

static bool is_heard(void *user, enum sensor sensor)
{
    (void)sensor;
    return ((struct teller *)user)->heard;
}

static void tell_features(struct teller *teller, enum sensor sensor, const void *features)
{
    if (!teller->heard)
        return;
    message_processed(&teller->json, teller->device, MESSAGE_UNNUMBERED, sensor, features);
    tell_line(teller, PUBLISH_PROCESSED);
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    struct teller *teller = user;

    tell_features(teller, SENSOR_EEG, features);
    teller->vitals.has_contact = teller->vitals.contact = true;
    for (size_t i = 0; i < EEG_CHANNELS; i++)
        teller->vitals.contact = teller->vitals.contact && !features->leadoff[i];
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    struct teller *teller = user;

    tell_features(teller, SENSOR_PPG, features);
    teller->vitals.has_bpm = true;
    teller->vitals.bpm = features->bpm;
}

static void on_acc(void *user, const struct acc_features *features)
{
    tell_features(user, SENSOR_ACC, features);
}

static void make_pipeline(struct teller *teller)
{
    const struct pipeline_listener listener = {
        .user = teller,
        .samples = teller->kinds & PUBLISH_BIT(PUBLISH_SAMPLES) ? on_samples : NULL,
        .wants_features = is_heard,
        .eeg = on_eeg,
        .ppg = on_ppg,
        .acc = on_acc,
    };

    teller->pipeline = pipeline_create(&teller->config, &listener);
    if (!teller->pipeline)
        abort();
}

/* ---- lines */

static void link_up(struct teller *teller)
{
    teller->linked = true;
    teller->anchor = teller->record.anchor;
    teller->anchor.boot_us += teller->origin_us;
    pipeline_link_up(teller->pipeline, teller->anchor);
}

/*
 * Where a segment's second 0 is, its anchor tells: within a connection that is the same instant.
 * Another connection's times begin anew, for nothing in the pipeline outlasts one but the clock,
 * and its state is in the head.
 */
static void begin_link(struct teller *teller)
{
    const struct clock_anchor *anchor = &teller->record.anchor;
    const bool same = teller->linked && anchor->utc_us == teller->anchor.utc_us;

    teller->origin_us = same ? teller->anchor.boot_us - anchor->boot_us : 0;
    teller->continues = teller->continues && same;
    if (!teller->pipeline)
        make_pipeline(teller);
    if (!teller->continues)
        link_up(teller);
}

/* Once a band. */
static void warn(struct teller *teller, const char *why)
{
    if (!teller->warned)
        log_warning("%s: lines of the spool are missing in what is computed: %s", teller->device,
                    why);
    teller->warned = true;
}

static void take_model(struct teller *teller)
{
    teller->config.model = teller->record.model;
    teller->unknown = !teller->record.model;
    if (teller->unknown)
        warn(teller,
             "all are of a kind of band that isn't known here: take a newer linkband-uplink");
}

/* A line of a segment's head. */
static void play_head(struct teller *teller)
{
    const struct capture_record *record = &teller->record;
    const bool is_new = teller->pipeline && !teller->continues && !teller->unknown;

    switch (record->kind) {
    case CAPTURE_START:
        teller->config.model = NULL;
        teller->unknown = false;
        break;
    case CAPTURE_MODEL:
        take_model(teller);
        break;
    case CAPTURE_LINK_UP:
        if (!teller->unknown)
            begin_link(teller);
        break;
    case CAPTURE_CLOCK:
        if (is_new)
            pipeline_clock_load(teller->pipeline, teller->origin_us, record->clock);
        break;
    case CAPTURE_STREAM:
        if (is_new)
            pipeline_stream(teller->pipeline, record->sensors, teller->origin_us);
        break;
    case CAPTURE_NOTHING:
    case CAPTURE_DEVICE:
    case CAPTURE_LINK_DOWN:
    case CAPTURE_MARKER:
    case CAPTURE_PACKET:
        break;
    }
}

static void play_record(struct teller *teller)
{
    struct capture_record *record = &teller->record;

    switch (record->kind) {
    case CAPTURE_PACKET:
        record->packet.arrival_us += teller->origin_us;
        pipeline_packet(teller->pipeline, &record->packet);
        break;
    case CAPTURE_LINK_UP:
        link_up(teller);
        break;
    case CAPTURE_LINK_DOWN:
        teller->linked = false;
        pipeline_link_down(teller->pipeline);
        break;
    case CAPTURE_STREAM:
        pipeline_stream(teller->pipeline, record->sensors, record->at_us + teller->origin_us);
        break;
    case CAPTURE_NOTHING:
    case CAPTURE_START:
    case CAPTURE_MODEL:
    case CAPTURE_DEVICE:
    case CAPTURE_CLOCK:
    case CAPTURE_MARKER:
        break;
    }
}

static void play_line(struct teller *teller, struct segment_place *place, size_t len)
{
    const bool is_record = segment_read(place, teller->line);
    const char *fault =
        strlen(teller->line) == len ? capture_parse(teller->line, &teller->record) : CAPTURE_NULS;

    if (fault)
        warn(teller, fault);
    else if (!is_record)
        play_head(teller);
    else if (teller->pipeline && !teller->unknown)
        play_record(teller);
}

/* ---- in and out */

struct teller *teller_create(const char *device, unsigned kinds, int mains_hz)
{
    struct teller *teller = calloc(1, sizeof(*teller));

    if (!teller)
        return NULL;
    strncpy(teller->device, device, sizeof(teller->device) - 1);
    teller->kinds = kinds;
    teller->config.mains_hz = mains_hz;
    teller->config.with_features = kinds & PUBLISH_BIT(PUBLISH_PROCESSED);
    json_init(&teller->json);
    return teller;
}

void teller_destroy(struct teller *teller)
{
    if (!teller)
        return;
    pipeline_destroy(teller->pipeline);
    json_finish(&teller->json);
    for (int kind = 0; kind < PUBLISH_COUNT; kind++)
        buffer_finish(&teller->told[kind]);
    free(teller);
}

void teller_begin(struct teller *teller)
{
    pipeline_destroy(teller->pipeline);
    teller->pipeline = NULL;
    teller->linked = teller->unknown = false;
    teller->next = 0;
}

void teller_take(struct teller *teller, const struct batch *batch, bool heard)
{
    struct segment_place place = {.numbered = !batch_has_head(batch), .next = batch->first};
    const char *line = batch->text.data, *end = line + batch->text.len;

    teller->heard = heard;
    teller->vitals = (struct vitals){0};
    teller->continues = batch->first == teller->next;
    teller->told[PUBLISH_SAMPLES].len = teller->told[PUBLISH_PROCESSED].len = 0;
    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const size_t len = (size_t)(newline + 1 - line);
        if (len <= CAPTURE_LINE_MAX) {
            memcpy(teller->line, line, len);
            teller->line[len] = '\0';
            play_line(teller, &place, len);
        }
        line += len;
    }
    teller->next = batch->last + 1;
}

const struct buffer *teller_told(const struct teller *teller, enum publication kind)
{
    return &teller->told[kind];
}

const struct vitals *teller_vitals(const struct teller *teller)
{
    return &teller->vitals;
}
