/*
 * The message bus: connects, and connects again whenever it is lost; method calls with a time
 * limit each; a fixed set of match rules.
 */
#ifndef BUS_H
#define BUS_H

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct bus;
struct bus_call;

struct bus_listener {
    void *user;
    /* Connected, and every match rule is in force. */
    void (*up)(void *user);
    /* The bus was lost, or can't be had; all calls are gone without a reply. Told once a loss. */
    void (*down)(void *user, const char *why);
    void (*signal)(void *user, DBusMessage *signal, int64_t arrival_us);
};

/* `reply` is the method's return or an error, also the one that the time limit makes (NoReply). */
typedef void (*bus_reply_fn)(void *user, DBusMessage *reply);

/*
 * `address` NULL: the system bus. `rules` are match rules, ends with NULL, static. Nothing is told
 * before this has returned. NULL: no memory.
 */
struct bus *bus_create(uv_loop_t *loop, const char *address, const char *const *rules,
                       const struct bus_listener *listener);

/*
 * Sends `message` (taken over; NULL is no memory) and hands its reply to `reply`, which may be
 * NULL. `*slot`, if there is one, holds the call until then: the caller may cancel it, and must
 * not use the slot for another meanwhile. Where the bus is lost no reply comes: down() does.
 */
void bus_call(struct bus *bus, struct bus_call **slot, DBusMessage *message, int limit_ms,
              bus_reply_fn reply, void *user);

/* Its reply won't be told. Nothing happens where the slot is empty. */
void bus_cancel(struct bus_call **slot);

/* Not from inside a reply or a signal. `closed` comes later, from the loop. */
void bus_destroy(struct bus *bus, void (*closed)(void *user), void *user);

#endif
