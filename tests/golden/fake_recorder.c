#include "fake_recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/now.h"

#define STEP_US 20000 /* of the disk */
#define SESSION "20251124T161640Z_walk"

enum asked { ASKED_NOTHING, ASKED_LIST, ASKED_DELETE };

struct recorder {
    struct recorder_listener listener;
    struct recorder_status status;
    bool refuses, starting, ending;
    int64_t due_us, end_us, origin_us;
    enum recording_end reason;
    unsigned here; /* a bit a place: the bands that are recorded */
    uint32_t sum;
    unsigned packets, blocks, processed, markers, links;
    enum asked asked; /* one at a time; one more is BUSY */
    int64_t answer_us;
    recorder_listed listed;
    recorder_deleted deleted;
    void *user;
    char id[SESSION_ID_SIZE];
};

struct recorder *fake_recorder_create(const struct recorder_listener *listener)
{
    struct recorder *recorder = calloc(1, sizeof(*recorder));

    if (!recorder)
        abort();
    recorder->listener = *listener;
    recorder->due_us = recorder->end_us = recorder->answer_us = INT64_MAX;
    return recorder;
}

void fake_recorder_destroy(struct recorder *recorder)
{
    free(recorder);
}

void fake_recorder_refuse(struct recorder *recorder)
{
    recorder->refuses = true;
}

static void take(struct recorder *recorder, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        recorder->sum = (recorder->sum ^ ((const uint8_t *)bytes)[i]) * UINT32_C(16777619);
}

static void take_number(struct recorder *recorder, int64_t number)
{
    take(recorder, &number, sizeof(number));
}

void fake_recorder_taken(const struct recorder *recorder, char *text, size_t size)
{
    snprintf(text, size, "%u packets, %u blocks, %u processed, %u markers, %u of the link, %08x",
             recorder->packets, recorder->blocks, recorder->processed, recorder->markers,
             recorder->links, recorder->sum);
}

/* ---- its time */

static int64_t first(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t fake_recorder_due(const struct recorder *recorder)
{
    return first(first(recorder->due_us, recorder->end_us), recorder->answer_us);
}

static void answer(struct recorder *recorder)
{
    static const struct session_summary sessions[] = {
        {.id = "20251123T080910Z_rest",
         .name = "Rest",
         .state = SESSION_COMPLETE,
         .start_utc_us = INT64_C(1763885350123456),
         .duration = 61.25,
         .bytes = 1234567,
         .sensors = 15,
         .files = {true, true, true}},
        {.id = "20251122T070809Z",
         .problem = "the disk was full",
         .state = SESSION_INTERRUPTED,
         .start_utc_us = INT64_C(1763795289000000),
         .sensors = 1},
    };
    const struct failure unknown = {.code = ERROR_INVALID_PARAMETERS};
    const enum asked asked = recorder->asked;

    recorder->asked = ASKED_NOTHING;
    recorder->answer_us = INT64_MAX;
    if (asked == ASKED_LIST)
        recorder->listed(recorder->user, sessions, 2, false);
    else
        recorder->deleted(recorder->user, recorder->id,
                          strcmp(recorder->id, sessions[0].id) == 0 ? NULL : &unknown);
}

static void finish_step(struct recorder *recorder)
{
    const struct recorder_listener *up = &recorder->listener;
    struct failure failure;

    recorder->due_us = INT64_MAX;
    if (recorder->starting && recorder->refuses) {
        recorder->starting = recorder->refuses = recorder->ending = recorder->status.is_recording =
            false;
        recorder->end_us = INT64_MAX;
        up->start_failed(up->user, failure_set(&failure, ERROR_RECORDING, "The disk is full"));
        return;
    }
    if (recorder->starting) {
        recorder->starting = false;
        if (recorder->ending)
            recorder->due_us = now_boot_us() + STEP_US;
        up->started(up->user, recorder_status(recorder));
        return;
    }
    recorder->ending = false;
    up->stopped(up->user, recorder->reason, recorder_status(recorder));
    up->file(up->user, SESSION, session_file_name(FILE_BDF), NULL);
}

void fake_recorder_wake(struct recorder *recorder)
{
    if (recorder->end_us <= now_boot_us())
        recorder_stop(recorder, RECORDING_END_DURATION);
    if (recorder->due_us <= now_boot_us())
        finish_step(recorder);
    if (recorder->answer_us <= now_boot_us())
        answer(recorder);
}

void fake_recorder_fail(struct recorder *recorder)
{
    const struct recorder_listener *up = &recorder->listener;
    struct failure failure;

    if (recorder->starting || !recorder->status.is_recording)
        return;
    recorder->status.duration = (double)(now_boot_us() - recorder->origin_us) / 1e6;
    recorder->status.is_recording = false;
    recorder->end_us = INT64_MAX;
    up->storage_low(up->user, 1234567, 0.5);
    up->failed(up->user, failure_set(&failure, ERROR_RECORDING, "The disk is full"));
    up->stopped(up->user, RECORDING_END_ERROR, recorder_status(recorder));
}

/* ---- recorder.h */

const char *recording_end_name(enum recording_end reason)
{
    static const char *const names[] = {"user_request", "duration", "device_disconnected", "error",
                                        "shutdown"};

    return names[reason];
}

bool recorder_start(struct recorder *recorder, const struct recording_request *request,
                    const struct recording_band *bands, size_t count, struct failure *failure)
{
    const struct recording_band *band = &bands[0];
    struct recorder_status *status = &recorder->status;

    if (status->is_recording || recorder->ending) {
        failure_set(failure, ERROR_BUSY, "Session %s is being recorded: stop it first", SESSION);
        return false;
    }
    *status = (struct recorder_status){.is_recording = true,
                                       .sensors = request->sensors,
                                       .formats = request->formats ? request->formats
                                                                   : FORMAT_CSV | FORMAT_BDF,
                                       .since_utc_us = now_utc_us()};
    snprintf(status->session_id, sizeof(status->session_id), "%s", SESSION);
    snprintf(status->session_name, sizeof(status->session_name), "%s",
             request->about.session_name ? request->about.session_name : "");
    snprintf(status->path, sizeof(status->path), "/data/%s", SESSION);
    recorder->here = 0;
    for (size_t i = 0; i < count; i++) {
        struct recorded_band *of = &status->bands[status->band_count++];
        snprintf(of->device_id, sizeof(of->device_id), "%s", bands[i].name);
        snprintf(of->path, sizeof(of->path), "%s", status->path);
        of->sensors = request->sensors;
        recorder->here |= 1u << bands[i].device;
    }
    recorder->sum = UINT32_C(2166136261);
    recorder->packets = recorder->blocks = recorder->processed = recorder->markers =
        recorder->links = 0;
    take(recorder, band->name, strlen(band->name));
    take_number(recorder, band->eeg_rate * 1000 + band->flowing * 128 + band->battery);
    recorder->origin_us = now_boot_us();
    recorder->starting = true;
    recorder->due_us = recorder->origin_us + STEP_US;
    recorder->end_us = request->duration > 0
                           ? recorder->origin_us + (int64_t)(request->duration * 1e6)
                           : INT64_MAX;
    return true;
}

void recorder_stop(struct recorder *recorder, enum recording_end reason)
{
    if (!recorder->status.is_recording)
        return;
    recorder->status.duration = (double)(now_boot_us() - recorder->origin_us) / 1e6;
    recorder->status.is_recording = false;
    recorder->ending = true;
    recorder->reason = reason;
    recorder->end_us = INT64_MAX;
    if (!recorder->starting)
        recorder->due_us = now_boot_us() + STEP_US;
}

bool recorder_is_recording(const struct recorder *recorder)
{
    return recorder->status.is_recording;
}

bool recorder_is_ending(const struct recorder *recorder)
{
    return recorder->ending;
}

void recorder_let_go(struct recorder *recorder, unsigned device)
{
    const bool had = recorder->here & 1u << device;

    recorder->here &= ~(1u << device);
    if (had && !recorder->here)
        recorder_stop(recorder, RECORDING_END_DEVICE_DISCONNECTED);
}

/* Each keeps its place. */
int recorder_band_number(const struct recorder *recorder, unsigned device)
{
    return recorder->status.is_recording ? (int)device : -1;
}

bool recorder_wants_processed(const struct recorder *recorder, unsigned device, enum sensor sensor)
{
    (void)device;
    return recorder->status.is_recording && recorder->status.formats & FORMAT_JSONL &&
           recorder->status.sensors & SENSOR_BIT(sensor);
}

const struct recorder_status *recorder_status(struct recorder *recorder)
{
    struct recorder_status *status = &recorder->status;

    if (status->is_recording)
        status->duration = (double)(now_boot_us() - recorder->origin_us) / 1e6;
    return status;
}

void recorder_link_up(struct recorder *recorder, unsigned device, const struct clock_anchor *anchor)
{
    if (!recorder->status.is_recording)
        return;
    recorder->here |= 1u << device;
    recorder->links++;
    take_number(recorder, anchor->boot_us);
}

void recorder_link_down(struct recorder *recorder, unsigned device, int64_t boot_us)
{
    (void)device;
    if (!recorder->status.is_recording)
        return;
    recorder->links++;
    take_number(recorder, boot_us);
}

void recorder_subscription(struct recorder *recorder, unsigned device, sensor_set sensors)
{
    (void)device;
    if (recorder->status.is_recording)
        take_number(recorder, sensors);
}

void recorder_packet(struct recorder *recorder, unsigned device, const struct packet *packet)
{
    (void)device;
    if (!recorder->status.is_recording)
        return;
    recorder->packets++;
    recorder->status.bytes += packet->len;
    take_number(recorder, packet->arrival_us);
    take(recorder, packet->bytes, packet->len);
}

void recorder_samples(struct recorder *recorder, unsigned device, const struct sample_block *block)
{
    (void)device;
    const enum sensor sensor = block->samples.sensor;

    if (!recorder->status.is_recording)
        return;
    recorder->blocks++;
    recorder->status.samples[sensor] += block->samples.count;
    recorder->status.bands[0].samples[sensor] += block->samples.count;
    take_number(recorder, (int64_t)block->samples.count * SENSOR_COUNT + sensor);
}

void recorder_processed(struct recorder *recorder, unsigned device, enum sensor sensor,
                        const char *text, size_t len)
{
    (void)device;
    (void)sensor;
    recorder->processed++;
    take(recorder, text, len);
}

void recorder_marker(struct recorder *recorder, unsigned device, double ms, const char *label)
{
    (void)device;
    if (!recorder->status.is_recording)
        return;
    recorder->markers++;
    take_number(recorder, (int64_t)(ms * 1000));
    take(recorder, label, strlen(label));
}

static bool ask(struct recorder *recorder, enum asked asked, void *user, struct failure *failure)
{
    if (recorder->asked != ASKED_NOTHING) {
        failure_set(failure, ERROR_BUSY, "Much is asked of the disk: try again soon");
        return false;
    }
    recorder->asked = asked;
    recorder->user = user;
    recorder->answer_us = now_boot_us() + STEP_US;
    return true;
}

bool recorder_list(struct recorder *recorder, size_t limit, const char *before,
                   recorder_listed listed, void *user, struct failure *failure)
{
    (void)limit;
    (void)before;
    recorder->listed = recorder->asked == ASKED_NOTHING ? listed : recorder->listed;
    return ask(recorder, ASKED_LIST, user, failure);
}

bool recorder_keep(struct recorder *recorder, const struct keep_request *request,
                   recorder_kept kept, void *user, struct failure *failure)
{
    (void)recorder;
    (void)request;
    (void)kept;
    (void)user;
    failure_set(failure, ERROR_RECORDING, "Nothing is kept");
    return false;
}

int recorder_keep_minutes(const struct recorder *recorder)
{
    (void)recorder;
    return 0;
}

bool recorder_delete(struct recorder *recorder, const char *session_id, recorder_deleted deleted,
                     void *user, struct failure *failure)
{
    if (!ask(recorder, ASKED_DELETE, user, failure))
        return false;
    recorder->deleted = deleted;
    snprintf(recorder->id, sizeof(recorder->id), "%s", session_id);
    return true;
}
