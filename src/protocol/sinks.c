#include "sinks.h"

bool sinks_add(struct sinks *sinks, const struct sink *sink)
{
    if (sinks->count == SINKS_MAX)
        return false;
    sinks->items[sinks->count++] = *sink;
    return true;
}

void sinks_remove(struct sinks *sinks, const void *user)
{
    size_t left = 0;

    for (size_t i = 0; i < sinks->count; i++) {
        if (sinks->items[i].user != user)
            sinks->items[left++] = sinks->items[i];
    }
    sinks->count = left;
}

#define TELL(sinks, function, ...)                                                                 \
    do {                                                                                           \
        for (size_t i = 0; i < (sinks)->count; i++) {                                              \
            const struct sink *sink = &(sinks)->items[i];                                          \
            if (sink->function)                                                                    \
                sink->function(sink->user, __VA_ARGS__);                                           \
        }                                                                                          \
    } while (0)

void sinks_message(const struct sinks *sinks, const struct message *message)
{
    TELL(sinks, message, message);
}

void sinks_link_up(const struct sinks *sinks, unsigned device, const struct band_link *link)
{
    TELL(sinks, link_up, device, link);
}

void sinks_link_down(const struct sinks *sinks, unsigned device, int64_t boot_us)
{
    TELL(sinks, link_down, device, boot_us);
}

void sinks_subscription(const struct sinks *sinks, unsigned device, sensor_set sensors)
{
    TELL(sinks, subscription, device, sensors);
}

void sinks_packet(const struct sinks *sinks, unsigned device, const struct packet *packet)
{
    TELL(sinks, packet, device, packet);
}

void sinks_marker(const struct sinks *sinks, unsigned device, double utc_ms, const char *label)
{
    TELL(sinks, marker, device, utc_ms, label);
}

void sinks_samples(const struct sinks *sinks, unsigned device, const struct sample_block *block)
{
    TELL(sinks, samples, device, block);
}

void sinks_features(const struct sinks *sinks, unsigned device, enum sensor sensor,
                    const void *features)
{
    TELL(sinks, features, device, sensor, features);
}

bool sinks_want(const struct sinks *sinks, unsigned device, enum message_kind kind,
                enum sensor sensor)
{
    for (size_t i = 0; i < sinks->count; i++) {
        const struct sink *sink = &sinks->items[i];
        if (sink->message && (!sink->wants || sink->wants(sink->user, device, kind, sensor)))
            return true;
    }
    return false;
}

bool sinks_want_features(const struct sinks *sinks, unsigned device, enum sensor sensor)
{
    for (size_t i = 0; i < sinks->count; i++) {
        const struct sink *sink = &sinks->items[i];
        if (sink->features &&
            (!sink->wants_features || sink->wants_features(sink->user, device, sensor)))
            return true;
    }
    return false;
}
