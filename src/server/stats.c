#include "server/stats.h"

const double latency_bounds[LATENCY_BUCKETS] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                0.025,  0.05,    0.1,    0.25,  0.5,    1,     10};

void latency_observe(struct latency *latency, double seconds)
{
    int bucket = 0;

    while (bucket < LATENCY_BUCKETS && seconds > latency_bounds[bucket])
        bucket++;
    if (bucket < LATENCY_BUCKETS)
        latency->buckets[bucket]++;
    latency->count++;
    latency->sum += seconds;
}
