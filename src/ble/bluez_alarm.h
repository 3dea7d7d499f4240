/* Timers on the loop, and the count of handles that must be closed before their owner is freed. */
#ifndef BLUEZ_ALARM_H
#define BLUEZ_ALARM_H

#include <uv.h>

struct handles {
    uv_loop_t *loop;
    unsigned open;
    void (*closed)(void *user); /* the last of them is */
    void *user;
};

void handles_close_one(struct handles *handles);

typedef void (*alarm_fn)(void *user);

struct alarm {
    uv_timer_t timer;
    struct handles *handles;
    alarm_fn fn;
    void *user;
};

void alarm_init(struct alarm *alarm, struct handles *handles, void *user);
/* Calls `fn` once, after this time and not from within; in place of what was set before. */
void alarm_set(struct alarm *alarm, unsigned ms, alarm_fn fn);
void alarm_clear(struct alarm *alarm);
void alarm_close(struct alarm *alarm);

#endif
