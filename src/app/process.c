#include "app/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "band/capture.h"
#include "pipeline/pipeline.h"
#include "protocol/message.h"

struct process {
    struct pipeline *pipeline;
    struct json json;
    char device_id[32];
    uint64_t raw[SENSOR_COUNT], processed[SENSOR_COUNT]; /* sequence numbers */
    int64_t start_utc_us;
    bool linked;
    unsigned long faults; /* lines that could not be read */
};

static void print_line(const struct process *process)
{
    fwrite(process->json.text, 1, process->json.len, stdout);
    putchar('\n');
}

static void on_samples(void *user, const struct sample_block *block)
{
    struct process *process = user;
    uint64_t seq = process->raw[block->samples.sensor]++;

    message_raw(&process->json, process->device_id, seq, block);
    print_line(process);
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    struct process *process = user;

    message_eeg(&process->json, process->device_id, process->processed[SENSOR_EEG]++, features);
    print_line(process);
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    struct process *process = user;

    message_ppg(&process->json, process->device_id, process->processed[SENSOR_PPG]++, features);
    print_line(process);
}

static void on_acc(void *user, const struct acc_features *features)
{
    struct process *process = user;

    message_acc(&process->json, process->device_id, process->processed[SENSOR_ACC]++, features);
    print_line(process);
}

/* A version 1 capture has no link lines: its connection begins with its first packet. */
static void ensure_linked(struct process *process)
{
    if (process->linked)
        return;
    process->linked = true;
    pipeline_link_up(process->pipeline, (struct clock_anchor){0, process->start_utc_us});
}

static void take(struct process *process, const struct capture_record *record)
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
            memcpy(process->device_id, record->device.name, sizeof(process->device_id));
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
            process->faults++;
        break;
    case CAPTURE_STREAM:
        pipeline_stream(process->pipeline, record->sensors | SENSOR_BIT(SENSOR_BAT));
        break;
    case CAPTURE_MARKER:
    case CAPTURE_NOTHING:
        break;
    }
}

static void read_lines(struct process *process, FILE *file, const char *path)
{
    static char line[CAPTURE_LINE_MAX + 1];
    static struct capture_record record;
    unsigned long number = 0;

    while (fgets(line, sizeof(line), file)) {
        number++;
        const char *fault = capture_parse(line, &record);
        if (fault) {
            process->faults++;
            fprintf(stderr, "linkbandd: %s, line %lu: %s; the line is left out\n", path, number,
                    fault);
            continue;
        }
        take(process, &record);
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
    const struct pipeline_listener listener = {
        .user = process, .samples = on_samples, .eeg = on_eeg, .ppg = on_ppg, .acc = on_acc};

    process->pipeline = pipeline_create(&config, &listener);
    if (process->pipeline)
        pipeline_stream(process->pipeline, SENSOR_SET_ALL);
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
    struct process process = {.device_id = CAPTURE_DEFAULT_NAME};

    if (!set_start(&process, options->start))
        return EXIT_FAILURE;
    FILE *file = fopen(options->capture, "re");
    if (!file) {
        fprintf(stderr, "linkbandd: %s can't be opened: %s\n", options->capture, strerror(errno));
        return EXIT_FAILURE;
    }
    int status = EXIT_FAILURE;
    json_init(&process.json);
    if (open_pipeline(&process, options_mains_hz(options))) {
        read_lines(&process, file, options->capture);
        pipeline_destroy(process.pipeline);
        status = close_output(&process);
    }
    json_finish(&process.json);
    fclose(file);
    return status;
}
