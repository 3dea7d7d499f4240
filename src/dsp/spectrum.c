#include "dsp/spectrum.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "fft.h"

#define SEGMENTS  3 /* a lane each; they begin half a segment apart */
#define FIRST_BIN 2

/*
 * The transform of Hann segments of real samples. Even and odd samples are the real and imaginary
 * part of half as many complex ones; a turn per bin puts their two spectra together (Press et al.,
 * Numerical Recipes, ch. 12.3).
 */
struct segment {
    size_t length; /* samples, even */
    double *hann;
    double hann_energy;
    struct root {
        float re, im;
    } * turn;
    struct fft *fft;              /* of length / 2 */
    const struct fft_point *bins; /* what it gave */
};

struct spectrum {
    size_t length; /* samples of the window */
    size_t next;   /* where the next sample goes: the oldest of the ring */
    double *ring;  /* twice, so that a window lies in one piece */
    struct segment welch, second;
};

static bool segment_make(struct segment *s, size_t length)
{
    s->length = length;
    s->hann = calloc(length, sizeof *s->hann);
    s->turn = calloc(length / 2, sizeof *s->turn);
    s->fft = fft_create(length / 2);
    if (!s->hann || !s->turn || !s->fft)
        return false;
    for (size_t i = 0; i < length; i++) {
        s->hann[i] = 0.5 * (1 - cos(2 * M_PI * (double)i / (double)length));
        s->hann_energy += s->hann[i] * s->hann[i];
    }
    for (size_t k = 0; k < length / 2; k++) {
        const double angle = 2 * M_PI * (double)k / (double)length;
        s->turn[k] = (struct root){(float)-sin(angle), (float)-cos(angle)};
    }
    return true;
}

static void segment_release(struct segment *s)
{
    fft_destroy(s->fft);
    free(s->hann);
    free(s->turn);
}

struct spectrum *spectrum_create(int rate)
{
    struct spectrum *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->length = 4 * (size_t)rate;
    s->ring = calloc(2 * s->length, sizeof *s->ring);
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
    s->ring[s->next] = s->ring[s->next + s->length] = uv;
    s->next = s->next + 1 < s->length ? s->next + 1 : 0;
}

static double mean_sample(const double *samples, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += samples[i];
    return sum / (double)count;
}

/* One segment in lane 0. */
static void transform_one(struct segment *segment, const double *samples)
{
    struct fft_point *in = fft_input(segment->fft);
    const double mean = mean_sample(samples, segment->length), *hann = segment->hann;
    for (size_t i = 0; i < segment->length / 2; i++) {
        in[i].re = (fft_lanes){(float)((samples[2 * i] - mean) * hann[2 * i])};
        in[i].im = (fft_lanes){(float)((samples[2 * i + 1] - mean) * hann[2 * i + 1])};
    }
    segment->bins = fft_forward(segment->fft);
}

/* The three segments' samples at one place, their means off. */
static fft_lanes place(const double *sample, size_t half, const double mean[SEGMENTS], double hann)
{
    return (fft_lanes){(float)((sample[0] - mean[0]) * hann),
                       (float)((sample[half] - mean[1]) * hann),
                       (float)((sample[2 * half] - mean[2]) * hann)};
}

static void transform_three(struct segment *segment, const double *samples)
{
    struct fft_point *in = fft_input(segment->fft);
    const size_t half = segment->length / 2;
    double mean[SEGMENTS];
    for (size_t n = 0; n < SEGMENTS; n++)
        mean[n] = mean_sample(samples + n * half, segment->length);
    for (size_t i = 0; i < half; i++) {
        in[i].re = place(samples + 2 * i, half, mean, segment->hann[2 * i]);
        in[i].im = place(samples + 2 * i + 1, half, mean, segment->hann[2 * i + 1]);
    }
    segment->bins = fft_forward(segment->fft);
}

/* 4·|X|² of a bin from 1 on, each lane's: 2·X = A + B + turn·(A − B), A the half's bin and B its
 * mirror's conjugate. */
static fft_lanes bin_power_4(const struct segment *segment, size_t bin)
{
    const struct fft_point a = segment->bins[bin], b = segment->bins[segment->length / 2 - bin];
    const struct root turn = segment->turn[bin];
    const fft_lanes odd_re = a.re - b.re, odd_im = a.im + b.im;
    const fft_lanes re = a.re + b.re + (turn.re * odd_re - turn.im * odd_im);
    const fft_lanes im = a.im - b.im + (turn.re * odd_im + turn.im * odd_re);
    return re * re + im * im;
}

static double sum_of_three(fft_lanes power)
{
    return (double)power[0] + (double)power[1] + (double)power[2];
}

double spectrum_welch(struct spectrum *s, double rate, double psd[EEG_SPECTRUM_BINS])
{
    const double scale = 2 / (4 * rate * s->welch.hann_energy * SEGMENTS);
    transform_three(&s->welch, s->ring + s->next);
    for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++)
        psd[k] = scale * sum_of_three(bin_power_4(&s->welch, k + FIRST_BIN));
    return scale * sum_of_three(bin_power_4(&s->welch, FIRST_BIN - 1));
}

void spectrum_segment(struct spectrum *s, size_t back, double rate, double psd[EEG_SPECTRUM_BINS])
{
    const double scale = 2 / (4 * rate * s->welch.hann_energy);
    transform_one(&s->welch, s->ring + s->next + s->length - s->welch.length - back);
    for (size_t k = 0; k < EEG_SPECTRUM_BINS; k++)
        psd[k] = scale * (double)bin_power_4(&s->welch, k + FIRST_BIN)[0];
}

void spectrum_second(struct spectrum *s, size_t back, double rate, double psd[SPECTRUM_SECOND_BINS])
{
    const double scale = 2 / (4 * rate * s->second.hann_energy);
    transform_one(&s->second, s->ring + s->next + s->length - s->second.length - back);
    for (size_t k = 0; k < SPECTRUM_SECOND_BINS; k++)
        psd[k] = scale * (double)bin_power_4(&s->second, k + 1)[0];
}
