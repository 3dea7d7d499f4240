/*
 * Packets on their way: to the recorder's log and the pipeline, and what it makes of them up to the
 * listener. Those of a stream that starts are held until it has been told.
 */
#include "base/log.h"
#include "internal.h"

/* The pipeline takes a rate for granted 1 s after the first packet; a hair later it is asked. */
#define RATE_WAIT_US (SECOND + 1000)

/* A start of many seconds holds more than a client's queue takes: it is let go of in portions, with
 * this much time between them to be sent in. */
#define PORTION    16
#define PORTION_US INT64_C(5000)

static void on_samples(void *user, const struct sample_block *block)
{
    struct device *d = user;

    if (block->samples.sensor == SENSOR_BAT &&
        d->link.device.battery_level != block->samples.level) {
        d->link.device.battery_level = block->samples.level;
        d->info_changed = true;
    }
    stream_count(d, block);
    d->ground->listener.samples(d->ground->listener.user, block);
}

static bool wants_features(void *user, enum sensor sensor)
{
    struct device *d = user;

    return !d->ground->listener.wants_features ||
           d->ground->listener.wants_features(d->ground->listener.user, sensor);
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    struct device *d = user;

    d->ground->listener.eeg(d->ground->listener.user, features);
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    struct device *d = user;

    d->ground->listener.ppg(d->ground->listener.user, features);
}

static void on_acc(void *user, const struct acc_features *features)
{
    struct device *d = user;

    d->ground->listener.acc(d->ground->listener.user, features);
}

static void on_eeg_rate(void *user, int rate)
{
    struct device *d = user;

    log_info("EEG comes at %d Hz", rate);
    stream_eeg_rate(d);
}

static void on_rebooted(void *user)
{
    (void)user;
    log_warning("The band rebooted");
}

static void on_bad_packet(void *user, const struct packet *packet, enum packet_fault fault)
{
    struct device *d = user;

    if (!d->bad_packet_logged)
        log_warning("Bad %s packet of %zu bytes: %s; further ones are only counted",
                    sensor_name(packet->sensor), packet->len, packet_fault_text(fault));
    d->bad_packet_logged = true;
}

struct pipeline *data_pipeline_create(struct device *d)
{
    const struct pipeline_config config = {.mains_hz = d->ground->config.mains_hz,
                                           .with_features = true};
    const struct pipeline_listener listener = {
        .user = d,
        .samples = on_samples,
        .wants_features = wants_features,
        .eeg = on_eeg,
        .ppg = on_ppg,
        .acc = on_acc,
        .eeg_rate = on_eeg_rate,
        .rebooted = on_rebooted,
        .bad_packet = on_bad_packet,
    };
    return pipeline_create(&config, &listener);
}

static void deliver(struct device *d, const struct packet *packet)
{
    if (packet->sensor == SENSOR_EEG && pipeline_eeg_rate(d->pipeline) == 0 &&
        d->eeg_fed_us == NEVER)
        d->eeg_fed_us = packet->arrival_us;
    d->ground->listener.packet(d->ground->listener.user, packet);
    d->piping = true;
    pipeline_packet(d->pipeline, packet);
    d->piping = false;
}

/* Only EEG goes ahead of the others while its rate is waited for: the pipeline holds it itself. */
static sensor_set held_back(const struct device *d)
{
    if (!d->stream.starting)
        return 0;
    return d->stream.entering & ~(d->stream.judging ? SENSOR_BIT(SENSOR_EEG) : 0);
}

static void let_go(struct device *d)
{
    struct packet packet;
    int count = 0;

    if (!due(d, d->portion_us))
        return;
    while (count < PORTION && d->link.state == LINK_CONNECTED &&
           backlog_take(&d->backlog, SENSOR_SET_ALL & ~held_back(d), &packet)) {
        if (sensor_is_wanted(d, packet.sensor))
            deliver(d, &packet);
        count++;
    }
    if (count == PORTION)
        due(d, d->portion_us = d->ground->now_us + PORTION_US);
}

/* What came before it goes before it. */
static bool is_held(const struct device *d, enum sensor sensor)
{
    return (held_back(d) & SENSOR_BIT(sensor)) || backlog_has(&d->backlog, sensor);
}

void data_packet(struct device *d, const struct packet *packet)
{
    if ((unsigned)packet->sensor >= SENSOR_COUNT || !sensor_is_wanted(d, packet->sensor))
        return;
    if (packet_check(pipeline_model(d->pipeline), packet) == PACKET_OK)
        watch_heard(d, packet->sensor);
    else
        watch_bad(d, packet);
    /* What the listener did on hearing that comes first, and what is held before what comes now. */
    data_settle(d);
    if (!sensor_is_wanted(d, packet->sensor))
        return;
    if (!is_held(d, packet->sensor) || packet->len == 0 || packet->len > BAND_PACKET_MAX)
        deliver(d, packet);
    else if (!backlog_push(&d->backlog, packet))
        log_warning("Too many packets came before the stream had started; the oldest are dropped");
}

/* The band notifies its level only as it changes, minutes apart: the one read at connection is the
 * first. */
void data_battery_level(struct device *d)
{
    const struct band_link *device = &d->link.device;
    const uint8_t level = (uint8_t)device->battery_level;
    const struct packet packet = {SENSOR_BAT, device->anchor.boot_us, &level, 1};

    if (device->battery_level != BATTERY_UNKNOWN)
        data_packet(d, &packet);
}

static void set_stream(struct device *d)
{
    sensor_set wanted = demand_of_all(d) | SENSOR_BIT(SENSOR_BAT);
    struct packet unwanted;

    if (wanted == d->piped)
        return;
    /* What is held of a stream that has stopped is not the next one's. */
    while (backlog_take(&d->backlog, SENSOR_SET_ALL & ~wanted, &unwanted))
        continue;
    d->piped = wanted;
    d->piping = true;
    pipeline_stream(d->pipeline, wanted, d->ground->now_us);
    d->piping = false;
    d->ground->listener.subscription(d->ground->listener.user, wanted);
}

/* Another band has another counter and perhaps another rate: nothing of the last one may stay. */
static void change_band(struct device *d)
{
    struct pipeline *fresh;

    if (same_band(&d->pipeline_band, &d->link.device.band))
        return;
    if (d->pipeline_band.address[0]) {
        fresh = data_pipeline_create(d);
        if (fresh) {
            pipeline_destroy(d->pipeline);
            d->pipeline = fresh;
            d->piped = 0;
        }
    }
    d->pipeline_band = d->link.device.band;
}

void data_link_up(struct device *d)
{
    change_band(d);
    d->backlog.count = 0;
    d->eeg_fed_us = NEVER;
    d->bad_packet_logged = false;
    d->reanchor = false;
    d->info_changed = true;
    d->link_is_up = true;
    d->link_is_down = false;
    utc_link_up(d);
    pipeline_link_up(d->pipeline, d->link.device.anchor);
    d->ground->listener.link_up(d->ground->listener.user, &d->link.device);
    set_stream(d);
}

void data_link_down(struct device *d)
{
    struct packet packet;

    if (!d->link_is_up)
        return;
    d->link_is_down = d->piping;
    if (d->piping)
        return;
    d->link_is_up = false;
    /* What a start had held came before the end: a recording still wants it, and a stream that was
     * told of wants what was not let go of yet. */
    while (backlog_take(&d->backlog, SENSOR_SET_ALL, &packet)) {
        if ((d->recording | (demand_of_all(d) & ~held_back(d))) & SENSOR_BIT(packet.sensor))
            deliver(d, &packet);
    }
    d->eeg_fed_us = NEVER;
    d->info_changed = true;
    d->piping = true;
    pipeline_link_down(d->pipeline);
    d->piping = false;
    d->ground->listener.link_down(d->ground->listener.user, d->ground->now_us);
}

/* UTC may have been stepped since the connection; where nothing is under way it is taken anew. */
static void reanchor(struct device *d)
{
    double error_ms = status_utc_error_ms(d);
    int64_t offset_us;

    d->reanchor = false;
    if (d->link.state != LINK_CONNECTED || !utc_offset(d, &offset_us))
        return;
    d->link.device.anchor = (struct clock_anchor){
        .boot_us = d->ground->now_us,
        .utc_us = d->ground->now_us + offset_us,
    };
    d->link.anchor = d->link.device.anchor;
    log_info("UTC moved by %.0f ms since the connection: anchored anew", error_ms);
    d->piping = true;
    pipeline_link_down(d->pipeline);
    pipeline_link_up(d->pipeline, d->link.device.anchor);
    d->piping = false;
}

void data_settle(struct device *d)
{
    if (d->piping)
        return;
    if (d->link_is_down)
        data_link_down(d);
    if (d->reanchor)
        reanchor(d);
    set_stream(d);
    let_go(d);
    if (d->eeg_fed_us == NEVER)
        return;
    if (due(d, d->eeg_fed_us + RATE_WAIT_US)) {
        d->piping = true;
        pipeline_time(d->pipeline, d->ground->now_us);
        d->piping = false;
    }
    if (pipeline_eeg_rate(d->pipeline) || d->ground->now_us > d->eeg_fed_us + RATE_WAIT_US)
        d->eeg_fed_us = NEVER;
}
