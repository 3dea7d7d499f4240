#include "heart_goertzel.h"

#include <math.h>

#define PAIRS (HEART_GOERTZEL_FOUR / 2)

typedef double pair __attribute__((vector_size(2 * sizeof(double))));

double heart_goertzel(const double *x, int count, double radians)
{
    const double turn = 2.0 * cos(radians);
    double one = 0.0;
    double two = 0.0;
    for (int i = 0; i < count; i++) {
        double now = x[i] + turn * one - two;
        two = one;
        one = now;
    }
    return one * one + two * two - turn * one * two;
}

/* Two steps a round: which of the two states is the newer needs no moving then. */
void heart_goertzel_four(const double *x, int count, const double twice_cos[HEART_GOERTZEL_FOUR],
                         double power[HEART_GOERTZEL_FOUR])
{
    pair turn[PAIRS], one[PAIRS] = {{0.0}}, two[PAIRS] = {{0.0}};
    for (int k = 0; k < PAIRS; k++)
        turn[k] = (pair){twice_cos[2 * k], twice_cos[2 * k + 1]};
    int i = 0;
    for (; i + 1 < count; i += 2) {
        for (int k = 0; k < PAIRS; k++) {
            two[k] = x[i] + turn[k] * one[k] - two[k];
            one[k] = x[i + 1] + turn[k] * two[k] - one[k];
        }
    }
    for (int k = 0; k < PAIRS; k++) {
        if (i < count) {
            const pair now = x[i] + turn[k] * one[k] - two[k];
            two[k] = one[k];
            one[k] = now;
        }
        const pair of = one[k] * one[k] + two[k] * two[k] - turn[k] * one[k] * two[k];
        power[2 * k] = of[0];
        power[2 * k + 1] = of[1];
    }
}
