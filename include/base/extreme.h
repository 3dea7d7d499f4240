/* The lesser and the greater of two numbers, without a call, which fmin() and fmax() are. */
#ifndef BASE_EXTREME_H
#define BASE_EXTREME_H

/* `a` where `b` is NAN. */
static inline double lesser(double a, double b)
{
    return b < a ? b : a;
}

static inline double greater(double a, double b)
{
    return b > a ? b : a;
}

#endif
