#include "recorded.h"

#include <stdio.h>
#include <string.h>

#include "protocol/message.h"

void recorded_init(struct recorded *recorded)
{
    memset(recorded, 0, sizeof(*recorded));
    json_init(&recorded->message);
}

void recorded_finish(struct recorded *recorded)
{
    json_finish(&recorded->message);
}

static void name(struct recorded *recorded, unsigned device, const char *device_id)
{
    snprintf(recorded->device_ids[device], sizeof(recorded->device_ids[0]), "%s", device_id);
}

bool recorded_has(const struct recorded *recorded, const char *device_id)
{
    const struct recorder_status *status =
        recorded->recorder ? recorder_status(recorded->recorder) : NULL;

    if (!status || !status->is_recording)
        return false;
    for (size_t i = 0; i < status->band_count; i++) {
        if (strcmp(status->bands[i].device_id, device_id) == 0)
            return true;
    }
    return !recorded->these_only && status->band_count < RECORDER_DEVICES_MAX;
}

void recorded_begins(struct recorded *recorded, const struct recording_request *request,
                     const struct recording_band *bands, size_t count)
{
    recorded->these_only = request->these_only;
    memset(recorded->next, 0, sizeof(recorded->next));
    for (size_t i = 0; i < count; i++)
        name(recorded, bands[i].device, bands[i].name);
}

static struct recorder *recorder_of(void *user)
{
    return ((struct recorded *)user)->recorder;
}

static void recorded_link_up(void *user, unsigned device, const struct band_link *link)
{
    struct recorded *recorded = user;

    name(recorded, device, link->band.name);
    recorder_link_up(recorded->recorder, device, &link->anchor);
}

static void recorded_link_down(void *user, unsigned device, int64_t boot_us)
{
    recorder_link_down(recorder_of(user), device, boot_us);
}

static void recorded_subscription(void *user, unsigned device, sensor_set sensors)
{
    recorder_subscription(recorder_of(user), device, sensors);
}

static void recorded_packet(void *user, unsigned device, const struct packet *packet)
{
    recorder_packet(recorder_of(user), device, packet);
}

_Static_assert(SINK_ALL_BANDS == RECORDER_ALL_BANDS, "the same to both");

static void recorded_marker(void *user, unsigned device, double utc_ms, const char *label)
{
    recorder_marker(recorder_of(user), device, utc_ms, label);
}

static void recorded_samples(void *user, unsigned device, const struct sample_block *block)
{
    recorder_samples(recorder_of(user), device, block);
}

static bool recorded_wants(void *user, unsigned device, enum sensor sensor)
{
    return recorder_wants_processed(recorder_of(user), device, sensor);
}

static void on_features(void *user, unsigned device, enum sensor sensor, const void *features)
{
    struct recorded *recorded = user;
    const int number = recorder_band_number(recorded->recorder, device);

    if (number < 0 || !recorded_wants(user, device, sensor))
        return;
    message_processed(&recorded->message, recorded->device_ids[device],
                      recorded->next[number][sensor]++, sensor, features);
    recorder_processed(recorded->recorder, device, sensor, recorded->message.text,
                       recorded->message.len);
}

void recorded_set_recorder(struct recorded *recorded, struct sinks *sinks,
                           struct recorder *recorder)
{
    static const struct sink taking = {
        .link_up = recorded_link_up,
        .link_down = recorded_link_down,
        .subscription = recorded_subscription,
        .packet = recorded_packet,
        .marker = recorded_marker,
        .samples = recorded_samples,
        .features = on_features,
        .wants_features = recorded_wants,
    };
    struct sink sink = taking;

    sink.user = recorded;
    sinks_remove(sinks, recorded);
    recorded->recorder = recorder;
    if (recorder)
        sinks_add(sinks, &sink);
}
