#include "app/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lines.h"
#include "app/recorded.h"
#include "band/capture.h"
#include "record/playback.h"
#include "record/session.h"

struct process {
    struct lines lines;
    const char *path;
    int64_t start_utc_us;
    unsigned long faults; /* lines that could not be read */
};

static void take_device(void *user, const struct capture_record *record)
{
    struct process *process = user;

    if (record->kind == CAPTURE_DEVICE && record->device.name[0])
        memcpy(process->lines.device_id, record->device.name, sizeof(process->lines.device_id));
}

static void tell_bad_line(void *user, uint64_t number, const char *fault)
{
    struct process *process = user;

    process->faults++;
    fprintf(stderr, "linkbandd: %s, line %llu: %s; the line is left out\n", process->path,
            (unsigned long long)number, fault);
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

static bool play(struct process *process, FILE *file, int mains_hz)
{
    const struct pipeline_config config = {.mains_hz = mains_hz, .with_features = true};
    const struct playback_listener listener = {.pipeline = lines_listener(&process->lines, true),
                                               .record = take_device,
                                               .bad_line = tell_bad_line,
                                               .user = process};
    struct playback_summary summary;
    struct failure failure;

    if (playback_run(file, &config, &listener, process->start_utc_us, &summary, &failure))
        return true;
    fprintf(stderr, "linkbandd: %s\n", failure.message);
    return false;
}

static int close_output(const struct process *process)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "linkbandd: the output could not be written: %s\n", strerror(errno));
        return EXIT_FAILURE;
    }
    return process->faults ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool process_one(struct process *process, const char *path, int mains_hz)
{
    FILE *file = fopen(path, "re");

    if (!file) {
        fprintf(stderr, "linkbandd: %s can't be opened: %s\n", path, strerror(errno));
        return false;
    }
    process->path = path;
    lines_init(&process->lines, stdout);
    const bool played = play(process, file, mains_hz);
    lines_finish(&process->lines);
    fclose(file);
    return played;
}

int process_run(const struct options *options)
{
    struct process process = {0};
    char paths[SESSION_BANDS_MAX][DIRECTORY_PATH_MAX];
    bool played = true;

    if (!set_start(&process, options->start))
        return EXIT_FAILURE;
    const size_t count = recorded_captures(options, options->capture, paths, SESSION_BANDS_MAX);
    for (size_t i = 0; played && i < count; i++)
        played = process_one(&process, paths[i], options_mains_hz(options));
    const int status = close_output(&process);
    return played ? status : EXIT_FAILURE;
}
