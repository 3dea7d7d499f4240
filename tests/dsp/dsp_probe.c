/*
 * For the tests: samples on stdin, features on stdout, through the very code of the daemon.
 * dsp_probe MAINS RATE_NOMINAL RATE: lines `ch1 ch2 leadoff`; `gap N` loses N samples. With a
 * fourth argument, how many samples a packet has, the fast lane's: packets arrive with their end.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dsp/eeg.h"

static void number(double value)
{
    if (isnan(value))
        printf("null");
    else
        printf("%.12g", value);
}

static void list(const char *name, const double *values, size_t count)
{
    printf(",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        printf(i ? "," : "");
        number(values[i]);
    }
    printf("]");
}

static void print(void *user, const struct eeg_features *f)
{
    const double indices[] = {f->focus_index,    f->relaxation_index,    f->stress_index,
                              f->cognitive_load, f->emotional_stability, f->hemispheric_balance};
    (void)user;
    printf("{\"quality\":\"%s\",\"interpolated\":%u,\"lost\":%u,\"leadoff\":[%d,%d],\"total\":",
           signal_quality_name(f->quality), f->interpolated, f->lost, f->leadoff[0], f->leadoff[1]);
    number(f->total_power);
    list("sqi", f->sqi, EEG_CHANNELS);
    list("indices", indices, sizeof indices / sizeof *indices);
    list("bands", f->band_power[0], EEG_BANDS);
    list("bands2", f->band_power[1], EEG_BANDS);
    list("relative", f->relative_power[0], EEG_BANDS);
    list("frequencies", f->frequencies, EEG_SPECTRUM_BINS);
    list("db", f->power_db[0], EEG_SPECTRUM_BINS);
    list("seconds", f->spectrum_seconds, EEG_CHANNELS);
    list("blinks", f->blinks, f->blink_count);
    list("ends", f->second_ends[0], f->second_count[0]);
    list("alpha", f->alpha_frequency, EEG_CHANNELS);
    list("muscle", f->muscle, EEG_CHANNELS);
    printf(",\"sways\":[");
    for (size_t i = 0; i < f->second_count[0]; i++)
        printf(i ? ",%d" : "%d", f->second_sways[0][i]);
    printf("]");
    printf(",\"artefacts\":%u", f->artefacts);
    list("x", f->filtered[0], f->count);
    printf(",\"t\":[");
    for (size_t i = 0; i < f->count; i++)
        printf("%s%.6f", i ? "," : "", f->timestamps[i]);
    printf("]}\n");
}

static void print_bands(void *user, const struct eeg_bands *b)
{
    (void)user;
    printf("{\"t\":%.6f,\"arrival\":%.6f,\"lost\":%u,\"leadoff\":[%d,%d],\"artefacts\":%u",
           b->timestamp, b->arrival_utc_ms, b->lost, b->leadoff[0], b->leadoff[1], b->artefacts);
    list("bands", b->power[0], EEG_BANDS);
    list("bands2", b->power[1], EEG_BANDS);
    printf("}\n");
}

static void push(struct eeg_dsp *dsp, struct sample_block *block, bool bands)
{
    static const struct eeg_listener features = {.features = print}, lane = {.bands = print_bands};
    block->arrival_utc_ms = block->first_ms + (double)block->samples.count * block->step_ms;
    eeg_dsp_push(dsp, block, bands ? &lane : &features);
}

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5)
        return 2;
    struct eeg_dsp *dsp = eeg_dsp_create(atoi(argv[1]));
    double rate = atof(argv[3]);
    struct sample_block block = {.rate = atoi(argv[2]),
                                 .rate_measured = rate,
                                 .step_ms = 1000 / rate,
                                 .tick_step = BLOCK_TICK_HZ / rate,
                                 .restart = true,
                                 .samples.sensor = SENSOR_EEG,
                                 .samples.as = &model_default()->sensors[SENSOR_EEG]};
    char line[256];
    double n = 0;
    const size_t full = argc == 5 ? (size_t)atoi(argv[4]) : 25;
    while (fgets(line, sizeof line, stdin)) {
        unsigned lost = 0, leadoff = 0;
        double a, b;
        bool gap = sscanf(line, "gap %u", &lost) == 1;
        if ((gap || block.samples.count == full) && block.samples.count > 0) {
            push(dsp, &block, argc == 5);
            block.restart = false;
            block.lost = 0;
            block.samples.count = 0;
        }
        if (gap) {
            block.lost += lost;
            n += lost;
        } else if (sscanf(line, "%lf %lf %u", &a, &b, &leadoff) >= 2) {
            if (block.samples.count == 0) {
                block.first_tick = n * block.tick_step;
                block.first_ms = n * block.step_ms;
            }
            block.samples.eeg[block.samples.count++] =
                (struct eeg_sample){.uv = {a, b}, .leadoff = (uint8_t)leadoff};
            n++;
        }
    }
    push(dsp, &block, argc == 5);
    eeg_dsp_destroy(dsp);
    return 0;
}
