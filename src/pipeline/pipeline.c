#include "pipeline/pipeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "band/lanes.h"

/* The EEG packets held while the rate is unknown: a second's worth at any rate, and to spare. */
#define HELD_MAX    32
#define HELD_MAX_US INT64_C(1000000)

/* A packet that outlives the call that brought it. */
struct kept_packet {
    int64_t arrival_us;
    enum sensor sensor;
    size_t len;
    uint8_t bytes[BAND_WHOLE_MAX];
};

struct pipeline {
    const struct band_model *model;
    struct pipeline_listener listener;
    struct clock *clock;
    struct analysis *analysis; /* NULL: samples only */
    bool linked;               /* a connection has begun */
    sensor_set sensors;
    int told_rate;
    struct pipeline_counts counts[SENSOR_COUNT];
    uint32_t owed[SENSOR_COUNT]; /* lost in an outage of which the sensor did not see the end */
    struct lanes lanes[SENSOR_STREAMED];
    bool has_suspect;
    struct kept_packet suspect;
    size_t held_count;
    struct kept_packet held[HELD_MAX];
    struct sample_block block;
};

static void keep(struct kept_packet *kept, const struct packet *packet)
{
    kept->arrival_us = packet->arrival_us;
    kept->sensor = packet->sensor;
    kept->len = packet->len;
    memcpy(kept->bytes, packet->bytes, packet->len);
}

static struct packet packet_of(const struct kept_packet *kept)
{
    return (struct packet){kept->sensor, kept->arrival_us, kept->bytes, kept->len, 0};
}

static void clear_counts(struct pipeline_counts *counts)
{
    *counts = (struct pipeline_counts){.rate_measured = NAN, .last_arrival_us = INT64_MIN};
}

struct pipeline *pipeline_create(const struct pipeline_config *config,
                                 const struct pipeline_listener *listener)
{
    struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

    if (!pipeline)
        return NULL;
    pipeline->listener = *listener;
    for (int i = 0; i < SENSOR_COUNT; i++)
        clear_counts(&pipeline->counts[i]);
    pipeline->model = config->model ? config->model : model_default();
    pipeline->clock = clock_create(pipeline->model);
    if (config->with_features)
        pipeline->analysis = analysis_create(config->mains_hz, listener);
    if (pipeline->clock && (pipeline->analysis || !config->with_features))
        return pipeline;
    pipeline_destroy(pipeline);
    return NULL;
}

void pipeline_destroy(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    if (pipeline->clock)
        clock_destroy(pipeline->clock);
    analysis_destroy(pipeline->analysis);
    free(pipeline);
}

const struct band_model *pipeline_model(const struct pipeline *pipeline)
{
    return pipeline->model;
}

/* --- what is told --- */

static void tell_rate(struct pipeline *pipeline)
{
    const int rate = clock_eeg_rate(pipeline->clock);

    if (rate == pipeline->told_rate)
        return;
    pipeline->told_rate = rate;
    if (pipeline->listener.eeg_rate)
        pipeline->listener.eeg_rate(pipeline->listener.user, rate);
}

static void count_block(struct pipeline_counts *counts, const struct sample_block *block)
{
    if (block_lost_by_link(block))
        counts->lost_link += block->lost;
    else
        counts->skipped_by_band += block->lost;
    counts->received += block->samples.count;
    counts->packets++;
    counts->rate_measured = block->rate_measured;
    counts->last_arrival_us = block->arrival_us;
}

static void tell_block(struct pipeline *pipeline)
{
    const struct sample_block *block = &pipeline->block;

    count_block(&pipeline->counts[block->samples.sensor], block);
    if (pipeline->listener.samples)
        pipeline->listener.samples(pipeline->listener.user, block);
    if (pipeline->analysis)
        analysis_push(pipeline->analysis, block);
}

/* A sound one: only such are kept, or come that far. */
static struct samples *decode(struct pipeline *pipeline, const struct packet *packet)
{
    (void)packet_decode(pipeline->model, packet, &pipeline->block.samples);
    return &pipeline->block.samples;
}

static void tell_level(struct pipeline *pipeline, const struct packet *packet)
{
    struct sample_block *block = &pipeline->block;
    const int64_t arrival_us = packet->arrival_us;

    decode(pipeline, packet);
    block->arrival_us = arrival_us;
    block->arrival_utc_ms = clock_utc_ms(pipeline->clock, arrival_us);
    block->first_ms = block->arrival_utc_ms;
    block->step_ms = 0;
    block->first_tick = 0;
    block->tick_step = 0;
    block->lost = block->owed = 0;
    block->restart = false;
    block->rate = 0;
    block->rate_measured = NAN;
    tell_block(pipeline);
}

static uint32_t take_owed(struct pipeline *pipeline, enum sensor sensor)
{
    const uint32_t owed = pipeline->owed[sensor];

    pipeline->owed[sensor] = 0;
    return owed;
}

static void tell_stamped(struct pipeline *pipeline, const struct clock_stamp *stamp,
                         int64_t arrival_us)
{
    struct sample_block *block = &pipeline->block;

    tell_rate(pipeline);
    if (stamp->rebooted && pipeline->listener.rebooted)
        pipeline->listener.rebooted(pipeline->listener.user);
    block->arrival_us = arrival_us;
    block->arrival_utc_ms = clock_utc_ms(pipeline->clock, arrival_us);
    block->first_ms = stamp->first_ms;
    block->step_ms = stamp->step_ms;
    block->first_tick = stamp->first_tick;
    block->tick_step = stamp->tick_step;
    block->owed = take_owed(pipeline, block->samples.sensor);
    block->lost = stamp->lost + block->owed;
    block->restart = stamp->restart;
    block->rate = stamp->rate;
    block->rate_measured = stamp->rate_measured;
    tell_block(pipeline);
}

/* --- from packet to block --- */

static void refuse(struct pipeline *pipeline, const struct packet *packet, enum packet_fault fault)
{
    pipeline->counts[packet->sensor].bad_packets++;
    if (pipeline->listener.bad_packet)
        pipeline->listener.bad_packet(pipeline->listener.user, packet, fault);
}

/* Its tick agreed with none that came after. */
static void drop_suspect(struct pipeline *pipeline)
{
    if (!pipeline->has_suspect)
        return;
    pipeline->has_suspect = false;
    pipeline->counts[pipeline->suspect.sensor].bad_packets++;
}

static enum clock_verdict offer(struct pipeline *pipeline, const struct packet *packet)
{
    const struct samples *samples = decode(pipeline, packet);
    struct clock_stamp stamp;

    const enum clock_verdict verdict =
        clock_stamp(pipeline->clock, samples, packet->arrival_us, &stamp);
    if (verdict == CLOCK_ACCEPTED)
        tell_stamped(pipeline, &stamp, packet->arrival_us);
    return verdict;
}

static void offer_again(struct pipeline *pipeline, const struct packet *packet)
{
    if (offer(pipeline, packet) == CLOCK_LATE)
        pipeline->counts[packet->sensor].late_packets++;
}

static void believe_reboot(struct pipeline *pipeline, const struct packet *packet)
{
    const struct packet first = packet_of(&pipeline->suspect);

    if (pipeline->has_suspect) /* not so where the clock's state was loaded in between */
        offer_again(pipeline, &first);
    pipeline->has_suspect = false;
    offer_again(pipeline, packet);
}

static void stamp_packet(struct pipeline *pipeline, const struct packet *packet)
{
    switch (offer(pipeline, packet)) {
    case CLOCK_ACCEPTED:
        drop_suspect(pipeline);
        break;
    case CLOCK_LATE:
        pipeline->counts[packet->sensor].late_packets++;
        break;
    case CLOCK_SUSPECT:
        drop_suspect(pipeline);
        keep(&pipeline->suspect, packet);
        pipeline->has_suspect = true;
        break;
    case CLOCK_REBOOTED:
        believe_reboot(pipeline, packet);
        break;
    }
}

/* --- while the rate is unknown --- */

static void release_held(struct pipeline *pipeline)
{
    const size_t count = pipeline->held_count;

    if (count == 0)
        return;
    clock_assume_rate(pipeline->clock);
    pipeline->held_count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct packet packet = packet_of(&pipeline->held[i]);
        stamp_packet(pipeline, &packet);
    }
}

static void hold(struct pipeline *pipeline, const struct packet *packet)
{
    keep(&pipeline->held[pipeline->held_count++], packet);
    if (clock_observe(pipeline->clock, decode(pipeline, packet)) ||
        pipeline->held_count == HELD_MAX)
        release_held(pipeline);
}

void pipeline_time(struct pipeline *pipeline, int64_t now_us)
{
    if (pipeline->held_count > 0 && now_us - pipeline->held[0].arrival_us >= HELD_MAX_US)
        release_held(pipeline);
}

/* Of all lanes of its sensor. */
static void take_whole(struct pipeline *pipeline, const struct packet *packet)
{
    if (packet->sensor == SENSOR_EEG && clock_eeg_rate(pipeline->clock) == 0)
        hold(pipeline, packet);
    else
        stamp_packet(pipeline, packet);
}

static void take_lane(struct pipeline *pipeline, const struct packet *packet)
{
    const struct model_sensor *as = &pipeline->model->sensors[packet->sensor];
    struct packet whole;

    if (as->lanes == 1)
        take_whole(pipeline, packet);
    else if (lanes_join(&pipeline->lanes[packet->sensor], as, packet, &whole))
        take_whole(pipeline, &whole);
}

void pipeline_packet(struct pipeline *pipeline, const struct packet *packet)
{
    const sensor_set wanted = pipeline->sensors | SENSOR_BIT(SENSOR_BAT);

    if (!pipeline->linked || !(wanted & SENSOR_BIT(packet->sensor)))
        return;
    pipeline_time(pipeline, packet->arrival_us);
    const enum packet_fault fault = packet_check(pipeline->model, packet);
    if (fault != PACKET_OK)
        refuse(pipeline, packet, fault);
    else if (packet->sensor == SENSOR_BAT)
        tell_level(pipeline, packet);
    else
        take_lane(pipeline, packet);
}

/* --- the connection and the stream --- */

void pipeline_link_up(struct pipeline *pipeline, struct clock_anchor anchor)
{
    pipeline_link_down(pipeline);
    pipeline->linked = true;
    clock_link_up(pipeline->clock, anchor);
}

void pipeline_link_down(struct pipeline *pipeline)
{
    release_held(pipeline);
    drop_suspect(pipeline);
    for (int i = 0; i < SENSOR_STREAMED; i++)
        lanes_clear(&pipeline->lanes[i]);
    pipeline->linked = false;
}

/* What should have come since the last packet, where there is no connection. */
static uint32_t missed(const struct pipeline *pipeline, enum sensor sensor, int64_t now_us)
{
    const struct pipeline_counts *counts = &pipeline->counts[sensor];
    double rate = counts->rate_measured;

    if (pipeline->linked || sensor >= SENSOR_STREAMED || counts->last_arrival_us == INT64_MIN)
        return 0;
    if (!isfinite(rate))
        rate = sensor == SENSOR_EEG ? clock_eeg_rate(pipeline->clock)
                                    : pipeline->model->sensors[sensor].nominal_rates[0];
    const double samples = (double)(now_us - counts->last_arrival_us) / 1e6 * rate;
    return samples > 0 && samples < UINT32_MAX / 2 ? (uint32_t)lround(samples) : 0;
}

void pipeline_stream(struct pipeline *pipeline, sensor_set sensors, int64_t now_us)
{
    if (!(sensors & SENSOR_BIT(SENSOR_EEG)))
        release_held(pipeline);
    for (int i = 0; i < SENSOR_COUNT; i++) {
        const bool was = pipeline->sensors & SENSOR_BIT(i), is = sensors & SENSOR_BIT(i);
        if (was && !is) {
            pipeline->owed[i] += missed(pipeline, (enum sensor)i, now_us);
            clock_pause(pipeline->clock, (enum sensor)i);
            if (i < SENSOR_STREAMED)
                lanes_clear(&pipeline->lanes[i]);
        }
        if (is && !was)
            clear_counts(&pipeline->counts[i]);
    }
    pipeline->sensors = sensors;
}

int pipeline_eeg_rate(const struct pipeline *pipeline)
{
    return clock_eeg_rate(pipeline->clock);
}

const struct pipeline_counts *pipeline_counts(const struct pipeline *pipeline, enum sensor sensor)
{
    return &pipeline->counts[sensor];
}

double pipeline_utc_ms(const struct pipeline *pipeline, int64_t boot_us)
{
    return clock_utc_ms(pipeline->clock, boot_us);
}

size_t pipeline_clock_save(const struct pipeline *pipeline, int64_t origin_us, char *out)
{
    return clock_save(pipeline->clock, origin_us, out);
}

bool pipeline_clock_load(struct pipeline *pipeline, int64_t origin_us, const char *text)
{
    const bool loaded = clock_load(pipeline->clock, origin_us, text);

    pipeline->linked = pipeline->linked || loaded;
    pipeline->told_rate = clock_eeg_rate(pipeline->clock);
    return loaded;
}
