/*
 * How much a client may send: a bucket of `burst` that fills with `rate` a second. Times in ms of
 * one clock that does not go back.
 */
#ifndef ALLOWANCE_H
#define ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

struct allowance {
    double left;
    uint64_t at;
};

void allowance_init(struct allowance *allowance, double burst, uint64_t now);
/* Takes one; false if there is none left. */
bool allowance_spend(struct allowance *allowance, double rate, double burst, uint64_t now);
/* Takes `cost`, on credit where there is less; false while it is in debt. */
bool allowance_charge(struct allowance *allowance, double cost, double rate, double burst,
                      uint64_t now);

#endif
