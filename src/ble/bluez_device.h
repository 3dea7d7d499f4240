/* What the properties of a Device1 and its Battery1 say of a device. Pure. */
#ifndef BLUEZ_DEVICE_H
#define BLUEZ_DEVICE_H

#include "ble/backend.h"
#include "bluez_properties.h"

#define OBJECT_PATH_SIZE 96 /* BlueZ's longest is 59 */

struct bluez_device {
    char path[OBJECT_PATH_SIZE];
    char adapter[OBJECT_PATH_SIZE];
    char address[BAND_ADDRESS_SIZE]; /* upper case; never "" */
    char name[BAND_NAME_SIZE];       /* as advertised, LXB-…; "" if none such was told */
    int rssi;                        /* dBm, or RSSI_UNKNOWN */
    int battery;                     /* Battery1's, %, or BATTERY_UNKNOWN */
    bool connected, resolved;
    bool paired, bonded, trusted; /* Link Bands need none of these; what is so is never removed */
    bool named;    /* it has a name, a band's or another; after connecting it is GATT's */
    bool offers;   /* its UUIDs name the band's EEG service */
    bool in_air;   /* heard, and since then neither told to be gone nor tried in vain */
    bool sighted;  /* news: it was in the air; the reader clears it */
    uint64_t used; /* when something of it was last told, for forgetting the oldest */
};

/* `user` is the struct bluez_device; unknown properties and wrong types change nothing. */
void device_property(void *user, const struct property *property);
void battery_property(void *user, const struct property *property);

/* It is in the air: news. */
void device_hear(struct bluez_device *device);

bool is_band_name(const char *name);
/* An address as BlueZ writes it, in upper case; false if it is none. */
bool address_copy(char out[BAND_ADDRESS_SIZE], const char *in);

#endif
