/*
 * All adapters that may be used: one for each that was asked for, else whichever is there. What is
 * told of Bluetooth is told of them together, and a scan is one on all of them.
 */
#ifndef BLUEZ_AIRS_H
#define BLUEZ_AIRS_H

#include "ble/bluez.h"
#include "bluez_air.h"

#define AIRS_MAX BLUEZ_ADAPTERS_MAX

struct airs_listener {
    void *user;
    void (*changed)(void *user);
    void (*heard)(void *user, const struct air *air, const struct bluez_device *device);
    /* Its adapter is off or gone, with all links on it. */
    void (*lost)(void *user, const struct air *air);
    void (*failed)(void *user, const struct air *air, const struct failure *failure);
};

struct airs {
    struct airs_listener listener;
    const struct backend_listener *up; /* told of Bluetooth, sightings, the scan's end */
    struct watch *watch;
    struct air air[AIRS_MAX];
    size_t count;
    bool told, told_available, told_powered;
    char told_message[240];
    bool scan;                   /* wanted by airs_scan() */
    bool begun;                  /* that scan has been on: adapters that go only interrupt it */
    struct failure scan_failure; /* what the alarm tells */
    struct alarm alarm;          /* the scan ended in airs_scan() itself */
};

/* `wishes` are borrowed; none: one air, of the first adapter that is powered. */
void airs_init(struct airs *airs, struct watch *watch, struct handles *handles,
               const char *const *wishes, size_t count, const struct airs_listener *listener,
               const struct backend_listener *up);
void airs_stop(struct airs *airs); /* nothing more is told */
void airs_close(struct airs *airs);

/* Their steps, as the mirror has it now: adapters first, discovery after all users. */
void airs_advance(struct airs *airs);
void airs_listen(struct airs *airs);
void airs_discover(struct airs *airs);

void airs_scan(struct airs *airs, bool on);
/* What was heard before is no sighting: a scan or an attempt begins. */
void airs_look_anew(struct airs *airs);

bool airs_are_usable(const struct airs *airs); /* at least one is */
/* Of the first: where none is usable. */
struct failure *airs_failure(const struct airs *airs, struct failure *failure);

#endif
