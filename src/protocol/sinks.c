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

void sinks_link_up(const struct sinks *sinks, const struct band_link *link)
{
    TELL(sinks, link_up, link);
}

void sinks_link_down(const struct sinks *sinks, int64_t boot_us)
{
    TELL(sinks, link_down, boot_us);
}

void sinks_subscription(const struct sinks *sinks, sensor_set sensors)
{
    TELL(sinks, subscription, sensors);
}

void sinks_packet(const struct sinks *sinks, const struct packet *packet)
{
    TELL(sinks, packet, packet);
}

void sinks_samples(const struct sinks *sinks, const struct sample_block *block)
{
    TELL(sinks, samples, block);
}

void sinks_features(const struct sinks *sinks, enum sensor sensor, const void *features)
{
    TELL(sinks, features, sensor, features);
}

bool sinks_want(const struct sinks *sinks, enum message_kind kind, enum sensor sensor)
{
    for (size_t i = 0; i < sinks->count; i++) {
        const struct sink *sink = &sinks->items[i];
        if (sink->message && (!sink->wants || sink->wants(sink->user, kind, sensor)))
            return true;
    }
    return false;
}

bool sinks_want_features(const struct sinks *sinks, enum sensor sensor)
{
    for (size_t i = 0; i < sinks->count; i++) {
        const struct sink *sink = &sinks->items[i];
        if (sink->features && (!sink->wants_features || sink->wants_features(sink->user, sensor)))
            return true;
    }
    return false;
}
