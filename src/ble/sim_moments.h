/* Values of --sim: numbers, and when something begins and how long it lasts. */
#ifndef SIM_MOMENTS_H
#define SIM_MOMENTS_H

#include "ble/sim.h"

#define FOR_GOOD 1e9 /* s */

/* A plain decimal number in these bounds; false, and *out untouched, if it is none. */
bool number_read(const char *text, double low, double high, double *out);
/* AT[:LASTS], `lasts` unless it is told; takes the text apart. */
bool moment_read(char *text, double lasts, struct sim_moment *moment);
/* AT[:LASTS]+AT[:LASTS]…, in order. */
bool moments_read(const char *text, double lasts, struct sim_moments *moments);

#endif
