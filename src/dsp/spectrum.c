#include "dsp/spectrum.h"

#include <complex.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include <liquid/liquid.h>

#define SEGMENTS  3
#define FIRST_BIN 2

/*
 * The transform of a Hann segment of real samples. Even and odd samples are the real and imaginary
 * part of half as many complex ones; a turn per bin puts their two spectra together (Press et al.,
 * Numerical Recipes, ch. 12.3).
 */
struct segment {
    size_t length; /* samples, even */
    double *hann;
    double hann_energy;
    float *in; /* `length` reals, length / 2 complex to the plan */
    float complex *out;
    float complex *turn;
    fftplan plan;
};

struct spectrum {
    size_t length; /* samples of the window */
    size_t next;   /* where the next sample goes: the oldest of the ring */
    double *ring;
    struct segment welch, second;
};

static bool segment_make(struct segment *s, size_t length)
{
    s->length = length;
    s->hann = calloc(length, sizeof *s->hann);
    s->in = calloc(length, sizeof *s->in);
    s->out = calloc(length / 2, sizeof *s->out);
    s->turn = calloc(length / 2, sizeof *s->turn);
    if (!s->hann || !s->in || !s->out || !s->turn)
        return false;
    for (size_t i = 0; i < length; i++) {
        s->hann[i] = 0.5 * (1 - cos(2 * M_PI * (double)i / (double)length));
        s->hann_energy += s->hann[i] * s->hann[i];
    }
    for (size_t k = 0; k < length / 2; k++)
        s->turn[k] = (float complex)(-I * cexp(-2 * M_PI * I * (double)k / (double)length));
    s->plan = fft_create_plan((unsigned)length / 2, (float complex *)s->in, s->out,
                              LIQUID_FFT_FORWARD, 0);
    return s->plan;
}

static void segment_release(struct segment *s)
{
    if (s->plan)
        fft_destroy_plan(s->plan);
    free(s->hann);
    free(s->in);
    free(s->out);
    free(s->turn);
}

struct spectrum *spectrum_create(int rate)
{
    struct spectrum *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->length = 4 * (size_t)rate;
    s->ring = calloc(s->length, sizeof *s->ring);
    if (s->ring && segment_make(&s->welch, 2 * (size_t)rate) &&
        segment_make(&s->second, (size_t)rate))
        return s;
    spectrum_destroy(s);
    return NULL;
}

void spectrum_destroy(struct spectrum *s)
{
    if (!s)
        return;
    segment_release(&s->welch);
    segment_release(&s->second);
    free(s->ring);
    free(s);
}

void spectrum_push(struct spectrum *s, double uv)
{
    s->ring[s->next] = uv;
    s->next = (s->next + 1) % s->length;
}

/* The segment that begins `offset` samples after the window: two runs of the ring at most. */
static void transform(const struct spectrum *s, const struct segment *segment, size_t offset)
{
    const size_t at = (s->next + offset) % s->length, room = s->length - at;
    const size_t first = room < segment->length ? room : segment->length;
    const double *hann = segment->hann, *head = s->ring + at;
    double mean = 0;
    for (size_t i = 0; i < first; i++)
        mean += head[i];
    for (size_t i = first; i < segment->length; i++)
        mean += s->ring[i - first];
    mean /= (double)segment->length;
    for (size_t i = 0; i < first; i++)
        segment->in[i] = (float)((head[i] - mean) * hann[i]);
    for (size_t i = first; i < segment->length; i++)
        segment->in[i] = (float)((s->ring[i - first] - mean) * hann[i]);
    fft_execute(segment->plan);
}

/* |X|² of a bin from 1 on: X = (A + B)/2 + turn·(A − B)/2, A the half's bin and B its mirror's
 * conjugate. */
static double bin_power(const struct segment *segment, size_t bin)
{
    const float complex a = segment->out[bin], b = conjf(segment->out[segment->length / 2 - bin]);
    const float complex x = 0.5F * (a + b + segment->turn[bin] * (a - b));
    const double re = crealf(x), im = cimagf(x);
    return re * re + im * im;
}

double spectrum_welch(const struct spectrum *s, double rate, double psd[EEG_SPECTRUM_BINS])
{
    const double scale = 2 / (rate * s->welch.hann_energy * SEGMENTS);
    double below = 0;
    for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++)
        psd[k] = 0;
    for (size_t n = 0; n < SEGMENTS; n++) {
        transform(s, &s->welch, n * s->welch.length / 2);
        for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++)
            psd[k] += scale * bin_power(&s->welch, k + FIRST_BIN);
        below += scale * bin_power(&s->welch, FIRST_BIN - 1);
    }
    return below;
}

void spectrum_second(const struct spectrum *s, size_t back, double rate,
                     double psd[SPECTRUM_SECOND_BINS])
{
    const double scale = 2 / (rate * s->second.hann_energy);
    transform(s, &s->second, s->length - s->second.length - back);
    for (size_t k = 0; k < SPECTRUM_SECOND_BINS; k++)
        psd[k] = scale * bin_power(&s->second, k + 1);
}
