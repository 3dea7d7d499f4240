#include "app/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lines.h"
#include "app/recorded.h"
#include "band/capture.h"
#include "pipeline/pipeline.h"
#include "record/playback.h"

struct process {
    struct pipeline *pipeline;
    struct lines lines;
    int64_t start_utc_us;
    bool linked;
    unsigned long faults; /* lines that could not be read */
};

/* A version 1 capture has no link lines: its connection begins with its first packet. */
static void ensure_linked(struct process *process)
{
    if (process->linked)
        return;
    process->linked = true;
    pipeline_link_up(process->pipeline, (struct clock_anchor){0, process->start_utc_us});
}

/* NULL, or what of it can't be used. */
static const char *take(struct process *process, const struct capture_record *record)
{
    switch (record->kind) {
    case CAPTURE_PACKET:
        ensure_linked(process);
        pipeline_time(process->pipeline, record->at_us);
        pipeline_packet(process->pipeline, &record->packet);
        break;
    case CAPTURE_START:
        process->start_utc_us = record->utc_us;
        break;
    case CAPTURE_DEVICE:
        if (record->device.name[0])
            memcpy(process->lines.device_id, record->device.name, sizeof(process->lines.device_id));
        break;
    case CAPTURE_LINK_UP:
        process->linked = true;
        pipeline_link_up(process->pipeline, record->anchor);
        break;
    case CAPTURE_LINK_DOWN:
        pipeline_link_down(process->pipeline);
        break;
    case CAPTURE_CLOCK:
        if (!pipeline_clock_load(process->pipeline, 0, record->clock))
            return "the clock's state is none that can be read: times settle anew";
        break;
    case CAPTURE_STREAM:
        pipeline_stream(process->pipeline, record->sensors | SENSOR_BIT(SENSOR_BAT), record->at_us);
        break;
    case CAPTURE_MARKER:
    case CAPTURE_NOTHING:
        break;
    }
    return NULL;
}

static void read_lines(struct process *process, FILE *file, const char *path)
{
    static char line[CAPTURE_LINE_MAX + 1];
    static struct capture_record record;
    unsigned long number = 0;

    while (fgets(line, sizeof(line), file)) {
        number++;
        const char *fault = playback_line_is_text(line, sizeof(line), file)
                                ? capture_parse(line, &record)
                                : PLAYBACK_NULS;
        if (!fault)
            fault = take(process, &record);
        if (!fault)
            continue;
        process->faults++;
        fprintf(stderr, "linkbandd: %s, line %lu: %s; the line is left out\n", path, number, fault);
    }
    pipeline_link_down(process->pipeline);
}

/* --start wins over the default, not over a capture's own start. */
static bool set_start(struct process *process, const char *start)
{
    char line[128];
    static struct capture_record record;

    process->start_utc_us = CAPTURE_DEFAULT_START_UTC_US;
    if (!start)
        return true;
    snprintf(line, sizeof(line), "#! start %s", start);
    if (capture_parse(line, &record) || record.kind != CAPTURE_START) {
        fprintf(stderr,
                "linkbandd: --start %.60s is no time; write it like 2026-01-31T12:00:00.000000Z\n",
                start);
        return false;
    }
    process->start_utc_us = record.utc_us;
    return true;
}

static bool open_pipeline(struct process *process, int mains_hz)
{
    const struct pipeline_config config = {.mains_hz = mains_hz, .with_features = true};
    const struct pipeline_listener listener = lines_listener(&process->lines, true);

    process->pipeline = pipeline_create(&config, &listener);
    if (process->pipeline)
        pipeline_stream(process->pipeline, SENSOR_SET_ALL, 0);
    return process->pipeline != NULL;
}

static int close_output(const struct process *process)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "linkbandd: the output could not be written: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    return process->faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

int process_run(const struct options *options)
{
    struct process process = {0};
    char path[DIRECTORY_PATH_MAX];

    if (!set_start(&process, options->start))
        return EXIT_FAILURE;
    recorded_capture(options, options->capture, path);
    FILE *file = fopen(path, "re");
    if (!file) {
        fprintf(stderr, "linkbandd: %s can't be opened: %s\n", path, strerror(errno));
        return EXIT_FAILURE;
    }
    int status = EXIT_FAILURE;
    lines_init(&process.lines, stdout);
    if (open_pipeline(&process, options_mains_hz(options))) {
        read_lines(&process, file, path);
        pipeline_destroy(process.pipeline);
        status = close_output(&process);
    }
    lines_finish(&process.lines);
    fclose(file);
    return status;
}
