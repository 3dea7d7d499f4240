/* The nominal rate of the EEG, told by the ticks: the steps between packets. */
#ifndef BAND_RATE_H
#define BAND_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "band/packet.h"

struct rate_detector {
    int rate;      /* Hz; 0 while unknown */
    int candidate; /* what the last steps say, 0 if nothing */
    int agreeing;  /* how many of them in a row */
    bool seen;     /* the next two are of the packet before */
    uint32_t tick;
    uint32_t count;
};

/* Looks at the next EEG packet. True if with it the rate became known, or another. */
bool rate_observe(struct rate_detector *detector, const struct band_model *model,
                  const struct samples *samples);

/* The place in the model's lists of a nominal rate; 0 if it is none. */
int rate_index(const struct band_model *model, enum sensor sensor, int rate);

#endif
