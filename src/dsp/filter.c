#include "dsp/filter.h"

#include <math.h>

#define NOTCH_Q 30

/* Flat to 45 Hz and 60 dB down from 48.7 Hz: Kaiser's formulas for 60 dB over one second. */
#define BANDPASS_UPPER_HZ 46.9
#define BANDPASS_BETA     5.653

void notch_init(struct notch *notch, double frequency, double rate)
{
    *notch = (struct notch){.frequency = frequency, .b0 = 1};
    notch_retune(notch, rate);
}

void notch_retune(struct notch *notch, double rate)
{
    notch->rate = rate;
    if (notch->frequency == 0)
        return;
    double w0 = 2 * M_PI * notch->frequency / rate;
    double gain = 1 / (1 + tan(w0 / NOTCH_Q / 2));
    notch->b0 = gain;
    notch->b1 = -2 * gain * cos(w0);
    notch->b2 = gain;
    notch->a1 = notch->b1;
    notch->a2 = 2 * gain - 1;
}

void notch_settle(struct notch *notch, double value)
{
    notch->s1 = value * (1 - notch->b0);
    notch->s2 = value * (notch->b2 - notch->a2);
}

static void advance(struct notch *notch, double input, double output)
{
    notch->s1 = notch->b1 * input - notch->a1 * output + notch->s2;
    notch->s2 = notch->b2 * input - notch->a2 * output;
}

double notch_step(struct notch *notch, double input)
{
    double output = notch->b0 * input + notch->s1;
    advance(notch, input, output);
    return output;
}

double notch_coast(struct notch *notch, double output)
{
    double input = (output - notch->s1) / notch->b0;
    advance(notch, input, output);
    return input;
}

/* Modified Bessel function of the first kind, order 0, by its power series. */
static double bessel_i0(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; term > 1e-17 * sum; k++) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

static void normalise_taps(double *taps, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += taps[i];
    for (size_t i = 0; i < count; i++)
        taps[i] /= sum;
}

void lowpass_taps(size_t half, double cutoff, double beta, double *taps)
{
    size_t count = 2 * half + 1;
    for (size_t i = 0; i < count; i++) {
        double n = (double)i - (double)half;
        double sinc = n == 0 ? 2 * cutoff : sin(2 * M_PI * cutoff * n) / (M_PI * n);
        double edge = n / (double)half;
        taps[i] = sinc * bessel_i0(beta * sqrt(1 - edge * edge));
    }
    normalise_taps(taps, count);
}

void bandpass_taps(int rate, double *taps)
{
    size_t half = (size_t)rate / 2;
    lowpass_taps(half, BANDPASS_UPPER_HZ / rate, BANDPASS_BETA, taps);
    /* A Hann window of one second, zero at both ends, sums to exactly `half`. */
    for (size_t i = 0; i < 2 * half + 1; i++)
        taps[i] -= 0.5 * (1 - cos(M_PI * (double)i / (double)half)) / (double)half;
}
