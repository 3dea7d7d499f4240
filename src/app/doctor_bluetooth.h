/* The bus, bluetoothd, the adapter, and the right to use them, asked over the system bus. */
#ifndef DOCTOR_BLUETOOTH_H
#define DOCTOR_BLUETOOTH_H

#include "app/options.h"

void doctor_look_at_bluetooth(const struct options *options);

#endif
