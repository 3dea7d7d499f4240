#include "dsp/spectrum.h"

#include <complex.h>
#include <math.h>
#include <stdlib.h>

#include <liquid/liquid.h>

#define SEGMENTS  3
#define FIRST_BIN 2

struct spectrum {
    size_t segment, length; /* samples of a segment, of the window */
    size_t next;            /* where the next sample goes: the oldest of the ring */
    double *ring;
    double *hann;
    double hann_energy;
    float complex *in, *out;
    fftplan plan;
};

struct spectrum *spectrum_create(int rate)
{
    struct spectrum *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->segment = 2 * (size_t)rate;
    s->length = 4 * (size_t)rate;
    s->ring = calloc(s->length, sizeof *s->ring);
    s->hann = calloc(s->segment, sizeof *s->hann);
    s->in = calloc(s->segment, sizeof *s->in);
    s->out = calloc(s->segment, sizeof *s->out);
    if (!s->ring || !s->hann || !s->in || !s->out) {
        spectrum_destroy(s);
        return NULL;
    }
    for (size_t i = 0; i < s->segment; i++) {
        s->hann[i] = 0.5 * (1 - cos(2 * M_PI * (double)i / (double)s->segment));
        s->hann_energy += s->hann[i] * s->hann[i];
    }
    s->plan = fft_create_plan((unsigned)s->segment, s->in, s->out, LIQUID_FFT_FORWARD, 0);
    return s;
}

void spectrum_destroy(struct spectrum *s)
{
    if (!s)
        return;
    if (s->plan)
        fft_destroy_plan(s->plan);
    free(s->ring);
    free(s->hann);
    free(s->in);
    free(s->out);
    free(s);
}

void spectrum_push(struct spectrum *s, double uv)
{
    s->ring[s->next] = uv;
    s->next = (s->next + 1) % s->length;
}

static void transform(const struct spectrum *s, size_t offset)
{
    double mean = 0;
    for (size_t i = 0; i < s->segment; i++)
        mean += s->ring[(s->next + offset + i) % s->length];
    mean /= (double)s->segment;
    for (size_t i = 0; i < s->segment; i++) {
        double uv = s->ring[(s->next + offset + i) % s->length] - mean;
        s->in[i] = (float)(uv * s->hann[i]);
    }
    fft_execute(s->plan);
}

void spectrum_welch(const struct spectrum *s, double rate, double psd[EEG_SPECTRUM_BINS])
{
    double scale = 2 / (rate * s->hann_energy * SEGMENTS);
    for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++)
        psd[k] = 0;
    for (size_t n = 0; n < SEGMENTS; n++) {
        transform(s, n * s->segment / 2);
        for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++) {
            double re = crealf(s->out[k + FIRST_BIN]), im = cimagf(s->out[k + FIRST_BIN]);
            psd[k] += scale * (re * re + im * im);
        }
    }
}
