/* The spool: its place, the disk's room for it, and who reads it how far behind. Only looks. */
#ifndef DOCTOR_SPOOL_H
#define DOCTOR_SPOOL_H

#include "app/options.h"

void doctor_look_at_spool(const struct options *options);

#endif
