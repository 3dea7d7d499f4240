/*
 * The simulator's random numbers: xoshiro256** (Blackman & Vigna 2018), seeded by splitmix64. Pure.
 *
 * Each part of the simulation draws from a stream of its own, so that what one draws never changes
 * another's numbers. The normal deviate is a sum of uniforms: no library function is in it.
 */
#ifndef BLE_SIM_RANDOM_H
#define BLE_SIM_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct sim_random {
    uint64_t state[4];
};

/* `stream` tells apart the users of one seed. */
void sim_random_seed(struct sim_random *random, uint64_t seed, uint64_t stream);

uint64_t sim_random_bits(struct sim_random *random);

/* Evenly in [low, high). */
double sim_random_between(struct sim_random *random, double low, double high);

/* True once in 1 / `probability` times. */
bool sim_random_chance(struct sim_random *random, double probability);

/* Mean 0, variance 1; never beyond ±6. */
double sim_random_normal(struct sim_random *random);

/* A waiting time of the mean given, of events that know nothing of each other. */
double sim_random_wait(struct sim_random *random, double mean);

#endif
