/* A libdbus connection served by a libuv loop. */
#ifndef DBUS_LOOP_H
#define DBUS_LOOP_H

#include <dbus/dbus.h>
#include <stdint.h>
#include <uv.h>

struct dbus_loop;

/* Owns the (private) connection from here on. NULL: no memory, the connection is still yours. */
struct dbus_loop *dbus_loop_open(uv_loop_t *loop, DBusConnection *connection);

/* Closes the connection; not to be called from inside a message's handler. `closed` comes later. */
void dbus_loop_close(struct dbus_loop *dbus_loop, void (*closed)(void *user), void *user);

/* CLOCK_BOOTTIME, µs, when the bytes of the message being dispatched were there to be read. */
int64_t dbus_loop_read_us(const struct dbus_loop *dbus_loop);

#endif
