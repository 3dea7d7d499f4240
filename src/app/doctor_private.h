/* What the doctor's parts share. */
#ifndef DOCTOR_PRIVATE_H
#define DOCTOR_PRIVATE_H

#include "app/doctor.h"

/* One line of the report. `wrong` counts, and comes with a second line: the command that mends it.
 */
void doctor_ok(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
void doctor_wrong(const char *what, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The bus, bluetoothd, the adapter, and the right to use them. */
void doctor_look_at_bluetooth(const struct options *options);

#endif
