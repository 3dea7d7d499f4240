#include "protocol/protocol.h"

#include <stdio.h>
#include <stdlib.h>

#include "band_events.h"
#include "bands.h"
#include "base/now.h"
#include "commands.h"
#include "event.h"
#include "info.h"
#include "protocol_internal.h"
#include "reply.h"

struct protocol *protocol_create(const struct protocol_out *out,
                                 const struct protocol_limits *limits,
                                 const struct protocol_identity *identity)
{
    struct protocol *protocol = calloc(1, sizeof(*protocol));

    if (!protocol)
        return NULL;
    protocol->out = *out;
    protocol->limits = *limits;
    protocol->commands = commands;
    protocol->started_us = now_boot_us();
    snprintf(protocol->instance, sizeof(protocol->instance), "%s", identity->instance);
    snprintf(protocol->backend, sizeof(protocol->backend), "%s", identity->backend);
    json_init(&protocol->json);
    feed_init(&protocol->feed, &protocol->sinks);
    recorded_init(&protocol->recorded);
    return protocol;
}

void protocol_destroy(struct protocol *protocol)
{
    /* The manager has answered all it was asked before it went: only those of a failed start are
     * left. */
    while (protocol->pending)
        request_destroy(protocol->pending);
    feed_finish(&protocol->feed);
    recorded_finish(&protocol->recorded);
    json_finish(&protocol->json);
    free(protocol);
}

void protocol_set_spool(struct protocol *protocol, const struct spool_usage *usage)
{
    protocol->spool = usage;
}

bool protocol_add_sink(struct protocol *protocol, const struct sink *sink)
{
    return sinks_add(&protocol->sinks, sink);
}

void protocol_set_manager(struct protocol *protocol, struct manager *manager)
{
    protocol->manager = manager;
    feed_set_manager(&protocol->feed, manager);
}

void protocol_client_opened(struct protocol *protocol, uint64_t client)
{
    const struct bands bands = bands_or_none(protocol);

    for (size_t i = 0; i < bands.count; i++)
        event_device_info(protocol, client, bands.places[i]);
    event_bluetooth_status(protocol, client);
    for (size_t i = 0; i < bands.count; i++) {
        const struct json *battery = feed_battery(&protocol->feed, bands.places[i]);
        if (battery)
            protocol->out.data_to(protocol->out.user, client, SENSOR_BAT, battery->text,
                                  battery->len);
    }
}

void protocol_client_closed(struct protocol *protocol, uint64_t client)
{
    requests_abandon(protocol, client);
}

void protocol_lagging(struct protocol *protocol, uint64_t client,
                      const uint64_t dropped[SENSOR_COUNT])
{
    sensor_set sensors = 0;

    for (int s = 0; s < SENSOR_COUNT; s++)
        sensors |= dropped[s] ? SENSOR_BIT(s) : 0;
    put_counts(event_begin(protocol, EVENT_CLIENT_LAGGING), "dropped", dropped, sensors);
    event_send(protocol, client);
}

void protocol_second(struct protocol *protocol)
{
    if (protocol->manager)
        device_infos_second(protocol);
    feed_second(&protocol->feed);
    requests_sweep(protocol);
}

/* ---- the manager's listener */

static void on_bluetooth_status(void *user)
{
    event_bluetooth_status(user, TO_ALL);
}

static void on_link_up(void *user, unsigned device, const struct band_link *link)
{
    struct protocol *protocol = user;

    sinks_link_up(&protocol->sinks, device, link);
}

static void on_subscription(void *user, unsigned device, sensor_set sensors)
{
    struct protocol *protocol = user;

    sinks_subscription(&protocol->sinks, device, sensors);
}

static void on_packet(void *user, unsigned device, const struct packet *packet)
{
    struct protocol *protocol = user;

    sinks_packet(&protocol->sinks, device, packet);
}

static void on_wants_changed(void *user, unsigned device, const struct manager_wants *wants)
{
    struct protocol *protocol = user;

    if (protocol->out.wants_changed)
        protocol->out.wants_changed(protocol->out.user, device, wants);
}

static void on_link_down(void *user, unsigned device, int64_t boot_us)
{
    struct protocol *protocol = user;

    sinks_link_down(&protocol->sinks, device, boot_us);
    feed_link_down(&protocol->feed, device);
}

static void on_samples(void *user, unsigned device, const struct sample_block *block)
{
    struct protocol *protocol = user;

    sinks_samples(&protocol->sinks, device, block);
    feed_samples(&protocol->feed, device, block);
}

static bool wants_features(void *user, unsigned device, enum sensor sensor)
{
    struct protocol *protocol = user;

    return feed_wants_features(&protocol->feed, device, sensor);
}

static void on_eeg(void *user, unsigned device, const struct eeg_features *features)
{
    struct protocol *protocol = user;

    feed_features(&protocol->feed, device, SENSOR_EEG, features, features->arrival_us);
}

static bool wants_bands(void *user, unsigned device)
{
    struct protocol *protocol = user;

    return feed_wants_bands(&protocol->feed, device);
}

static void on_bands(void *user, unsigned device, const struct eeg_bands *bands)
{
    struct protocol *protocol = user;

    feed_bands(&protocol->feed, device, bands);
}

static void on_ppg(void *user, unsigned device, const struct ppg_features *features)
{
    struct protocol *protocol = user;

    feed_features(&protocol->feed, device, SENSOR_PPG, features, features->arrival_us);
}

static void on_acc(void *user, unsigned device, const struct acc_features *features)
{
    struct protocol *protocol = user;

    feed_features(&protocol->feed, device, SENSOR_ACC, features, features->arrival_us);
}

struct manager_listener protocol_manager_listener(struct protocol *protocol)
{
    struct manager_listener listener = {
        .user = protocol,
        .bluetooth_status = on_bluetooth_status,
        .link_up = on_link_up,
        .link_down = on_link_down,
        .subscription = on_subscription,
        .packet = on_packet,
        .wants_changed = on_wants_changed,
        .samples = on_samples,
        .wants_features = wants_features,
        .eeg = on_eeg,
        .ppg = on_ppg,
        .acc = on_acc,
        .wants_bands = wants_bands,
        .bands = on_bands,
    };

    band_events_listen(&listener);
    return listener;
}
