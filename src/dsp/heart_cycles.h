/*
 * Beats whose pulse hardly comes through, told by their cycles: in bi-, tri- and quadrigeminy an
 * early beat follows each time equally late on a usual one (fixed coupling), and the pause after it
 * makes the two together as long as two usual ones. What noise hides in one cycle shows in most.
 */
#ifndef DSP_HEART_CYCLES_H
#define DSP_HEART_CYCLES_H

#include <stddef.h>

#include "heart_pulses.h"

#define HEART_CYCLES_MAX 64

/* From one large pulse to the next. */
struct heart_cycle {
    double at;     /* sample number of the pulse that begins it */
    double length; /* samples */
    double late;   /* samples from its beginning to a small rise within it; NAN: none */
};

struct heart_cycles {
    struct heart_cycle cycle[HEART_CYCLES_MAX]; /* oldest first */
    size_t count;
    double last; /* sample number of the newest large pulse; NAN: none */
};

void heart_cycles_start(struct heart_cycles *cycles);

/* Those that have ended by sample `until`. Once a second, after heart_pulses_find(). */
void heart_cycles_add(struct heart_cycles *cycles, const struct heart_pulses *pulses, double until);

/* Beats a minute from sample `from` on, each long cycle counted as two; NAN: no such pattern. */
double heart_cycles_rate(const struct heart_cycles *cycles, double from, double fs);

#endif
