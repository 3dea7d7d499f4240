/* What the properties of a Device1 and its Battery1 say of a device. Pure. */
#ifndef BLUEZ_DEVICE_H
#define BLUEZ_DEVICE_H

#include "bluez_objects.h"
#include "bluez_properties.h"

/* `user` is the struct bluez_device; unknown properties and wrong types change nothing. */
void device_property(void *user, const struct property *property);
void battery_property(void *user, const struct property *property);

/* It is in the air: news. */
void device_hear(struct bluez_device *device);

bool is_band_name(const char *name);
/* An address as BlueZ writes it, in upper case; false if it is none. */
bool address_copy(char out[BAND_ADDRESS_SIZE], const char *in);

#endif
