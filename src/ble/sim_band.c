#include "ble/sim_band.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "band/packet.h"
#include "ble/sim_body.h"

/* Measured on real bands: rates inside packets, one packet in six followed by a skipped sample. */
#define SKIP_CHANCE   (1 / 6.0)
#define WOBBLE_CHANCE 0.15
#define WOBBLE_MS     1.3
#define STRAY_CHANCE  0.15
#define STRAY_MS      4.0

/* Of the Link Band's counter. */
#define TICK_HZ 32768

#define SKIP_AHEAD_US INT64_C(60000000)

/* Position and step are in the band's ticks since power-on, not wrapped. */
struct sim_stream {
    struct sim_random stamps, air;
    double position; /* of the next packet's first sample */
    double step;     /* between samples */
    size_t count;    /* samples a packet */
    struct sim_packet packet;
};

struct sim_band {
    struct sim_options options;
    struct sim_stream stream[SENSOR_COUNT];
    double boot;  /* what the counter says at position 0 */
    double event; /* a position */
    int level;    /* the battery's, as last told */
    struct sim_brain brain;
    struct sim_heart heart;
    struct sim_motion motion;
};

static double ticks_a_second(const struct sim_band *band)
{
    return TICK_HZ * (1 + band->options.ppm * 1e-6);
}

static int64_t time_of(const struct sim_band *band, double position)
{
    return (int64_t)llround(position / ticks_a_second(band) * 1e6);
}

static double position_of(const struct sim_band *band, int64_t time_us)
{
    return (double)time_us * 1e-6 * ticks_a_second(band);
}

static double stray(struct sim_random *random, double ms)
{
    return sim_random_between(random, -ms, ms) / 1000 * TICK_HZ;
}

/* How far the stamp is off where the first sample is; intervals then come in odd pairs. */
static double stamp_error(struct sim_band *band, enum sensor sensor)
{
    struct sim_random *random = &band->stream[sensor].stamps;

    switch (sensor) {
    case SENSOR_EEG:
        return sim_random_chance(random, WOBBLE_CHANCE) ? -WOBBLE_MS / 1000 * TICK_HZ : 0;
    case SENSOR_PPG:
        return sim_random_chance(random, STRAY_CHANCE) ? stray(random, STRAY_MS) : 0;
    case SENSOR_ACC:
    case SENSOR_BAT:
    case SENSOR_COUNT:
        break;
    }
    return stray(random, 0.2);
}

/* A sample is of the interval that ends with it. The flaw of the real band stays one. */
static void add_event(const struct sim_band *band, double position, struct eeg_sample *sample)
{
    const double share = (position - band->event) / band->stream[SENSOR_EEG].step;

    if (share <= 0 || (sample->uv[0] == 0 && sample->uv[1] == 0))
        return;
    for (size_t channel = 0; channel < SIM_ELECTRODES; channel++)
        sample->uv[channel] += SIM_EVENT_UV * fmin(share, 1);
}

static void eeg_next(struct sim_band *band, struct eeg_sample *sample, size_t i)
{
    const struct sim_stream *stream = &band->stream[SENSOR_EEG];

    sim_brain_next(&band->brain, sample);
    add_event(band, stream->position + (double)i * stream->step, sample);
}

static void sample_next(struct sim_band *band, struct samples *samples, size_t i)
{
    if (samples->sensor == SENSOR_EEG)
        eeg_next(band, &samples->eeg[i], i);
    else if (samples->sensor == SENSOR_PPG)
        sim_heart_next(&band->heart, &samples->ppg[i]);
    else
        sim_motion_next(&band->motion, &samples->acc[i]);
}

/* A radio adds delay, loses and repeats, but keeps the order of one characteristic's packets. */
static void send_over_air(struct sim_band *band, struct sim_stream *stream, double complete)
{
    struct sim_packet *packet = &stream->packet;
    double delay_us = 1000 * sim_random_between(&stream->air, 0, band->options.jitter);

    packet->lost = sim_random_chance(&stream->air, band->options.loss);
    packet->duplicate = sim_random_chance(&stream->air, band->options.duplicate);
    packet->complete_us = time_of(band, complete);
    int64_t arrival_us = packet->complete_us + (int64_t)delay_us;
    packet->arrival_us = arrival_us > packet->arrival_us ? arrival_us : packet->arrival_us;
}

static void make_packet(struct sim_band *band, enum sensor sensor)
{
    struct sim_stream *stream = &band->stream[sensor];
    struct samples samples = {.sensor = sensor, .count = stream->count};
    double stamp = band->boot + stream->position + stamp_error(band, sensor);

    samples.tick = (uint32_t)llround(fmax(stamp, 0));
    for (size_t i = 0; i < stream->count; i++)
        sample_next(band, &samples, i);
    stream->packet.len = packet_encode(model_default(), &samples, stream->packet.bytes);
    stream->position += (double)stream->count * stream->step;
    send_over_air(band, stream, stream->position);
    if (sensor == SENSOR_EEG && band->options.skip &&
        sim_random_chance(&stream->stamps, SKIP_CHANCE)) {
        sample_next(band, &samples, 0);
        stream->position += stream->step;
    }
}

static void make_level(struct sim_band *band)
{
    struct sim_stream *stream = &band->stream[SENSOR_BAT];
    struct samples samples = {.sensor = SENSOR_BAT, .count = 1};

    if (band->level == 0 || band->options.drain <= 0) {
        stream->packet.arrival_us = INT64_MAX;
        return;
    }
    band->level--;
    samples.level = (uint8_t)band->level;
    stream->packet.len = packet_encode(model_default(), &samples, stream->packet.bytes);
    stream->position = (ceil(band->options.battery) - band->level) * 3600 / band->options.drain *
                       ticks_a_second(band);
    send_over_air(band, stream, stream->position);
}

int sim_band_battery(const struct sim_band *band, int64_t time_us)
{
    double fallen = floor((double)time_us * 1e-6 / 3600 * band->options.drain);

    return (int)fmax(0, ceil(band->options.battery) - fallen);
}

static void stream_init(struct sim_band *band, enum sensor sensor, uint64_t seed, double rate)
{
    static const double begins_s[SENSOR_COUNT] = {0.05, 0.08, 0.11, 0};
    struct sim_stream *stream = &band->stream[sensor];

    sim_random_seed(&stream->stamps, seed, 0x40 + (uint64_t)sensor);
    sim_random_seed(&stream->air, seed, 0x50 + (uint64_t)sensor);
    stream->packet.sensor = sensor;
    stream->count = model_default()->sensors[sensor].packet_samples;
    stream->position = begins_s[sensor] * TICK_HZ;
    stream->step = rate > 0 ? TICK_HZ / rate : 0;
}

static double true_rate(enum sensor sensor, int nominal)
{
    const struct model_sensor *profile = &model_default()->sensors[sensor];

    return profile->initial_rates[nominal == profile->nominal_rates[1] && nominal > 0];
}

static void make_next(struct sim_band *band, enum sensor sensor)
{
    if (sensor == SENSOR_BAT)
        make_level(band);
    else
        make_packet(band, sensor);
}

struct sim_band *sim_band_create(const struct sim_options *options, int which)
{
    struct sim_band *band = calloc(1, sizeof(*band));
    uint64_t seed = options->seed + (uint64_t)which * UINT64_C(0x9e3779b97f4a7c15);

    if (!band)
        return NULL;
    double eeg = true_rate(SENSOR_EEG, options->rate);
    double ppg = true_rate(SENSOR_PPG, 0);
    double acc = true_rate(SENSOR_ACC, 0);
    band->options = *options;
    band->boot = options->boot;
    band->event = options->event * ticks_a_second(band);
    band->level = (int)ceil(options->battery);
    sim_brain_init(&band->brain, seed, eeg, options->mains, options->leadoff);
    sim_heart_init(&band->heart, seed, options->heart, options->hrv, ppg);
    sim_motion_init(&band->motion, seed, acc);
    stream_init(band, SENSOR_EEG, seed, eeg);
    stream_init(band, SENSOR_PPG, seed, ppg);
    stream_init(band, SENSOR_ACC, seed, acc);
    stream_init(band, SENSOR_BAT, seed, 0);
    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++)
        make_next(band, (enum sensor)sensor);
    return band;
}

void sim_band_destroy(struct sim_band *band)
{
    free(band);
}

static enum sensor earliest(const struct sim_band *band)
{
    enum sensor first = SENSOR_EEG;

    for (int sensor = 1; sensor < SENSOR_COUNT; sensor++) {
        if (band->stream[sensor].packet.arrival_us < band->stream[first].packet.arrival_us)
            first = (enum sensor)sensor;
    }
    return first;
}

const struct sim_packet *sim_band_next(const struct sim_band *band)
{
    return &band->stream[earliest(band)].packet;
}

void sim_band_advance(struct sim_band *band)
{
    make_next(band, earliest(band));
}

static void leave_out(struct sim_band *band, int64_t time_us)
{
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        struct sim_stream *stream = &band->stream[sensor];
        double packet = (double)stream->count * stream->step;
        double behind = floor((position_of(band, time_us) - stream->position) / packet);
        if (behind > 0)
            stream->position += behind * packet;
        make_packet(band, (enum sensor)sensor);
    }
}

void sim_band_skip_to(struct sim_band *band, int64_t time_us)
{
    if (sim_band_next(band)->arrival_us < time_us - SKIP_AHEAD_US)
        leave_out(band, time_us - SKIP_AHEAD_US);
    while (sim_band_next(band)->arrival_us < time_us)
        sim_band_advance(band);
}

void sim_band_reboot(struct sim_band *band, int64_t time_us)
{
    double position = position_of(band, time_us);

    band->boot = -position;
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        struct sim_stream *stream = &band->stream[sensor];
        stream->position = fmax(stream->position, position);
        make_packet(band, (enum sensor)sensor);
    }
}
