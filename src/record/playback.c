#include "record/playback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

struct playback {
    struct pipeline *pipeline;
    const struct playback_listener *listener;
    struct playback_summary *summary;
    struct capture_record record;
    bool linked; /* a `#! link up` was seen: version 2 */
    char line[CAPTURE_LINE_MAX + 1];
};

/* Version 1 tells nothing of the link: it is up from the start, with all sensors on. */
static void begin_version_1(struct playback *playback)
{
    if (playback->linked)
        return;
    playback->linked = true;
    pipeline_link_up(playback->pipeline,
                     (struct clock_anchor){.utc_us = playback->summary->start_utc_us});
    pipeline_stream(playback->pipeline, SENSOR_SET_ALL, 0);
}

static void note_fault(struct playback_summary *summary, const char *fault)
{
    if (summary->bad_lines++ > 0)
        return;
    summary->first_bad = summary->lines;
    summary->fault = fault;
}

static void play_record(struct playback *playback)
{
    const struct capture_record *record = &playback->record;
    struct playback_summary *summary = playback->summary;

    switch (record->kind) {
    case CAPTURE_PACKET:
        begin_version_1(playback);
        pipeline_packet(playback->pipeline, &record->packet);
        break;
    case CAPTURE_START:
        summary->start_utc_us = record->utc_us;
        return;
    case CAPTURE_LINK_UP:
        playback->linked = true;
        pipeline_link_up(playback->pipeline, record->anchor);
        break;
    case CAPTURE_LINK_DOWN:
        pipeline_link_down(playback->pipeline);
        break;
    case CAPTURE_CLOCK:
        if (!pipeline_clock_load(playback->pipeline, 0, record->clock))
            note_fault(playback->summary,
                       "the clock's state is none that can be read: times are by "
                       "the link's anchor, and settle anew");
        return;
    case CAPTURE_STREAM:
        pipeline_stream(playback->pipeline, record->sensors, record->at_us);
        break;
    default:
        return;
    }
    if (record->at_us > summary->last_at_us)
        summary->last_at_us = record->at_us;
}

bool playback_line_is_text(const char *line, size_t size, FILE *file)
{
    const size_t len = strlen(line);

    return (len > 0 && line[len - 1] == '\n') || len == size - 1 || feof(file);
}

static void play_line(struct playback *playback, FILE *file)
{
    struct playback_summary *summary = playback->summary;
    /* The end is met while a line is read only where that has no end of its own. */
    const bool torn = feof(file);

    summary->lines++;
    const char *fault = playback_line_is_text(playback->line, sizeof(playback->line), file)
                            ? capture_parse(playback->line, &playback->record)
                            : PLAYBACK_NULS;
    if (fault && !torn)
        note_fault(summary, fault);
    if (fault)
        return;
    if (playback->listener->record)
        playback->listener->record(playback->listener->user, &playback->record);
    play_record(playback);
}

bool playback_run(FILE *file, const struct pipeline_config *config,
                  const struct playback_listener *listener, struct playback_summary *summary,
                  struct failure *failure)
{
    struct playback *playback = calloc(1, sizeof(*playback));

    *summary = (struct playback_summary){.start_utc_us = CAPTURE_DEFAULT_START_UTC_US};
    if (playback)
        playback->pipeline = pipeline_create(config, &listener->pipeline);
    if (!playback || !playback->pipeline) {
        free(playback);
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
        return false;
    }
    playback->listener = listener;
    playback->summary = summary;
    while (fgets(playback->line, sizeof(playback->line), file))
        play_line(playback, file);
    pipeline_link_down(playback->pipeline);
    summary->eeg_rate = pipeline_eeg_rate(playback->pipeline);
    pipeline_destroy(playback->pipeline);
    free(playback);
    if (!ferror(file))
        return true;
    failure_set(failure, ERROR_RECORDING, "Can't read the packets: %s", strerror(errno));
    return false;
}

void playback_warn(const struct playback_summary *summary, const char *session_id)
{
    if (summary->bad_lines > 0)
        log_warning("Session %s: " PLAYBACK_BAD_LINES, session_id, PLAYBACK_BAD_LINES_OF(summary));
}
