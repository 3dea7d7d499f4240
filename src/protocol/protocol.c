#include "protocol/protocol.h"

#include <stdio.h>
#include <stdlib.h>

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
        event_second(protocol);
    feed_second(&protocol->feed);
    requests_sweep(protocol);
}

/* ---- the manager's listener */

static void on_bluetooth_status(void *user)
{
    event_bluetooth_status(user, TO_ALL);
}

static void on_scan_result(void *user, enum scan_status status)
{
    event_scan_result(user, status);
}

static void on_device_info(void *user, unsigned device)
{
    device_info_changed(user, device);
}

static void on_device_connected(void *user, unsigned device, bool resumed, double clock_step_ms)
{
    event_device_connected(user, TO_ALL, device, resumed, clock_step_ms);
}

static void on_clock_stepped(void *user, unsigned device, double step_ms)
{
    struct protocol *protocol = user;
    struct json *json = event_begin(protocol, EVENT_CLOCK_STEPPED);

    json_put_string_or_null(json, "device_id",
                            manager_status(protocol->manager, device)->device.band.name);
    json_put_fixed(json, "step_ms", step_ms, 3);
    event_send(protocol, TO_ALL);
}

static void on_device_disconnected(void *user, unsigned device, const struct band_identity *band,
                                   enum disconnect_reason reason, bool will_reconnect)
{
    struct protocol *protocol = user;

    (void)device;
    /* A band that is let go on a user's word ends the recording; one that is lost does not. */
    if (reason == DISCONNECT_USER_REQUEST && protocol->recorder)
        recorder_stop(protocol->recorder, RECORDING_END_DEVICE_DISCONNECTED);
    event_device_disconnected(protocol, TO_ALL, band, reason, will_reconnect);
}

static void on_connection_failed(void *user, unsigned device, const struct band_identity *band,
                                 const struct failure *failure, bool will_retry)
{
    struct protocol *protocol = user;
    struct json *json = event_begin(protocol, EVENT_DEVICE_CONNECTION_FAILED);

    (void)device;
    put_band(json, band);
    json_put_string_or_null(json, "device_address", band->address);
    json_put_string(json, "error_code", error_code_name(failure->code));
    json_put_string(json, "error_message", failure->message);
    json_key(json, "details");
    json_raw(json, "{}", 2);
    json_put_bool(json, "will_retry", will_retry);
    event_send(protocol, TO_ALL);
}

static void on_stream_started(void *user, unsigned device, bool resumed)
{
    event_stream_started(user, TO_ALL, device, resumed);
}

static void on_stream_stopped(void *user, unsigned device, const struct band_identity *band,
                              sensor_set sensors, enum stream_end reason, bool will_resume)
{
    struct protocol *protocol = user;

    feed_flush(&protocol->feed, device);
    event_stream_stopped(protocol, TO_ALL, band, sensors, reason, will_resume);
}

static void on_sensor_status(void *user, unsigned device, enum sensor sensor,
                             enum sensor_state state, double silent_for)
{
    struct protocol *protocol = user;
    struct json *json = event_begin(protocol, EVENT_SENSOR_STATUS);
    struct failure failure = {.message = ""};
    unsigned bad = manager_bad_packets(protocol->manager, device, sensor, &failure);

    json_put_string_or_null(json, "device_id",
                            manager_status(protocol->manager, device)->device.band.name);
    json_put_string(json, "sensor_type", sensor_name(sensor));
    json_put_string(json, "state", sensor_state_name(state));
    json_put_fixed(json, "silent_for", silent_for, 3);
    json_put_integer(json, "bad_packets", bad);
    json_put_string_or_null(json, "message", failure.message);
    event_send(protocol, TO_ALL);
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
    return (struct manager_listener){
        .user = protocol,
        .bluetooth_status = on_bluetooth_status,
        .scan_result = on_scan_result,
        .device_info = on_device_info,
        .device_connected = on_device_connected,
        .clock_stepped = on_clock_stepped,
        .device_disconnected = on_device_disconnected,
        .device_connection_failed = on_connection_failed,
        .stream_started = on_stream_started,
        .stream_stopped = on_stream_stopped,
        .sensor_status = on_sensor_status,
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
}
