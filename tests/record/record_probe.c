/*
 * Records a capture through the real pipeline and recorder into a directory, without a daemon:
 *
 *     record_probe CAPTURE DATA_DIR [--pace X] [--seconds S] [--rate HZ] [--sensors a,b] [--name N]
 *     record_probe --repair DATA_DIR
 *     record_probe --export SESSION_DIR FORMAT OUT_DIR
 *
 * Without --pace packets come as fast as they can. Says on stdout, a line each, what the listener
 * was told; `packet N` after each 100 packets handed over, so that a killer knows what was sent.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "band/capture.h"
#include "base/now.h"
#include "record/export.h"
#include "record/recorder.h"

struct probe {
    uv_loop_t loop;
    uv_timer_t feed;
    struct recorder *recorder;
    struct pipeline *pipeline;
    FILE *capture;
    struct recording_request request;
    double pace, seconds;
    int64_t base_us, first_at_us;
    bool pending, stopping, failed;
    struct capture_record record;
    uint64_t packets, samples[SENSOR_COUNT];
};

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

static void on_block(void *user, const struct sample_block *block)
{
    struct probe *probe = user;

    probe->samples[block->samples.sensor] += block->samples.count;
    recorder_samples(probe->recorder, 0, block);
}

static bool next_packet(struct probe *probe)
{
    char line[CAPTURE_LINE_MAX + 1];

    while (fgets(line, sizeof(line), probe->capture)) {
        if (!capture_parse(line, &probe->record) && probe->record.kind == CAPTURE_PACKET)
            return true;
    }
    return false;
}

static void stop_feeding(struct probe *probe)
{
    uv_timer_stop(&probe->feed);
    probe->stopping = true;
    recorder_stop(probe->recorder, RECORDING_END_USER_REQUEST);
}

static void hand_over(struct probe *probe)
{
    struct packet packet = probe->record.packet;

    packet.arrival_us = probe->base_us + probe->record.at_us - probe->first_at_us;
    recorder_packet(probe->recorder, 0, &packet);
    pipeline_packet(probe->pipeline, &packet);
    if (++probe->packets % 100 == 0) {
        printf("packet %llu\n", (unsigned long long)probe->packets);
        fflush(stdout);
    }
    if (probe->packets == 20)
        recorder_marker(probe->recorder, RECORDER_ALL_BANDS,
                        pipeline_utc_ms(probe->pipeline, packet.arrival_us),
                        "eyes \"closed\", ünïcode");
}

/* A batch a turn: the loop must run for the writer's jobs and the timers. */
static void on_feed(uv_timer_t *timer)
{
    struct probe *probe = timer->data;

    for (int i = 0; i < 200; i++) {
        if (!probe->pending && !next_packet(probe)) {
            stop_feeding(probe);
            return;
        }
        double at = (double)(probe->record.at_us - probe->first_at_us) / 1e6;
        double now = (double)(now_boot_us() - probe->base_us) / 1e6;
        if (probe->seconds > 0 && at > probe->seconds) {
            stop_feeding(probe);
            return;
        }
        probe->pending = probe->pace > 0 && at > now * probe->pace;
        if (probe->pending)
            return;
        hand_over(probe);
    }
}

static void begin(struct probe *probe)
{
    struct clock_anchor anchor;
    struct failure failure;

    if (!next_packet(probe))
        exit(2);
    probe->pending = true;
    probe->first_at_us = probe->record.at_us;
    anchor = (struct clock_anchor){now_boot_us(), now_utc_us()};
    pipeline_link_up(probe->pipeline, anchor);
    pipeline_stream(probe->pipeline, SENSOR_SET_ALL, 0);
    struct recording_band band = {.name = "LXB-00000000",
                                  .address = "AA:BB:CC:DD:EE:FF",
                                  .firmware = "",
                                  .anchor = anchor,
                                  .eeg_rate = 0,
                                  .flowing = SENSOR_SET_ALL,
                                  .battery = 57,
                                  .pipeline = probe->pipeline};
    if (!recorder_start(probe->recorder, &probe->request, &band, 1, &failure)) {
        printf("start_failed %s\n", failure.message);
        exit(3);
    }
    probe->base_us = now_boot_us();
    uv_timer_start(&probe->feed, on_feed, 0, 1);
}

static void on_started(void *user, const struct recorder_status *status)
{
    (void)user;
    printf("started %s\n", status->session_id);
    fflush(stdout);
}

static void on_done(void *user)
{
    struct probe *probe = user;

    uv_close((uv_handle_t *)&probe->feed, NULL);
}

static void on_start_failed(void *user, const struct failure *failure)
{
    struct probe *probe = user;

    printf("start_failed %s\n", failure->message);
    probe->failed = true;
    uv_timer_stop(&probe->feed);
    recorder_shutdown(probe->recorder, on_done, probe);
}

static void on_failed(void *user, const struct failure *failure)
{
    struct probe *probe = user;

    printf("failed %s\n", failure->message);
    fflush(stdout);
    probe->failed = true;
}

static void on_stopped(void *user, enum recording_end reason, const struct recorder_status *status)
{
    struct probe *probe = user;

    printf("stopped %s", recording_end_name(reason));
    for (int i = 0; i < SENSOR_COUNT; i++)
        printf(" %s=%llu/%llu", sensor_name(i), (unsigned long long)status->samples[i],
               (unsigned long long)status->lost[i]);
    say("");
    uv_timer_stop(&probe->feed);
    if (probe->failed || !(status->formats & FORMAT_BDF))
        recorder_shutdown(probe->recorder, on_done, probe);
}

static void on_file(void *user, const char *session_id, const char *file,
                    const struct failure *failure)
{
    struct probe *probe = user;

    printf("file %s %s %s\n", session_id, file, failure ? failure->message : "ready");
    fflush(stdout);
    if (probe->stopping)
        recorder_shutdown(probe->recorder, on_done, probe);
}

static void on_low(void *user, uint64_t free_bytes, double minutes)
{
    (void)user;
    printf("storage_low %llu %.2f\n", (unsigned long long)free_bytes, minutes);
    fflush(stdout);
}

static int repair_all(const char *data_dir)
{
    char id[SESSION_ID_SIZE] = "", after[SESSION_ID_SIZE] = "";

    while (session_next_unfinished(data_dir, after, id)) {
        struct failure failure;

        session_finish(data_dir, id, &failure);
        printf("finished %s %s\n", id, failure.message);
        memcpy(after, id, sizeof(after));
    }
    return 0;
}

static sensor_set sensors_of(char *names)
{
    sensor_set set = 0;
    enum sensor sensor;

    for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
        if (sensor_from_name(name, strlen(name), &sensor))
            set |= SENSOR_BIT(sensor);
    }
    return set;
}

static void take_options(struct probe *probe, int argc, char **argv)
{
    for (int i = 0; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--pace") == 0)
            probe->pace = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--seconds") == 0)
            probe->seconds = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--rate") == 0)
            probe->request.sample_rate = (int)strtol(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--name") == 0)
            probe->request.about.session_name = argv[i + 1];
        else if (strcmp(argv[i], "--sensors") == 0)
            probe->request.sensors = sensors_of(argv[i + 1]);
        else if (strcmp(argv[i], "--no-bdf") == 0)
            probe->request.formats = FORMAT_CSV;
    }
}

static int record_capture(int argc, char **argv)
{
    static struct probe probe;
    struct pipeline_config config = {.mains_hz = 50, .with_features = false};
    struct pipeline_listener heard = {.user = &probe, .samples = on_block};
    struct recorder_listener listener = {.user = &probe,
                                         .started = on_started,
                                         .start_failed = on_start_failed,
                                         .failed = on_failed,
                                         .stopped = on_stopped,
                                         .file = on_file,
                                         .storage_low = on_low};
    struct failure failure;

    probe.request.sensors = SENSOR_SET_ALL;
    take_options(&probe, argc - 3, argv + 3);
    probe.capture = fopen(argv[1], "r");
    uv_loop_init(&probe.loop);
    uv_timer_init(&probe.loop, &probe.feed);
    probe.feed.data = &probe;
    probe.pipeline = pipeline_create(&config, &heard);
    probe.recorder = recorder_create(
        &probe.loop, &(struct recorder_config){.data_dir = argv[2], .backend = "replayed"},
        &listener, &failure);
    if (!probe.capture || !probe.pipeline || !probe.recorder) {
        printf("start_failed %s\n", failure.message);
        return 2;
    }
    begin(&probe);
    uv_run(&probe.loop, UV_RUN_DEFAULT);
    uv_loop_close(&probe.loop);
    pipeline_destroy(probe.pipeline);
    fclose(probe.capture);
    return probe.failed;
}

int main(int argc, char **argv)
{
    struct failure failure;

    if (argc == 3 && strcmp(argv[1], "--repair") == 0)
        return repair_all(argv[2]);
    if (argc == 5 && strcmp(argv[1], "--export") == 0) {
        bool done = export_session(argv[2], argv[3], argv[4], NULL, &failure);
        puts(done ? "exported" : failure.message);
        return !done;
    }
    if (argc < 3) {
        fputs("usage: record_probe CAPTURE DATA_DIR [options]\n", stderr);
        return 2;
    }
    return record_capture(argc, argv);
}
