/*
 * Hours of a band through clock and pipeline alone, as fast as the machine can: one with the real
 * one's flaws, a crystal 20 ppm fast, a radio that delays and loses, and a counter that wraps.
 *
 * Held: no sample without its time, times strictly increasing and where the sample really was, all
 * that is missing counted, memory and descriptors flat. An hour; 40 with LINKBANDD_TEST_ALL=yes.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ble/sim_band.h"
#include "pipeline/pipeline.h"

#define HOUR_US       INT64_C(3600000000)
#define SETTLED_US    INT64_C(300000000) /* of the start: the rates are being fitted */
#define UTC_US        INT64_C(1764000000000000)
#define ERROR_MAX_MS  3.0
#define MEMORY_MAX_KB 256

struct stream {
    uint64_t samples, lost, blocks, back;
    double begin_ms, end_ms; /* of the first sample, behind the last one */
    double first_tick, end_tick, tick_step;
};

struct soak {
    struct pipeline *pipeline;
    struct stream streams[SENSOR_STREAMED];
    int64_t complete_us;      /* when the packet being told was really complete */
    double least_ms, most_ms; /* EEG: the time told less the real one */
    uint64_t features[SENSOR_STREAMED], bad;
};

static void compare(struct soak *soak, const struct stream *stream)
{
    const double error_ms = stream->end_ms - (double)(UTC_US + soak->complete_us) / 1e3;

    if (soak->complete_us < SETTLED_US)
        return;
    soak->least_ms = fmin(soak->least_ms, error_ms);
    soak->most_ms = fmax(soak->most_ms, error_ms);
}

static void on_samples(void *user, const struct sample_block *block)
{
    struct soak *soak = user;

    if (block->samples.sensor == SENSOR_BAT)
        return;
    struct stream *stream = &soak->streams[block->samples.sensor];
    const double count = (double)block->samples.count;
    if (stream->blocks++ == 0) {
        stream->first_tick = block->first_tick;
        stream->begin_ms = block->first_ms;
    } else if (block->first_ms <= stream->end_ms - block->step_ms) {
        stream->back++;
    }
    stream->samples += block->samples.count;
    stream->lost += block->lost;
    stream->end_ms = block->first_ms + count * block->step_ms;
    stream->end_tick = block->first_tick + count * block->tick_step;
    if (block->samples.sensor == SENSOR_EEG)
        compare(soak, stream);
}

static void on_eeg(void *user, const struct eeg_features *features)
{
    (void)features;
    ((struct soak *)user)->features[SENSOR_EEG]++;
}

static void on_ppg(void *user, const struct ppg_features *features)
{
    (void)features;
    ((struct soak *)user)->features[SENSOR_PPG]++;
}

static void on_acc(void *user, const struct acc_features *features)
{
    (void)features;
    ((struct soak *)user)->features[SENSOR_ACC]++;
}

static void on_bad(void *user, const struct packet *packet, enum packet_fault fault)
{
    (void)packet;
    (void)fault;
    ((struct soak *)user)->bad++;
}

static long memory_kb(void)
{
    char line[128];
    long kb = -1;
    FILE *status = fopen("/proc/self/status", "re");

    while (status && kb < 0 && fgets(line, sizeof(line), status)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    }
    if (status)
        fclose(status);
    return kb;
}

static int descriptors(void)
{
    int count = 0;
    DIR *open_ones = opendir("/proc/self/fd");

    while (open_ones && readdir(open_ones))
        count++;
    if (open_ones)
        closedir(open_ones);
    return count;
}

static void print_stream(const struct soak *soak, enum sensor sensor)
{
    const struct stream *stream = &soak->streams[sensor];

    printf("  %s: %llu samples, %llu missing and counted, %.4f Hz, %llu messages of features\n",
           sensor_name(sensor), (unsigned long long)stream->samples,
           (unsigned long long)stream->lost,
           (double)(stream->samples + stream->lost) / (stream->end_ms - stream->begin_ms) * 1e3,
           (unsigned long long)soak->features[sensor]);
}

static void play(struct soak *soak, struct sim_band *band, int64_t until_us)
{
    for (;;) {
        const struct sim_packet *sent = sim_band_next(band);
        const struct packet packet = {sent->sensor, sent->arrival_us, sent->bytes, sent->len, 0};

        if (sent->arrival_us >= until_us)
            return;
        soak->complete_us = sent->complete_us;
        for (int i = 0; i < 1 + sent->duplicate && !sent->lost; i++)
            pipeline_packet(soak->pipeline, &packet);
        sim_band_advance(band);
    }
}

static bool hold(bool holds, const char *what)
{
    if (!holds)
        printf("FAILED: %s\n", what);
    return holds;
}

/* Between the first and the last sample the line of the ticks has this many; each gap was rounded
 * by itself, so the sum strays by what the stamps wobble. */
static bool is_whole(const struct stream *stream, double rate)
{
    const double expected = (stream->end_tick - stream->first_tick) / BLOCK_TICK_HZ * rate;
    const double told = (double)(stream->samples + stream->lost);

    printf("  on the ticks' line %.0f samples, told %.0f: %+.4f %%\n", expected, told,
           100 * (told - expected) / expected);
    return fabs(told - expected) < expected * 1e-3;
}

static bool judge(const struct soak *soak, long grown_kb, bool same_descriptors)
{
    bool holds = true;

    for (int i = 0; i < SENSOR_STREAMED; i++) {
        print_stream(soak, (enum sensor)i);
        holds &= hold(soak->streams[i].back == 0, "times strictly increase");
        holds &= hold(soak->features[i] > 0, "features came");
        holds &= hold(is_whole(&soak->streams[i], model_default()->sensors[i].initial_rates[0]),
                      "what is missing is counted");
    }
    holds &= hold(soak->bad == 0, "no packet is bad");
    holds &= hold(fabs(soak->least_ms) < ERROR_MAX_MS && fabs(soak->most_ms) < ERROR_MAX_MS,
                  "EEG is told within 3 ms of when it was");
    holds &= hold(grown_kb < MEMORY_MAX_KB, "memory is flat");
    return hold(same_descriptors, "descriptors are the same") && holds;
}

int main(void)
{
    const char *all = getenv("LINKBANDD_TEST_ALL");
    const int hours = all && strcmp(all, "yes") == 0 ? 40 : 1;
    struct soak soak = {.least_ms = INFINITY, .most_ms = -INFINITY};
    const struct pipeline_config config = {.mains_hz = 50, .with_features = true};
    const struct pipeline_listener listener = {.user = &soak,
                                               .samples = on_samples,
                                               .eeg = on_eeg,
                                               .ppg = on_ppg,
                                               .acc = on_acc,
                                               .bad_packet = on_bad};
    struct sim_options options;
    struct failure failure;

    sim_options_init(&options);
    if (!sim_options_parse("seed=6,ppm=20,jitter=30,loss=0.001,duplicate=0.001,boot=4294000000",
                           &options, &failure)) {
        printf("%s\n", failure.message);
        return 1;
    }
    struct sim_band *band = sim_band_create(&options, 0);
    soak.pipeline = pipeline_create(&config, &listener);
    if (!band || !soak.pipeline)
        return 1;
    pipeline_stream(soak.pipeline, SENSOR_SET_ALL, 0);
    pipeline_link_up(soak.pipeline, (struct clock_anchor){0, UTC_US});
    play(&soak, band, SETTLED_US);
    const long before_kb = memory_kb();
    const int before = descriptors();
    for (int hour = 1; hour <= hours; hour++) {
        play(&soak, band, hour * HOUR_US);
        if (hour == 1 || hour % 10 == 0)
            printf("%2d h: EEG told %+.3f to %+.3f ms of when it was; %ld kB\n", hour,
                   soak.least_ms, soak.most_ms, memory_kb());
    }
    const bool holds = judge(&soak, memory_kb() - before_kb, descriptors() == before);
    pipeline_destroy(soak.pipeline);
    sim_band_destroy(band);
    return holds ? 0 : 1;
}
