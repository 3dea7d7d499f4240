#include "fake_pipeline.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pipeline/pipeline.h"

#define RATE_WAIT_US 1000000

int fake_eeg_rate = 250;

struct pipeline {
    struct pipeline_listener listener;
    struct pipeline_counts counts[SENSOR_COUNT];
    struct clock_anchor anchor;
    sensor_set sensors;
    bool inside, up;
    int rate, held;
    int64_t first_us;
};

/* What the real rooms below would give. */
const char *sensor_name(enum sensor sensor)
{
    static const char *const names[] = {"eeg", "ppg", "acc", "bat"};

    return names[sensor];
}

enum packet_fault packet_check(const struct band_model *model, const struct packet *packet)
{
    (void)model;
    return packet->len == CUT_LEN ? PACKET_REMAINDER : PACKET_OK;
}

const char *packet_fault_text(enum packet_fault fault)
{
    return fault == PACKET_OK ? "" : "is bad";
}

struct pipeline *pipeline_create(const struct pipeline_config *config,
                                 const struct pipeline_listener *listener)
{
    struct pipeline *pipeline = calloc(1, sizeof(*pipeline));

    (void)config;
    assert_non_null(pipeline);
    pipeline->listener = *listener;
    return pipeline;
}

void pipeline_destroy(struct pipeline *pipeline)
{
    assert_true(!pipeline->inside);
    free(pipeline);
}

static void emit(struct pipeline *pipeline, enum sensor sensor, int count)
{
    struct sample_block block = {.samples.sensor = sensor, .samples.count = 1, .samples.level = 77};

    for (int i = 0; i < count; i++) {
        pipeline->counts[sensor].received += 10;
        pipeline->listener.samples(pipeline->listener.user, &block);
    }
}

static void set_rate(struct pipeline *pipeline, int rate)
{
    int held = pipeline->held;

    pipeline->rate = rate;
    pipeline->held = 0;
    pipeline->listener.eeg_rate(pipeline->listener.user, rate);
    emit(pipeline, SENSOR_EEG, held);
}

/* The end of the link or of EEG lets go of what was held, as in the real pipeline. */
static void release_held(struct pipeline *pipeline)
{
    assert_false(pipeline->inside);
    pipeline->inside = true;
    if (pipeline->held)
        set_rate(pipeline, 250);
    pipeline->inside = false;
}

void pipeline_link_up(struct pipeline *pipeline, struct clock_anchor anchor)
{
    assert_true(!pipeline->inside);
    pipeline->anchor = anchor;
    pipeline->up = true;
}

void pipeline_link_down(struct pipeline *pipeline)
{
    release_held(pipeline);
    pipeline->up = false;
}

void pipeline_stream(struct pipeline *pipeline, sensor_set sensors, int64_t now_us)
{
    (void)now_us;
    assert_true(!pipeline->inside);
    if (!(sensors & SENSOR_BIT(SENSOR_EEG)))
        release_held(pipeline);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++) {
        if (sensors & ~pipeline->sensors & SENSOR_BIT(sensor))
            pipeline->counts[sensor] = (struct pipeline_counts){.rate_measured = NAN};
    }
    pipeline->sensors = sensors;
}

void pipeline_packet(struct pipeline *pipeline, const struct packet *packet)
{
    assert_true(!pipeline->inside && pipeline->up);
    assert_true(pipeline->sensors & SENSOR_BIT(packet->sensor));
    if (packet->len == CUT_LEN)
        return;
    pipeline->inside = true;
    if (packet->sensor != SENSOR_EEG || pipeline->rate) {
        emit(pipeline, packet->sensor, 1);
    } else {
        if (pipeline->held++ == 0)
            pipeline->first_us = packet->arrival_us;
        if (pipeline->held == 3)
            set_rate(pipeline, fake_eeg_rate);
    }
    pipeline->inside = false;
}

void pipeline_time(struct pipeline *pipeline, int64_t now_us)
{
    assert_true(!pipeline->inside);
    pipeline->inside = true;
    if (pipeline->held && now_us >= pipeline->first_us + RATE_WAIT_US)
        set_rate(pipeline, 250);
    pipeline->inside = false;
}

int pipeline_eeg_rate(const struct pipeline *pipeline)
{
    return pipeline->rate;
}

const struct band_model *pipeline_model(const struct pipeline *pipeline)
{
    (void)pipeline;
    return model_default();
}

const struct pipeline_counts *pipeline_counts(const struct pipeline *pipeline, enum sensor sensor)
{
    return &pipeline->counts[sensor];
}

double pipeline_utc_ms(const struct pipeline *pipeline, int64_t boot_us)
{
    return (double)(pipeline->anchor.utc_us + boot_us - pipeline->anchor.boot_us) / 1000.0;
}
