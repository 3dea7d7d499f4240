/*
 * Packets of any bytes at any time, through packet, clock, pipeline and dsp, to the messages of
 * them. What is told must be in order, finite and valid JSON.
 *
 * The input is a script of operations, one byte each and what it needs: packets raw or well-formed
 * and repeated, links, streams, jumps of time. dsp costs a hundred times what the rest does, so it
 * is a harness of its own from this same file: fuzz_features.
 */
#include <math.h>

#include "hold.h"
#include "input.h"
#include "pipeline/pipeline.h"
#include "protocol/message.h"

#define DEVICE    "LXB-51A00000"
#define FRAME_MAX (16 * 1024)
#ifndef PACKETS_MAX
#define PACKETS_MAX 24 /* of one input: the rest of it is left */
#endif
#ifndef WITH_FEATURES
#define WITH_FEATURES false
#endif
#define INSTANT_US    (INT64_C(1) << 53)
#define UTC_US        INT64_C(1764000000000000)
#define TICKS_A_BLOCK 3277

struct band {
    struct pipeline *pipeline;
    int64_t now_us;
    uint32_t tick;
    unsigned packets;
    double told_ms[SENSOR_COUNT]; /* the last sample's */
    uint64_t blocks;
    struct json json;
};

static void hold_message(const struct band *band)
{
    HOLD(band->json.len == strlen(band->json.text));
    HOLD(band->json.len <= FRAME_MAX);
    HOLD(json_check(band->json.text, band->json.len, 4) == NULL);
}

static void hold_order(struct band *band, const struct sample_block *block)
{
    double *told = &band->told_ms[block->samples.sensor];

    HOLD(isfinite(block->first_ms) && isfinite(block->step_ms) && isfinite(block->arrival_utc_ms));
    if (block->samples.sensor == SENSOR_BAT)
        return;
    HOLD(block->step_ms > 0);
    HOLD(isfinite(block->first_tick) && block->tick_step > 0);
    HOLD(block->first_ms > *told);
    *told = block->first_ms + (double)(block->samples.count - 1) * block->step_ms;
}

static void on_samples(void *user, const struct sample_block *block)
{
    struct band *band = user;

    HOLD(block->samples.count > 0 && block->samples.count <= BAND_SAMPLES_MAX);
    HOLD(isnan(block->rate_measured) || block->rate_measured > 0);
    hold_order(band, block);
    /* To write a message costs more than all before it: one in four shows the same. */
    if (band->blocks++ % 4 != 0)
        return;
    message_raw(&band->json, DEVICE, band->blocks, block);
    hold_message(band);
}

static void hold_times(const double *timestamps, size_t count, size_t room)
{
    HOLD(count <= room);
    for (size_t i = 0; i < count; i++)
        HOLD(isfinite(timestamps[i]) && (i == 0 || timestamps[i] > timestamps[i - 1]));
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    struct band *band = user;

    hold_times(features->timestamps, features->count, EEG_FEATURE_SAMPLES_MAX);
    for (size_t i = 0; i < features->count; i++)
        HOLD(!isinf(features->filtered[0][i]) && !isinf(features->filtered[1][i]));
    HOLD(features->good_samples_ratio >= 0 && features->good_samples_ratio <= 1);
    message_eeg(&band->json, DEVICE, 0, features);
    hold_message(band);
}

static bool wants_bands(void *user)
{
    struct band *band = user;

    return band->packets % 8 != 0;
}

static void on_bands(void *user, const struct eeg_bands *bands)
{
    struct band *band = user;

    HOLD(isfinite(bands->timestamp));
    for (int b = 0; b < EEG_BANDS; b++)
        HOLD(!isinf(bands->power[0][b]) && !(bands->power[1][b] < 0));
    message_bands(&band->json, DEVICE, 0, bands);
    hold_message(band);
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    struct band *band = user;

    hold_times(features->timestamps, features->count, PPG_FEATURE_SAMPLES_MAX);
    hold_times(features->beats, features->beat_count, PPG_FEATURE_BEATS_MAX);
    HOLD(features->rr_count <= PPG_FEATURE_BEATS_MAX);
    for (size_t i = 0; i < features->rr_count; i++)
        HOLD(features->rr[i] > 0);
    HOLD(isnan(features->bpm) || features->bpm > 0);
    message_ppg(&band->json, DEVICE, 0, features);
    hold_message(band);
}

static void on_acc(void *user, const struct acc_features *features)
{
    struct band *band = user;

    hold_times(features->timestamps, features->count, ACC_FEATURE_SAMPLES_MAX);
    message_acc(&band->json, DEVICE, 0, features);
    hold_message(band);
}

static void link_up(struct band *band, int64_t utc_us)
{
    pipeline_link_up(band->pipeline, (struct clock_anchor){band->now_us, utc_us});
    /* Within a connection time never goes back; another one has its own anchor. */
    for (int i = 0; i < SENSOR_COUNT; i++)
        band->told_ms[i] = -INFINITY;
}

static void send(struct band *band, enum sensor sensor, const uint8_t *bytes, size_t len)
{
    /* Copied to its exact size, so that a byte read behind it is seen. */
    uint8_t *copy = malloc(len ? len : 1);

    HOLD(copy);
    memcpy(copy, bytes, len);
    const struct packet packet = {sensor, band->now_us, copy, len, 0};
    if (band->packets++ < PACKETS_MAX)
        pipeline_packet(band->pipeline, &packet);
    free(copy);
}

static void raw_packet(struct band *band, struct input *input)
{
    enum sensor sensor = input_byte(input) % SENSOR_COUNT;
    size_t len = input_16(input) % (BAND_PACKET_MAX + 8);

    band->now_us += 1000 * input_byte(input);
    const size_t left = (size_t)(input->end - input->at);
    if (len > left)
        len = left;
    send(band, sensor, input->at, len);
    input->at += len;
}

/* Samples that rise by a step, from a value: saturation, silence and noise are all among it. */
static void fill(struct samples *samples, uint8_t value, uint8_t step)
{
    for (size_t i = 0; i < samples->count; i++, value = (uint8_t)(value + step)) {
        if (samples->sensor == SENSOR_EEG)
            samples->eeg[i] =
                (struct eeg_sample){{(value - 128) * 3000.0, value}, value & 15 & step};
        else if (samples->sensor == SENSOR_PPG)
            samples->ppg[i] = (struct ppg_sample){value * 65000u, 1400000u + value * 100u};
        else
            samples->acc[i] = (struct acc_sample){(int16_t)(value * 256), 0, (int16_t)(step * 256)};
    }
}

/* The same packet several times, as a band at work sends them. */
static void good_packets(struct band *band, struct input *input)
{
    struct samples samples = {.sensor = input_byte(input) % SENSOR_STREAMED};
    uint8_t bytes[BAND_PACKET_MAX];
    const uint8_t repeats = input_byte(input) & 63, value = input_byte(input),
                  step = input_byte(input);
    const uint32_t ticks = input_16(input);
    const int64_t late_us = 100 * (int64_t)input_byte(input);

    samples.count = 1 + input_byte(input) % model_default()->sensors[samples.sensor].packet_samples;
    for (int i = 0; i <= repeats; i++) {
        samples.tick = band->tick;
        band->tick += ticks ? ticks : TICKS_A_BLOCK;
        band->now_us += (ticks ? ticks : TICKS_A_BLOCK) * INT64_C(1000000) / BLOCK_TICK_HZ;
        fill(&samples, (uint8_t)(value + i * step), step);
        size_t len = packet_encode(model_default(), &samples, bytes);
        band->now_us += i % 4 == 3 ? late_us : 0;
        send(band, samples.sensor, bytes, len);
        band->now_us -= i % 4 == 3 ? late_us : 0;
    }
}

/* What a capture keeps of the clock must give the same clock again. */
static void save_and_load(struct band *band)
{
    char before[CLOCK_STATE_MAX], after[CLOCK_STATE_MAX];

    HOLD(pipeline_clock_save(band->pipeline, band->now_us, before) < CLOCK_STATE_MAX);
    HOLD(pipeline_clock_load(band->pipeline, band->now_us, before));
    pipeline_clock_save(band->pipeline, band->now_us, after);
    HOLD(strcmp(before, after) == 0);
}

static void step(struct band *band, struct input *input)
{
    switch (input_byte(input) & 7) {
    case 0:
        raw_packet(band, input);
        break;
    case 1:
    case 2:
        good_packets(band, input);
        break;
    case 3:
        link_up(band, UTC_US + (int32_t)input_64(input));
        break;
    case 4:
        pipeline_link_down(band->pipeline);
        break;
    case 5:
        pipeline_stream(band->pipeline, input_byte(input) & SENSOR_SET_ALL, band->now_us);
        break;
    case 6: /* forward, back, far */
        band->now_us = (int64_t)(input_64(input) % INSTANT_US);
        pipeline_time(band->pipeline, band->now_us);
        break;
    case 7:
        band->tick += (uint32_t)input_16(input) << (input_byte(input) & 16);
        save_and_load(band);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    struct band band = {.now_us = 1000000};
    const uint8_t flags = input_byte(&input);
    const struct pipeline_config config = {
        .mains_hz = flags & 1 ? 60 : 50,
        .with_features = WITH_FEATURES,
    };
    const struct pipeline_listener listener = {
        .user = &band,
        .samples = on_samples,
        .eeg = on_eeg,
        .ppg = on_ppg,
        .acc = on_acc,
        .wants_bands = wants_bands,
        .bands = on_bands,
    };

    json_init(&band.json);
    band.pipeline = pipeline_create(&config, &listener);
    HOLD(band.pipeline);
    pipeline_stream(band.pipeline, SENSOR_SET_ALL, 0);
    link_up(&band, UTC_US);
    while (input.at < input.end && band.packets < PACKETS_MAX)
        step(&band, &input);
    pipeline_link_down(band.pipeline);
    pipeline_destroy(band.pipeline);
    json_finish(&band.json);
    return 0;
}
