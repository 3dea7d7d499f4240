/* Where recordings go, and what room there is: for the service its user is asked after, else the
 * one who asks. Only looks. */
#ifndef DOCTOR_PLACES_H
#define DOCTOR_PLACES_H

#include "app/options.h"

void doctor_look_at_recordings(const struct options *options);

#endif
