#include "bluez_alarm.h"

void handles_close_one(struct handles *handles)
{
    if (--handles->open == 0)
        handles->closed(handles->user);
}

static void on_alarm(uv_timer_t *timer)
{
    const struct alarm *alarm = timer->data;

    alarm->fn(alarm->user);
}

void alarm_init(struct alarm *alarm, struct handles *handles, void *user)
{
    uv_timer_init(handles->loop, &alarm->timer);
    alarm->timer.data = alarm;
    alarm->handles = handles;
    alarm->user = user;
    handles->open++;
}

void alarm_set(struct alarm *alarm, unsigned ms, alarm_fn fn)
{
    if (uv_is_closing((uv_handle_t *)&alarm->timer))
        return;
    alarm->fn = fn;
    uv_timer_start(&alarm->timer, on_alarm, ms, 0);
}

void alarm_clear(struct alarm *alarm)
{
    uv_timer_stop(&alarm->timer);
}

static void on_alarm_closed(uv_handle_t *handle)
{
    const struct alarm *alarm = handle->data;

    handles_close_one(alarm->handles);
}

void alarm_close(struct alarm *alarm)
{
    uv_close((uv_handle_t *)&alarm->timer, on_alarm_closed);
}
