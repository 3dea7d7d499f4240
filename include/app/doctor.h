/*
 * `linkbandd doctor`: what a band's data needs of this machine, each with what is wrong and the
 * command that mends it. It waits for answers; it is a process of its own, not the daemon's.
 */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include "app/options.h"

/* The exit status: 0, or 1 if something is wrong. */
int doctor_run(const struct options *options);

#endif
