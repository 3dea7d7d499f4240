/* What is read of a band and written to it, but for notifications. */
#ifndef BLUEZ_GATT_H
#define BLUEZ_GATT_H

#include "bluez_watch.h"

struct gatt {
    struct watch *watch;
    const struct link_listener *up; /* told `written` and `probed` */
    const char *device;             /* its path; the link's */
    const struct band_model *model; /* NULL before it is known of what kind the band is */
    int battery;                    /* %, or BATTERY_UNKNOWN */
    char firmware[BAND_FIRMWARE_SIZE];
    void (*read)(void *user); /* what gatt_read() reads has been read */
    void *user;
    struct bus_call *read_call, *write_call, *probe_call;
    struct alarm alarm; /* tells that it can't be written */
};

void gatt_init(struct gatt *gatt, struct watch *watch, struct handles *handles,
               const struct link_listener *up, const char *device);

/* The source that a band of its kind must have and this one hasn't; NULL if none is missing. */
const struct model_source *gatt_missing(const struct gatt *gatt);
/* Reads battery level and firmware, as far as they can be, then calls `read`. */
void gatt_read(struct gatt *gatt, void (*read)(void *user), void *user);
/* These two while the link is up. */
void gatt_write(struct gatt *gatt, const char *text);
/* Asks for something that bluetoothd does not know by itself. */
void gatt_probe(struct gatt *gatt);
/* The band is gone: what is pending is not told. */
void gatt_void(struct gatt *gatt);
void gatt_close(struct gatt *gatt);

#endif
