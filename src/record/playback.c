#include "record/playback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct playback {
    struct pipeline *pipeline; /* NULL until something of the band comes */
    struct pipeline_config config;
    bool unknown;   /* it is of a kind of band that isn't known here */
    bool no_memory; /* there is none for a pipeline */
    const struct playback_listener *listener;
    struct playback_summary *summary;
    struct capture_record record;
    bool linked;    /* a `#! link up` was seen: version 2 */
    bool streaming; /* a `#! stream` was seen */
    char line[CAPTURE_LINE_MAX + 1];
};

/* Version 1 tells nothing of the link: it is up from the start. What is told nowhere is on. */
static void begin_untold(struct playback *playback)
{
    if (!playback->linked)
        pipeline_link_up(playback->pipeline,
                         (struct clock_anchor){.utc_us = playback->summary->start_utc_us});
    if (!playback->streaming)
        pipeline_stream(playback->pipeline, SENSOR_SET_ALL, 0);
    playback->linked = playback->streaming = true;
}

/* Made once the capture's head has told for which kind of band. */
static bool has_pipeline(struct playback *playback)
{
    if (!playback->pipeline)
        playback->pipeline = pipeline_create(&playback->config, &playback->listener->pipeline);
    playback->no_memory = !playback->pipeline;
    return playback->pipeline;
}

static const char *take_model(struct playback *playback)
{
    if (playback->pipeline)
        return "the band's model stands in the head only";
    playback->unknown = !playback->record.model;
    playback->config.model = playback->record.model;
    return NULL;
}

/* NULL, or what of it can't be used. */
static const char *play_band(struct playback *playback)
{
    const struct capture_record *record = &playback->record;
    struct playback_summary *summary = playback->summary;

    switch (record->kind) {
    case CAPTURE_PACKET:
        begin_untold(playback);
        pipeline_packet(playback->pipeline, &record->packet);
        break;
    case CAPTURE_LINK_UP:
        playback->linked = true;
        pipeline_link_up(playback->pipeline, record->anchor);
        break;
    case CAPTURE_LINK_DOWN:
        pipeline_link_down(playback->pipeline);
        break;
    case CAPTURE_CLOCK:
        return pipeline_clock_load(playback->pipeline, 0, record->clock)
                   ? NULL
                   : "the clock's state is none that can be read: times settle anew";
    case CAPTURE_STREAM:
        playback->streaming = true;
        pipeline_stream(playback->pipeline, record->sensors, record->at_us);
        break;
    case CAPTURE_NOTHING:
    case CAPTURE_START:
    case CAPTURE_MODEL:
    case CAPTURE_DEVICE:
    case CAPTURE_MARKER:
        return NULL;
    }
    if (record->at_us > summary->last_at_us)
        summary->last_at_us = record->at_us;
    return NULL;
}

static const char *play_record(struct playback *playback)
{
    switch (playback->record.kind) {
    case CAPTURE_NOTHING:
    case CAPTURE_DEVICE:
    case CAPTURE_MARKER:
        return NULL;
    case CAPTURE_START:
        playback->summary->start_utc_us = playback->record.utc_us;
        return NULL;
    case CAPTURE_MODEL:
        return take_model(playback);
    case CAPTURE_PACKET:
    case CAPTURE_LINK_UP:
    case CAPTURE_LINK_DOWN:
    case CAPTURE_CLOCK:
    case CAPTURE_STREAM:
        break;
    }
    return has_pipeline(playback) ? play_band(playback) : NULL;
}

/* What fgets() gave ends with a newline, at the file's end or where the buffer is full; else it
 * holds a NUL, and what is before it is no line. */
static bool is_text(const struct playback *playback, FILE *file)
{
    const size_t len = strlen(playback->line);

    return (len > 0 && playback->line[len - 1] == '\n') || len == sizeof(playback->line) - 1 ||
           feof(file);
}

static const char *play_line(struct playback *playback, FILE *file)
{
    const struct playback_listener *listener = playback->listener;
    const char *fault =
        is_text(playback, file) ? capture_parse(playback->line, &playback->record) : CAPTURE_NULS;

    if (fault)
        return fault;
    if (listener->record)
        listener->record(listener->user, &playback->record);
    return play_record(playback);
}

static void note_fault(struct playback *playback, const char *fault, bool torn)
{
    struct playback_summary *summary = playback->summary;

    if (playback->listener->bad_line)
        playback->listener->bad_line(playback->listener->user, summary->lines, fault);
    if (torn || summary->bad_lines++ > 0)
        return;
    summary->first_bad = summary->lines;
    summary->fault = fault;
}

static void play_lines(struct playback *playback, FILE *file)
{
    while (!playback->unknown && !playback->no_memory &&
           fgets(playback->line, sizeof(playback->line), file)) {
        /* The end is met while a line is read only where that has no end of its own. */
        const bool torn = feof(file);
        playback->summary->lines++;
        const char *fault = play_line(playback, file);
        if (fault)
            note_fault(playback, fault, torn);
    }
    if (has_pipeline(playback))
        pipeline_link_down(playback->pipeline);
}

static bool went_through(const struct playback *playback, FILE *file, struct failure *failure)
{
    if (playback->no_memory)
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
    else if (playback->unknown)
        failure_set(failure, ERROR_RECORDING,
                    "The capture is of a kind of band that this linkbandd doesn't know: take a "
                    "newer one");
    else if (ferror(file))
        failure_set(failure, ERROR_RECORDING, "Can't read the packets: %s", strerror(errno));
    else
        return true;
    return false;
}

bool playback_run(FILE *file, const struct pipeline_config *config,
                  const struct playback_listener *listener, int64_t start_utc_us,
                  struct playback_summary *summary, struct failure *failure)
{
    struct playback *playback = calloc(1, sizeof(*playback));

    *summary = (struct playback_summary){.start_utc_us = start_utc_us};
    if (!playback) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
        return false;
    }
    playback->config = *config;
    playback->listener = listener;
    playback->summary = summary;
    play_lines(playback, file);
    summary->eeg_rate = playback->pipeline ? pipeline_eeg_rate(playback->pipeline) : 0;
    const bool done = went_through(playback, file, failure);
    pipeline_destroy(playback->pipeline);
    free(playback);
    return done;
}

void playback_warn(const struct playback_summary *summary, const char *session_id)
{
    if (summary->bad_lines > 0)
        log_warning("session %s: " PLAYBACK_BAD_LINES, session_id, PLAYBACK_BAD_LINES_OF(summary));
}
