/*
 * For the tests: samples on stdin, features on stdout, through the very code of the daemon.
 * dsp_probe MAINS RATE_NOMINAL RATE: lines `ch1 ch2 leadoff`; `gap N` loses N samples.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "dsp/eeg.h"

static void print(void *user, const struct eeg_features *f)
{
    (void)user;
    printf("{\"quality\":\"%s\",\"ratio\":%g,\"interpolated\":%u,\"lost\":%u,\"sqi\":[%g,%g],",
           signal_quality_name(f->quality), f->good_samples_ratio, f->interpolated, f->lost,
           f->sqi[0], f->sqi[1]);
    printf("\"leadoff\":[%d,%d],\"bands\":[", f->leadoff[0], f->leadoff[1]);
    for (int b = 0; b < EEG_BANDS; b++)
        printf("%s%.9g", b ? "," : "", isnan(f->band_power[0][b]) ? -1 : f->band_power[0][b]);
    printf("],\"t\":[");
    for (size_t i = 0; i < f->count; i++)
        printf("%s%.6f", i ? "," : "", f->timestamps[i]);
    printf("],\"x\":[");
    for (size_t i = 0; i < f->count; i++)
        printf("%s%.6f", i ? "," : "", isnan(f->filtered[0][i]) ? 1e9 : f->filtered[0][i]);
    printf("]}\n");
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    struct eeg_dsp *dsp = eeg_dsp_create(atoi(argv[1]));
    double rate = atof(argv[3]);
    struct sample_block block = {.rate = atoi(argv[2]),
                                 .rate_measured = rate,
                                 .step_ms = 1000 / rate,
                                 .tick_step = BAND_TICK_HZ / rate,
                                 .restart = true,
                                 .samples.sensor = SENSOR_EEG};
    char line[256];
    double n = 0;
    const size_t full = 25;
    while (fgets(line, sizeof line, stdin)) {
        unsigned lost = 0, leadoff = 0;
        double a, b;
        bool gap = sscanf(line, "gap %u", &lost) == 1;
        if ((gap || block.samples.count == full) && block.samples.count > 0) {
            eeg_dsp_push(dsp, &block, print, NULL);
            block.restart = false;
            block.lost = 0;
            block.samples.count = 0;
        }
        if (gap) {
            block.lost = lost;
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
    eeg_dsp_push(dsp, &block, print, NULL);
    eeg_dsp_destroy(dsp);
    return 0;
}
