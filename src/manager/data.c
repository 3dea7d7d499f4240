#include "data.h"

#include "base/log.h"

/* ---- What the pipeline tells */

static void on_samples(void *user, const struct sample_block *block)
{
    struct device *d = user;

    if (block->samples.sensor == SENSOR_BAT)
        d->info_changed |= reach_battery(&d->reach, block->samples.level);
    if (stream_sensors(&d->stream) & SENSOR_BIT(block->samples.sensor))
        flow_count(&d->flow, block);
    TELL(d, samples, block);
}

static bool wants_features(void *user, enum sensor sensor)
{
    struct device *d = user;

    return !d->ground->listener.wants_features || TELL(d, wants_features, sensor);
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    TELL((struct device *)user, eeg, features);
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    TELL((struct device *)user, ppg, features);
}

static void on_acc(void *user, const struct acc_features *features)
{
    TELL((struct device *)user, acc, features);
}

static bool wants_bands(void *user)
{
    struct device *d = user;

    return d->ground->listener.wants_bands && TELL(d, wants_bands);
}

static void on_bands(void *user, const struct eeg_bands *bands)
{
    TELL((struct device *)user, bands, bands);
}

static void on_rebooted(void *user)
{
    log_warning("%s: rebooted", device_label(user));
}

static void on_bad_packet(void *user, const struct packet *packet, enum packet_fault fault)
{
    struct device *d = user;

    if (!d->bad_packet_logged)
        log_warning("%s: bad %s packet of %zu bytes: %s; further ones are only counted",
                    device_label(d), sensor_name(packet->sensor), packet->len,
                    packet_fault_text(fault));
    d->bad_packet_logged = true;
}

void data_init(struct device *d, void (*on_eeg_rate)(void *user, int rate))
{
    const struct pipeline_config config = {
        .mains_hz = d->ground->config.mains_hz,
        .with_features = true,
    };
    const struct pipeline_listener listener = {
        .user = d,
        .samples = on_samples,
        .wants_features = wants_features,
        .eeg = on_eeg,
        .ppg = on_ppg,
        .acc = on_acc,
        .wants_bands = wants_bands,
        .bands = on_bands,
        .eeg_rate = on_eeg_rate,
        .rebooted = on_rebooted,
        .bad_packet = on_bad_packet,
    };
    flow_init(&d->flow, &config, &listener);
}

/* ---- The flow's steps */

static void data_deliver(struct device *d, const struct packet *packet)
{
    TELL(d, packet, packet);
    flow_packet(&d->flow, packet);
}

static bool settle_once(struct device *d)
{
    const struct flow_facts facts = {
        .connected = device_is_connected(d),
        .demand = device_demand(d) | SENSOR_BIT(SENSOR_BAT),
        .held = stream_held(&d->stream),
        .recording = d->recording,
    };
    struct packet packet;

    switch (flow_next(&d->flow, &facts, &packet, &d->ground->when)) {
    case FLOW_DO_NOTHING:
        return false;
    case FLOW_DO_PACKET:
        data_deliver(d, &packet);
        break;
    case FLOW_DO_STREAM:
        flow_stream(&d->flow, facts.demand, d->ground->when.now_us);
        TELL(d, subscription, facts.demand);
        break;
    case FLOW_DO_TIME:
        flow_time(&d->flow, d->ground->when.now_us);
        break;
    case FLOW_DO_END:
        d->info_changed = true;
        flow_end(&d->flow);
        TELL(d, link_down, d->ground->when.now_us);
        break;
    }
    return true;
}

/* UTC was stepped, and the bands' clock has followed: so do samples' times. */
static void reanchor(struct device *d)
{
    const int64_t now_us = d->ground->when.now_us, offset_us = d->ground->clock_offset_us;

    log_info("%s: UTC moved by %.0f ms since the connection: anchored anew", device_label(d),
             (double)(offset_us - device_clock_offset_us(d)) / 1000.0);
    reach_anchor(&d->reach, (struct clock_anchor){now_us, now_us + offset_us});
    flow_anchor(&d->flow, d->reach.device.anchor);
}

static bool is_off(const struct device *d)
{
    return device_is_connected(d) && device_clock_offset_us(d) != d->ground->clock_offset_us;
}

bool data_settle(struct device *d)
{
    bool any = false;

    if (is_off(d) && !d->flow.inside && !d->flow.ends)
        reanchor(d);
    while (settle_once(d))
        any = true;
    return any;
}

void data_packet(struct device *d, const struct packet *packet)
{
    /* What the listener did on hearing of it comes first, and what is held before what comes. */
    data_settle(d);
    if (!(device_wanted(d) & SENSOR_BIT(packet->sensor)))
        return;
    if (flow_passes(&d->flow, packet, stream_held(&d->stream)))
        data_deliver(d, packet);
    else if (!flow_hold(&d->flow, packet))
        log_warning("%s: too many packets came before the stream had started; the oldest are "
                    "dropped",
                    device_label(d));
}

void data_link_up(struct device *d)
{
    d->bad_packet_logged = false;
    d->info_changed = true;
    flow_link_up(&d->flow, &d->reach.device, d->sensors.model);
    TELL(d, link_up, &d->reach.device);
    data_settle(d);
}

void data_settle_end(struct device *d)
{
    while (d->flow.ends && settle_once(d))
        continue;
}

void data_link_down(struct device *d)
{
    if (flow_link_down(&d->flow))
        data_settle_end(d);
}
