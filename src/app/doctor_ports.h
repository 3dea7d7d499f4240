/* Where it is to listen: who is there already. */
#ifndef DOCTOR_PORTS_H
#define DOCTOR_PORTS_H

#include "app/options.h"

void doctor_look_at_ports(const struct options *options);

#endif
