/* What the errors of D-Bus and BlueZ mean, and what a person can do about them. Pure. */
#ifndef BLUEZ_ERRORS_H
#define BLUEZ_ERRORS_H

#include <dbus/dbus.h>
#include <stdbool.h>

#include "base/error.h"

enum bluez_error {
    BLUEZ_OK,          /* a method's return */
    BLUEZ_ALREADY,     /* it is so already */
    BLUEZ_IN_PROGRESS, /* the same is under way, ours or another program's */
    BLUEZ_LOCKED,      /* notifications are acquired by another, or by a program that died */
    BLUEZ_GONE,        /* the object is no more */
    BLUEZ_TIMED_OUT,   /* no reply within the call's limit */
    BLUEZ_FULL,        /* the adapter takes no more links */
    BLUEZ_STUCK,       /* the controller still has a link that is dead: a few tries are enough */
    BLUEZ_FAILED,      /* anything else: worth another try */
    /* From here on no try will help until a person or the system has done something. */
    BLUEZ_OFF,     /* the adapter is off */
    BLUEZ_BLOCKED, /* by rfkill */
    BLUEZ_DENIED,  /* by the bus policy */
    BLUEZ_ABSENT,  /* bluetoothd does not run */
};

enum bluez_error bluez_error(DBusMessage *reply);
bool bluez_error_is_final(enum bluez_error error);
/* Whether it is the band's own answer, which came over the link, and not bluetoothd's. */
bool bluez_error_is_the_bands(DBusMessage *reply);

/*
 * "<what> failed: <why, what to do>". The code is ERROR_BLUETOOTH for the final ones and `code`
 * for the others.
 */
struct failure *bluez_failure(struct failure *failure, DBusMessage *reply, enum error_code code,
                              const char *what);

#define BLUEZ_ADVICE_ABSENT                                                                        \
    "Bluetooth's service (bluetoothd) does not run. Start it: systemctl start bluetooth."
#define BLUEZ_ADVICE_OFF                                                                           \
    "The Bluetooth adapter is switched off. Switch it on: bluetoothctl power on."
#define BLUEZ_ADVICE_BLOCKED                                                                       \
    "The Bluetooth adapter is blocked. Unblock it (flight mode?): rfkill unblock bluetooth."
#define BLUEZ_ADVICE_DENIED                                                                        \
    "Access to Bluetooth is denied by the system bus. Add this user to the group bluetooth: "      \
    "usermod -aG bluetooth USER, then log in again."

#endif
