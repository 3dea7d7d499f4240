/* A signal's power at single frequencies, by Goertzel's recursion. */
#ifndef DSP_HEART_GOERTZEL_H
#define DSP_HEART_GOERTZEL_H

#define HEART_GOERTZEL_FOUR 4

/* `radians` is the frequency: a sample's turn. */
double heart_goertzel(const double *x, int count, double radians);

/* The same of four, at less than half the cost of four calls, and to the last bit as they; what is
 * given is twice the cosine of each one's turn. */
void heart_goertzel_four(const double *x, int count, const double twice_cos[HEART_GOERTZEL_FOUR],
                         double power[HEART_GOERTZEL_FOUR]);

#endif
