/* The list of sinks: each function tells those that have it. */
#ifndef PROTOCOL_SINKS_H
#define PROTOCOL_SINKS_H

#include "protocol/sink.h"

#define SINKS_MAX 4

struct sinks {
    struct sink items[SINKS_MAX];
    size_t count;
};

/* False: there are SINKS_MAX. */
bool sinks_add(struct sinks *sinks, const struct sink *sink);
/* That of this user, if there is one. */
void sinks_remove(struct sinks *sinks, const void *user);

void sinks_message(const struct sinks *sinks, const struct message *message);
bool sinks_want(const struct sinks *sinks, unsigned device, enum message_kind kind,
                enum sensor sensor);
void sinks_link_up(const struct sinks *sinks, unsigned device, const struct band_link *link);
void sinks_link_down(const struct sinks *sinks, unsigned device, int64_t boot_us);
void sinks_subscription(const struct sinks *sinks, unsigned device, sensor_set sensors);
void sinks_packet(const struct sinks *sinks, unsigned device, const struct packet *packet);
void sinks_marker(const struct sinks *sinks, unsigned device, double utc_ms, const char *label);
void sinks_samples(const struct sinks *sinks, unsigned device, const struct sample_block *block);
void sinks_features(const struct sinks *sinks, unsigned device, enum sensor sensor,
                    const void *features);
bool sinks_want_features(const struct sinks *sinks, unsigned device, enum sensor sensor);

#endif
