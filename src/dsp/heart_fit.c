#include "heart_fit.h"

#include <math.h>

double heart_fit_dot(const double *a, const double *b, int n)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add(double *to, double factor, const double *what, int n)
{
    for (int i = 0; i < n; i++)
        to[i] += factor * what[i];
}

/* Level and line, orthonormal. */
static void make_base(double *level, double *line, int n)
{
    double spread = 0.0;
    for (int i = 0; i < n; i++) {
        line[i] = i - (n - 1) / 2.0;
        spread += line[i] * line[i];
    }
    for (int i = 0; i < n; i++) {
        level[i] = 1.0 / sqrt(n);
        line[i] /= sqrt(spread);
    }
}

/* −g′, what a later pulse adds to the window. Five points: three are 4 % short at 4 Hz. */
static void lateness(const double *g, int n, double *out)
{
    for (int i = 0; i < n; i++)
        out[i] = (8.0 * (g[i - 1] - g[i + 1]) - (g[i - 2] - g[i + 2])) / 12.0;
}

/* xᵀRx, R the covariance of the noise: the variance of the noise's projection on x. */
static double noise_along(const double *x, int n, const double *noise)
{
    double sum = noise[0] * heart_fit_dot(x, x, n);
    for (int lag = 1; lag < n; lag++)
        sum += 2.0 * noise[lag] * heart_fit_dot(x, x + lag, n - lag);
    return sum;
}

struct heart_fit heart_fit(const double *window, const double *template, int n, const double *noise)
{
    struct heart_fit fit = {0.0, 0.0, NAN, 0.0};
    double w[HEART_FIT_MAX];
    double g[HEART_FIT_MAX];
    double h[HEART_FIT_MAX];
    double level[HEART_FIT_MAX];
    double line[HEART_FIT_MAX];
    for (int i = 0; i < n; i++) {
        w[i] = window[i];
        g[i] = template[i];
    }
    lateness(template, n, h);
    make_base(level, line, n);
    double *parts[] = {w, g, h};
    for (int i = 0; i < 3; i++) {
        add(parts[i], -heart_fit_dot(parts[i], level, n), level, n);
        add(parts[i], -heart_fit_dot(parts[i], line, n), line, n);
    }
    double gg = heart_fit_dot(g, g, n);
    double ww = heart_fit_dot(w, w, n);
    if (!(gg > 0.0) || !(ww > 0.0))
        return fit;
    /* The part of −g′ that a change of amplitude can't explain. */
    double along = heart_fit_dot(g, h, n) / gg;
    add(h, -along, g, n);
    double hh = heart_fit_dot(h, h, n);
    if (!(hh > 0.0))
        return fit;
    double wg = heart_fit_dot(w, g, n);
    double b = heart_fit_dot(w, h, n) / hh;
    double a = wg / gg - b * along;
    fit.correlation = wg / sqrt(ww * gg);
    if (!(a > 0.0))
        return fit;
    double residual = fmax(ww - wg * wg / gg - b * b * hh, 0.0);
    double along_h = noise_along(h, n, noise) / hh;
    double free = n * noise[0] - noise_along(level, n, noise) - noise_along(line, n, noise) -
                  noise_along(g, n, noise) / gg - along_h;
    fit.amplitude = a;
    fit.shift = b / a;
    fit.sigma = sqrt(residual / fmax(free, 1.0) * along_h / hh) / a;
    return fit;
}
