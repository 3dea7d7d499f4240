/*
 * Least squares of a window of the pulse on a template, its derivative, a level and a straight
 * line: how large, how late, and how sure that is.
 */
#ifndef DSP_HEART_FIT_H
#define DSP_HEART_FIT_H

#define HEART_FIT_MAX 27

struct heart_fit {
    double amplitude;   /* of the template; ≤ 0: the fit means nothing */
    double shift;       /* samples by which the pulse is later than the window */
    double sigma;       /* samples, of the shift; NAN: unknown */
    double correlation; /* with the template, both less level and line */
};

/*
 * The template is read from −2 to n + 1, for its derivative.
 * `noise` is the autocorrelation, for lags 0 to n − 1, that white noise of variance 1 has after the
 * filter the window was read through. The residual then tells the noise, and the noise the error of
 * the shift (Kay 1993: the Cramér–Rao bound of a delay, with this noise in the place of white).
 */
struct heart_fit heart_fit(const double *window, const double *template, int n,
                           const double *noise);

double heart_fit_dot(const double *a, const double *b, int n);

#endif
