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
    struct manager *m = user;

    if (block->samples.sensor == SENSOR_BAT &&
        m->link.device.battery_level != block->samples.level) {
        m->link.device.battery_level = block->samples.level;
        m->info_changed = true;
    }
    stream_count(m, block);
    m->listener.samples(m->listener.user, block);
}

static bool wants_features(void *user, enum sensor sensor)
{
    struct manager *m = user;

    return !m->listener.wants_features || m->listener.wants_features(m->listener.user, sensor);
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    struct manager *m = user;

    m->listener.eeg(m->listener.user, features);
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    struct manager *m = user;

    m->listener.ppg(m->listener.user, features);
}

static void on_acc(void *user, const struct acc_features *features)
{
    struct manager *m = user;

    m->listener.acc(m->listener.user, features);
}

static void on_eeg_rate(void *user, int rate)
{
    struct manager *m = user;

    log_info("EEG comes at %d Hz", rate);
    stream_eeg_rate(m);
}

static void on_rebooted(void *user)
{
    (void)user;
    log_warning("The band rebooted");
}

static void on_bad_packet(void *user, const struct packet *packet, enum packet_fault fault)
{
    struct manager *m = user;

    if (!m->bad_packet_logged)
        log_warning("Bad %s packet of %zu bytes: %s; further ones are only counted",
                    sensor_name(packet->sensor), packet->len, packet_fault_text(fault));
    m->bad_packet_logged = true;
}

struct pipeline *data_pipeline_create(struct manager *m)
{
    const struct pipeline_config config = {.mains_hz = m->config.mains_hz, .with_features = true};
    const struct pipeline_listener listener = {
        .user = m,
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

static void deliver(struct manager *m, const struct packet *packet)
{
    if (packet->sensor == SENSOR_EEG && pipeline_eeg_rate(m->pipeline) == 0 &&
        m->eeg_fed_us == NEVER)
        m->eeg_fed_us = packet->arrival_us;
    m->listener.packet(m->listener.user, packet);
    m->piping = true;
    pipeline_packet(m->pipeline, packet);
    m->piping = false;
}

/* Only EEG goes ahead of the others while its rate is waited for: the pipeline holds it itself. */
static sensor_set held_back(const struct manager *m)
{
    if (!m->stream.starting)
        return 0;
    return m->stream.entering & ~(m->stream.judging ? SENSOR_BIT(SENSOR_EEG) : 0);
}

static void let_go(struct manager *m)
{
    struct packet packet;
    int count = 0;

    if (!due(m, m->portion_us))
        return;
    while (count < PORTION && m->link.state == LINK_CONNECTED &&
           backlog_take(&m->backlog, SENSOR_SET_ALL & ~held_back(m), &packet)) {
        if (sensor_is_wanted(m, packet.sensor))
            deliver(m, &packet);
        count++;
    }
    if (count == PORTION)
        due(m, m->portion_us = m->now + PORTION_US);
}

/* What came before it goes before it. */
static bool is_held(const struct manager *m, enum sensor sensor)
{
    return (held_back(m) & SENSOR_BIT(sensor)) || backlog_has(&m->backlog, sensor);
}

void data_packet(struct manager *m, const struct packet *packet)
{
    if ((unsigned)packet->sensor >= SENSOR_COUNT || !sensor_is_wanted(m, packet->sensor))
        return;
    if (packet_check(packet) == PACKET_OK)
        watch_heard(m, packet->sensor);
    else
        watch_bad(m, packet);
    /* What the listener did on hearing that comes first, and what is held before what comes now. */
    data_settle(m);
    if (!sensor_is_wanted(m, packet->sensor))
        return;
    if (!is_held(m, packet->sensor) || packet->len == 0 || packet->len > BAND_PACKET_MAX)
        deliver(m, packet);
    else if (!backlog_push(&m->backlog, packet))
        log_warning("Too many packets came before the stream had started; the oldest are dropped");
}

/* The band notifies its level only as it changes, minutes apart: the one read at connection is the
 * first. */
void data_battery_level(struct manager *m)
{
    const struct band_link *device = &m->link.device;
    const uint8_t level = (uint8_t)device->battery_level;
    const struct packet packet = {SENSOR_BAT, device->anchor.boot_us, &level, 1};

    if (device->battery_level != BATTERY_UNKNOWN)
        data_packet(m, &packet);
}

static void set_stream(struct manager *m)
{
    sensor_set wanted = demand_of_all(m) | SENSOR_BIT(SENSOR_BAT);
    struct packet unwanted;

    if (wanted == m->piped)
        return;
    /* What is held of a stream that has stopped is not the next one's. */
    while (backlog_take(&m->backlog, SENSOR_SET_ALL & ~wanted, &unwanted))
        continue;
    m->piped = wanted;
    m->piping = true;
    pipeline_stream(m->pipeline, wanted, m->now);
    m->piping = false;
    m->listener.subscription(m->listener.user, wanted);
}

/* Another band has another counter and perhaps another rate: nothing of the last one may stay. */
static void change_band(struct manager *m)
{
    struct pipeline *fresh;

    if (same_band(&m->pipeline_band, &m->link.device.band))
        return;
    if (m->pipeline_band.address[0]) {
        fresh = data_pipeline_create(m);
        if (fresh) {
            pipeline_destroy(m->pipeline);
            m->pipeline = fresh;
            m->piped = 0;
        }
    }
    m->pipeline_band = m->link.device.band;
}

void data_link_up(struct manager *m)
{
    change_band(m);
    m->backlog.count = 0;
    m->eeg_fed_us = NEVER;
    m->bad_packet_logged = false;
    m->reanchor = false;
    m->info_changed = true;
    m->link_is_up = true;
    m->link_is_down = false;
    utc_link_up(m);
    pipeline_link_up(m->pipeline, m->link.device.anchor);
    m->listener.link_up(m->listener.user, &m->link.device);
    set_stream(m);
}

void data_link_down(struct manager *m)
{
    struct packet packet;

    if (!m->link_is_up)
        return;
    m->link_is_down = m->piping;
    if (m->piping)
        return;
    m->link_is_up = false;
    /* What a start had held came before the end: a recording still wants it, and a stream that was
     * told of wants what was not let go of yet. */
    while (backlog_take(&m->backlog, SENSOR_SET_ALL, &packet)) {
        if ((m->recording | (demand_of_all(m) & ~held_back(m))) & SENSOR_BIT(packet.sensor))
            deliver(m, &packet);
    }
    m->eeg_fed_us = NEVER;
    m->info_changed = true;
    m->piping = true;
    pipeline_link_down(m->pipeline);
    m->piping = false;
    m->listener.link_down(m->listener.user, m->now);
}

/* UTC may have been stepped since the connection; where nothing is under way it is taken anew. */
static void reanchor(struct manager *m)
{
    double error_ms = status_utc_error_ms(m);
    int64_t offset_us;

    m->reanchor = false;
    if (m->link.state != LINK_CONNECTED || !utc_offset(m, &offset_us))
        return;
    m->link.device.anchor = (struct clock_anchor){
        .boot_us = m->now,
        .utc_us = m->now + offset_us,
    };
    m->link.anchor = m->link.device.anchor;
    log_info("UTC moved by %.0f ms since the connection: anchored anew", error_ms);
    m->piping = true;
    pipeline_link_down(m->pipeline);
    pipeline_link_up(m->pipeline, m->link.device.anchor);
    m->piping = false;
}

void data_settle(struct manager *m)
{
    if (m->piping)
        return;
    if (m->link_is_down)
        data_link_down(m);
    if (m->reanchor)
        reanchor(m);
    set_stream(m);
    let_go(m);
    if (m->eeg_fed_us == NEVER)
        return;
    if (due(m, m->eeg_fed_us + RATE_WAIT_US)) {
        m->piping = true;
        pipeline_time(m->pipeline, m->now);
        m->piping = false;
    }
    if (pipeline_eeg_rate(m->pipeline) || m->now > m->eeg_fed_us + RATE_WAIT_US)
        m->eeg_fed_us = NEVER;
}
