/* Notifications over the socket that AcquireNotify gives: SOCK_SEQPACKET, one a message. */
#ifndef BLUEZ_ACQUIRE_H
#define BLUEZ_ACQUIRE_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bluez_alarm.h"

struct acquired;

struct acquire_listener {
    void *user;
    void (*message)(void *user, const uint8_t *bytes, size_t len, int64_t arrival_us);
    /* The other end hung up: drop it. */
    void (*hung_up)(void *user);
};

DBusMessage *acquire_method(const char *path);
/* NULL: there is no usable socket in the reply. */
struct acquired *acquire_take(struct handles *handles, DBusMessage *reply,
                              const struct acquire_listener *listener);
/* Whether a message came over it. */
bool acquire_has_brought(const struct acquired *acquired);
/* Nothing more is told. NULL is none. */
void acquire_drop(struct acquired *acquired);

#endif
