/*
 * What a second of a worn band costs, stage by stage: the simulated wearer's packets through each
 * part of the way alone, then through the whole. CPU time, for the machine may be busy.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "band/clock.h"
#include "ble/sim_body.h"
#include "dsp/filter.h"
#include "dsp/spectrum.h"
#include "dsp/timeline.h"
#include "fir.h"
#include "pipeline/pipeline.h"
#include "protocol/message.h"

#define SECONDS     120
#define PACKETS_MAX 2048

struct stored {
    struct packet packet;
    uint8_t bytes[BAND_PACKET_MAX];
};

/* Two minutes of a band in the order of arrival, and the blocks that they make. */
static struct stored stored[PACKETS_MAX];
static struct sample_block blocks[PACKETS_MAX];
static size_t count;
static size_t samples_of[SENSOR_COUNT], packets_of[SENSOR_COUNT];

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* ---- the band */

struct wearer {
    struct sim_brain brain;
    struct sim_heart heart;
    struct sim_motion motion;
    double position[SENSOR_STREAMED]; /* samples */
};

static const double rates[SENSOR_STREAMED] = {250.2, 49.88, 25.22};

static enum sensor next_sensor(const struct wearer *w)
{
    enum sensor first = SENSOR_EEG;
    double least = INFINITY;
    for (int s = 0; s < SENSOR_STREAMED; s++) {
        double end =
            (w->position[s] + (double)model_default()->sensors[s].packet_samples) / rates[s];
        if (end < least)
            first = (enum sensor)s;
        least = fmin(least, end);
    }
    return first;
}

static void fill(struct wearer *w, struct samples *samples)
{
    for (size_t i = 0; i < samples->count; i++) {
        if (samples->sensor == SENSOR_EEG)
            sim_brain_next(&w->brain, &samples->eeg[i]);
        else if (samples->sensor == SENSOR_PPG)
            sim_heart_next(&w->heart, &samples->ppg[i]);
        else
            sim_motion_next(&w->motion, &samples->acc[i]);
    }
}

static void record_packets(void)
{
    static struct wearer w;
    sim_brain_init(&w.brain, 1, rates[SENSOR_EEG], 50, false);
    sim_heart_init(&w.heart, 1, 70, 40, rates[SENSOR_PPG]);
    sim_motion_init(&w.motion, 1, rates[SENSOR_ACC]);
    while (count < PACKETS_MAX) {
        enum sensor sensor = next_sensor(&w);
        struct samples samples = {.sensor = sensor,
                                  .count = model_default()->sensors[sensor].packet_samples};
        double begin = w.position[sensor] / rates[sensor];
        if (begin > SECONDS)
            return;
        w.position[sensor] += (double)samples.count;
        samples.tick = (uint32_t)lround(begin * BLOCK_TICK_HZ);
        fill(&w, &samples);
        struct stored *to = &stored[count++];
        size_t len = packet_encode(model_default(), &samples, to->bytes);
        to->packet = (struct packet){sensor, llround(w.position[sensor] / rates[sensor] * 1e6),
                                     to->bytes, len, 0};
        samples_of[sensor] += samples.count;
        packets_of[sensor]++;
    }
}

static void keep_block(void *user, const struct sample_block *block)
{
    size_t *kept = user;
    blocks[(*kept)++] = *block;
}

static size_t run_pipeline(bool with_features, struct pipeline_listener listener)
{
    const struct pipeline_config config = {.mains_hz = 50, .with_features = with_features};
    struct pipeline *pipeline = pipeline_create(&config, &listener);
    if (!pipeline)
        abort();
    pipeline_link_up(pipeline, (struct clock_anchor){0, 0});
    pipeline_stream(pipeline, SENSOR_SET_ALL, 0);
    for (size_t i = 0; i < count; i++)
        pipeline_packet(pipeline, &stored[i].packet);
    pipeline_link_down(pipeline);
    pipeline_destroy(pipeline);
    return count;
}

/* ---- the stages; each returns how many units it did */

static size_t decode(void)
{
    struct samples samples;
    for (size_t i = 0; i < count; i++)
        (void)packet_decode(model_default(), &stored[i].packet, &samples);
    return count;
}

static size_t stamp(void)
{
    struct clock *clock = clock_create(model_default());
    struct clock_stamp stamp;
    clock_link_up(clock, (struct clock_anchor){0, 0});
    clock_assume_rate(clock);
    for (size_t i = 0; i < count; i++)
        (void)clock_stamp(clock, &blocks[i].samples, blocks[i].arrival_us, &stamp);
    clock_destroy(clock);
    return count;
}

static void drop_slot(void *user, const struct slot *slot)
{
    *(double *)user += slot->channel[0].uv;
}

static size_t timeline(void)
{
    static struct timeline timeline;
    double sum = 0;
    timeline_init(&timeline, 250, 125, 50);
    for (size_t i = 0; i < count; i++)
        if (blocks[i].samples.sensor == SENSOR_EEG)
            timeline_push(&timeline, &blocks[i], drop_slot, &sum);
    return isfinite(sum) ? samples_of[SENSOR_EEG] : 0;
}

static size_t bandpass(void)
{
    double taps[251];
    float sum = 0;
    struct fir *filter[EEG_CHANNELS];
    bandpass_taps(250, taps);
    for (int c = 0; c < EEG_CHANNELS; c++)
        filter[c] = fir_create(taps, 251);
    for (size_t i = 0; i < samples_of[SENSOR_EEG]; i++) {
        for (int c = 0; c < EEG_CHANNELS; c++)
            sum += fir_step(filter[c], (float)(i % 7));
    }
    for (int c = 0; c < EEG_CHANNELS; c++)
        fir_destroy(filter[c]);
    return isfinite(sum) ? samples_of[SENSOR_EEG] : 0;
}

/* As often as the messages need it: twice a second, both channels. */
static size_t spectrum(void)
{
    struct spectrum *spectrum = spectrum_create(250);
    double psd[EEG_SPECTRUM_BINS];
    for (size_t i = 0; i < samples_of[SENSOR_EEG]; i++) {
        spectrum_push(spectrum, (double)(i % 7));
        spectrum_push(spectrum, (double)(i % 5));
        if (i % 125 == 0) {
            spectrum_welch(spectrum, 250, psd);
            spectrum_welch(spectrum, 250, psd);
        }
    }
    spectrum_destroy(spectrum);
    return samples_of[SENSOR_EEG];
}

static void ignore_eeg(void *user, const struct eeg_features *f)
{
    (void)f;
    ++*(size_t *)user;
}

static size_t eeg(void)
{
    struct eeg_dsp *dsp = eeg_dsp_create(50);
    size_t told = 0;
    const struct eeg_listener listener = {.user = &told, .features = ignore_eeg};
    for (size_t i = 0; i < count; i++)
        eeg_dsp_push(dsp, &blocks[i], &listener);
    eeg_dsp_destroy(dsp);
    return told ? samples_of[SENSOR_EEG] : 0;
}

static void ignore_ppg(void *user, const struct ppg_features *f)
{
    (void)f;
    ++*(size_t *)user;
}

static size_t pulse(void)
{
    struct heart *heart = heart_create();
    size_t told = 0;
    for (size_t i = 0; i < count; i++)
        if (blocks[i].samples.sensor == SENSOR_PPG)
            heart_push(heart, &blocks[i], ignore_ppg, &told);
    heart_destroy(heart);
    return told ? samples_of[SENSOR_PPG] : 0;
}

static void ignore_acc(void *user, const struct acc_features *f)
{
    (void)f;
    ++*(size_t *)user;
}

static size_t motion(void)
{
    struct motion *motion = motion_create();
    size_t told = 0;
    for (size_t i = 0; i < count; i++)
        motion_push(motion, &blocks[i], ignore_acc, &told);
    motion_destroy(motion);
    return told ? samples_of[SENSOR_ACC] : 0;
}

static struct json json;
static size_t largest;

static size_t raw_messages(void)
{
    for (size_t i = 0; i < count; i++)
        message_raw(&json, "LXB-0263003F", i, &blocks[i]);
    return count;
}

static void write_eeg(void *user, const struct eeg_features *f)
{
    (void)user;
    message_eeg(&json, "LXB-0263003F", 1, f);
    largest = json.len > largest ? json.len : largest;
}

static void write_ppg(void *user, const struct ppg_features *f)
{
    (void)user;
    message_ppg(&json, "LXB-0263003F", 1, f);
}

static void write_acc(void *user, const struct acc_features *f)
{
    (void)user;
    message_acc(&json, "LXB-0263003F", 1, f);
}

static void write_raw(void *user, const struct sample_block *block)
{
    (void)user;
    message_raw(&json, "LXB-0263003F", 1, block);
}

static size_t samples_only(void)
{
    return run_pipeline(false, (struct pipeline_listener){0});
}

/* A feature is computed where somebody listens. */
static size_t features(void)
{
    size_t told = 0;
    return run_pipeline(
        true, (struct pipeline_listener){
                  .user = &told, .eeg = ignore_eeg, .ppg = ignore_ppg, .acc = ignore_acc});
}

static size_t everything(void)
{
    return run_pipeline(
        true, (struct pipeline_listener){
                  .samples = write_raw, .eeg = write_eeg, .ppg = write_ppg, .acc = write_acc});
}

static const struct {
    const char *name, *unit;
    size_t (*run)(void);
} stages[] = {
    {"decode", "packet", decode},
    {"clock", "packet", stamp},
    {"timeline and notch, 2 channels", "EEG sample", timeline},
    {"band-pass, 2 channels", "EEG sample", bandpass},
    {"spectrum, 2 channels", "EEG sample", spectrum},
    {"EEG in all, 2 channels", "EEG sample", eeg},
    {"heart", "PPG sample", pulse},
    {"motion", "ACC sample", motion},
    {"raw messages", "packet", raw_messages},
    {"pipeline: samples only", "packet", samples_only},
    {"pipeline: with features", "packet", features},
    {"pipeline and all messages", "packet", everything},
};

/* The best of five: what it costs where nothing else disturbs. */
static void measure(size_t stage)
{
    double best = INFINITY;
    size_t units = 0;
    for (int i = 0; i < 5; i++) {
        double begin = cpu_us();
        units = stages[stage].run();
        best = fmin(best, cpu_us() - begin);
    }
    if (units == 0)
        abort();
    printf("%-31s %9.0f ns per %-10s %8.1f us per second of band\n", stages[stage].name,
           best * 1e3 / (double)units, stages[stage].unit, best / SECONDS);
}

int main(void)
{
    size_t kept = 0;
    json_init(&json);
    record_packets();
    run_pipeline(false, (struct pipeline_listener){.user = &kept, .samples = keep_block});
    if (kept != count)
        abort();
    printf("%d s of a simulated band: %zu packets, %zu EEG, %zu PPG, %zu ACC samples\n", SECONDS,
           count, samples_of[SENSOR_EEG], samples_of[SENSOR_PPG], samples_of[SENSOR_ACC]);
    for (size_t s = 0; s < sizeof stages / sizeof *stages; s++)
        measure(s);
    printf("largest processed EEG message at 250 Hz: %zu bytes\n", largest);
    json_finish(&json);
    return 0;
}
