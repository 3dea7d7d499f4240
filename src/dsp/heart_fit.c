#include "heart_fit.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

double heart_fit_dot(const double *a, const double *b, int n)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_times(double *to, double factor, const double *what, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += factor * what[i];
}

/* What a window is made of, each part orthogonal to the others. */
struct basis {
    int n;
    double level[HEART_FIT_MAX]; /* of norm 1 */
    double line[HEART_FIT_MAX];  /* of norm 1 */
    double g[HEART_FIT_MAX];     /* the template */
    double h[HEART_FIT_MAX];     /* −g′, what a later pulse adds */
    double gg, hh;               /* squares of their norms */
    double along;                /* of g, taken off −g′ */
};

static void make_level_and_line(struct basis *b)
{
    double spread = 0.0;
    for (int i = 0; i < b->n; i++) {
        b->line[i] = i - (b->n - 1) / 2.0;
        spread += b->line[i] * b->line[i];
    }
    for (int i = 0; i < b->n; i++) {
        b->level[i] = 1.0 / sqrt(b->n);
        b->line[i] /= sqrt(spread);
    }
}

static void take_off_base(const struct basis *b, double *values)
{
    add_times(values, -heart_fit_dot(values, b->level, b->n), b->level, b->n);
    add_times(values, -heart_fit_dot(values, b->line, b->n), b->line, b->n);
}

/* The derivative over five points: three are 4 % short at 4 Hz. */
static bool make_basis(struct basis *b, const double *template, int n)
{
    b->n = n;
    make_level_and_line(b);
    for (int i = 0; i < n; i++) {
        const double *t = template + i;
        b->g[i] = t[0];
        b->h[i] = (8.0 * (t[-1] - t[1]) - (t[-2] - t[2])) / 12.0;
    }
    take_off_base(b, b->g);
    take_off_base(b, b->h);
    b->gg = heart_fit_dot(b->g, b->g, n);
    if (!(b->gg > 0.0))
        return false;
    b->along = heart_fit_dot(b->g, b->h, n) / b->gg;
    add_times(b->h, -b->along, b->g, n);
    b->hh = heart_fit_dot(b->h, b->h, n);
    return b->hh > 0.0;
}

/* xᵀRx, R the covariance of the noise: the variance of the noise's projection on x. */
static double noise_along(const double *x, int n, const double *noise)
{
    double sum = noise[0] * heart_fit_dot(x, x, n);
    for (int lag = 1; lag < n; lag++)
        sum += 2.0 * noise[lag] * heart_fit_dot(x, x + lag, n - lag);
    return sum;
}

/* Of the coefficient of h: what noise of this residual does to it. */
static double sigma_of(const struct basis *b, double residual, const double *noise)
{
    int n = b->n;
    double on_h = noise_along(b->h, n, noise) / b->hh;
    double left = n * noise[0] - noise_along(b->level, n, noise) - noise_along(b->line, n, noise) -
                  noise_along(b->g, n, noise) / b->gg - on_h;
    /* In a short window hardly any noise is left beside the fit: not less than one value of it. */
    return sqrt(residual / fmax(left, 1.0) * on_h / b->hh);
}

struct heart_fit heart_fit(const double *window, const double *template, int n, const double *noise)
{
    struct heart_fit fit = {0.0, 0.0, NAN, 0.0};
    struct basis b;
    double w[HEART_FIT_MAX];
    if (!make_basis(&b, template, n))
        return fit;
    memcpy(w, window, (size_t)n * sizeof *w);
    take_off_base(&b, w);
    double ww = heart_fit_dot(w, w, n);
    double wg = heart_fit_dot(w, b.g, n);
    double late = heart_fit_dot(w, b.h, n) / b.hh;
    double amplitude = wg / b.gg - late * b.along;
    if (!(ww > 0.0))
        return fit;
    fit.correlation = wg / sqrt(ww * b.gg);
    if (!(amplitude > 0.0))
        return fit;
    double residual = fmax(ww - wg * wg / b.gg - late * late * b.hh, 0.0);
    fit.amplitude = amplitude;
    fit.shift = late / amplitude;
    fit.sigma = sigma_of(&b, residual, noise) / amplitude;
    return fit;
}
