#include "heart_stats.h"

#include <math.h>

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* The median of three, in the middle: what is in order already stays cheap. */
static double pivot(double *v, long low, long high)
{
    long middle = low + (high - low) / 2;
    if (v[middle] < v[low])
        swap(&v[middle], &v[low]);
    if (v[high] < v[middle])
        swap(&v[high], &v[middle]);
    if (v[middle] < v[low])
        swap(&v[middle], &v[low]);
    return v[middle];
}

/* Puts the value that has this place in order there, no larger ones before it (Hoare 1961). */
static void select_place(double *v, long count, long place)
{
    long low = 0;
    long high = count - 1;
    while (low < high) {
        double p = pivot(v, low, high);
        long i = low;
        long j = high;
        while (i <= j) {
            while (v[i] < p)
                i++;
            while (v[j] > p)
                j--;
            if (i <= j)
                swap(&v[i++], &v[j--]);
        }
        if (place <= j)
            high = j;
        else if (place >= i)
            low = i;
        else
            return;
    }
}

double heart_quantile(double *values, size_t count, double p)
{
    if (count == 0)
        return NAN;
    double place = p * (double)(count - 1);
    size_t low = (size_t)place;
    select_place(values, (long)count, (long)low);
    double share = place - (double)low;
    if (!(share > 0.0))
        return values[low];
    double next = INFINITY;
    for (size_t i = low + 1; i < count; i++)
        next = fmin(next, values[i]);
    return values[low] + share * (next - values[low]);
}

double heart_median(double *values, size_t count)
{
    return heart_quantile(values, count, 0.5);
}
