#include "heart_lomb.h"

#include <math.h>

#include "heart_nn.h"

/* Each value's place on the circle at one frequency, and its turn to the next. */
struct circle {
    double c[HEART_NN_MAX], s[HEART_NN_MAX];
    double turn_c[HEART_NN_MAX], turn_s[HEART_NN_MAX];
};

static void turn(struct circle *circle, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double c = circle->c[i] * circle->turn_c[i] - circle->s[i] * circle->turn_s[i];
        circle->s[i] = circle->s[i] * circle->turn_c[i] + circle->c[i] * circle->turn_s[i];
        circle->c[i] = c;
    }
}

/* The sums at phase 0, then turned by Lomb's τ, where sine and cosine are orthogonal. */
static double density(const struct circle *circle, const double *values, size_t count)
{
    double xc = 0.0;
    double xs = 0.0;
    double cc = 0.0;
    double cs = 0.0;
    for (size_t i = 0; i < count; i++) {
        double c = circle->c[i];
        double s = circle->s[i];
        xc += values[i] * c;
        xs += values[i] * s;
        cc += c * c;
        cs += c * s;
    }
    double all = (double)count;
    double tau = 0.5 * atan2(2.0 * cs, 2.0 * cc - all);
    double a = cos(tau);
    double b = sin(tau);
    double along = xc * a + xs * b;
    double across = xs * a - xc * b;
    double weight = cc * a * a + 2.0 * cs * a * b + (all - cc) * b * b;
    return 0.5 * ((weight > 0.0 ? along * along / weight : 0.0) +
                  (weight < all ? across * across / (all - weight) : 0.0));
}

void heart_lomb(const double *at, const double *values, size_t count, double df, long first,
                size_t bins, double *out)
{
    struct circle circle;
    for (size_t i = 0; i < count; i++) {
        double step = 2.0 * M_PI * df * at[i];
        circle.turn_c[i] = cos(step);
        circle.turn_s[i] = sin(step);
        circle.c[i] = cos((double)first * step);
        circle.s[i] = sin((double)first * step);
    }
    for (size_t k = 0; k < bins; k++) {
        out[k] = density(&circle, values, count);
        turn(&circle, count);
    }
}
