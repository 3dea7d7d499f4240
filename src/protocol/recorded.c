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

void recorded_begins(struct recorded *recorded, const char *device_id)
{
    memset(recorded->next, 0, sizeof(recorded->next));
    snprintf(recorded->device_id, sizeof(recorded->device_id), "%s", device_id);
}

static struct recorder *recorder_of(void *user)
{
    return ((struct recorded *)user)->recorder;
}

static void on_link_up(void *user, unsigned device, const struct band_link *link)
{
    struct recorded *recorded = user;

    (void)device;
    snprintf(recorded->device_id, sizeof(recorded->device_id), "%s", link->band.name);
    recorder_link_up(recorded->recorder, &link->anchor);
}

static void on_link_down(void *user, unsigned device, int64_t boot_us)
{
    (void)device;
    recorder_link_down(recorder_of(user), boot_us);
}

static void on_subscription(void *user, unsigned device, sensor_set sensors)
{
    (void)device;
    recorder_subscription(recorder_of(user), sensors);
}

static void on_packet(void *user, unsigned device, const struct packet *packet)
{
    (void)device;
    recorder_packet(recorder_of(user), packet);
}

static void on_samples(void *user, unsigned device, const struct sample_block *block)
{
    (void)device;
    recorder_samples(recorder_of(user), block);
}

static bool wants_features(void *user, unsigned device, enum sensor sensor)
{
    (void)device;
    return recorder_wants_processed(recorder_of(user), sensor);
}

static void on_features(void *user, unsigned device, enum sensor sensor, const void *features)
{
    struct recorded *recorded = user;

    if (!wants_features(user, device, sensor))
        return;
    message_processed(&recorded->message, recorded->device_id, recorded->next[sensor]++, sensor,
                      features);
    recorder_processed(recorded->recorder, sensor, recorded->message.text, recorded->message.len);
}

void recorded_set_recorder(struct recorded *recorded, struct sinks *sinks,
                           struct recorder *recorder)
{
    static const struct sink taking = {
        .link_up = on_link_up,
        .link_down = on_link_down,
        .subscription = on_subscription,
        .packet = on_packet,
        .samples = on_samples,
        .features = on_features,
        .wants_features = wants_features,
    };
    struct sink sink = taking;

    sink.user = recorded;
    sinks_remove(sinks, recorded);
    recorded->recorder = recorder;
    if (recorder)
        sinks_add(sinks, &sink);
}
