#include "radio_time.h"

#include "base/now.h"

/* Most listeners' calls in one turn of the loop: a band at a thousand times its speed must leave
 * others their turn. */
#define EVENTS_A_TURN 256

static enum radio_event first_due(const struct radio *radio)
{
    int first = 0;

    for (int i = 1; i < RADIO_EVENTS; i++) {
        if (radio->due[i] < radio->due[first])
            first = i;
    }
    return (enum radio_event)first;
}

static void on_timer(uv_timer_t *timer);

/* From the event that is due first; the loop's own clock counts in whole ms, so it rounds up. */
static void arm(struct radio *radio, uint64_t least_ms)
{
    int64_t due = radio->due[first_due(radio)];
    int64_t now = now_boot_us();

    if (radio->closing)
        return;
    if (due == RADIO_NEVER) {
        uv_timer_stop(&radio->timer);
        return;
    }
    uint64_t wait_ms = due > now ? (uint64_t)(due - now + 999) / 1000 : least_ms;
    /* libuv counts from the time at which this turn of the loop began. */
    uv_update_time(radio->timer.loop);
    uv_timer_start(&radio->timer, on_timer, wait_ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct radio *radio = timer->data;

    for (int i = 0; i < EVENTS_A_TURN && !radio->closing; i++) {
        enum radio_event event = first_due(radio);
        if (radio->due[event] > now_boot_us())
            break;
        radio_cancel(radio, event);
        radio->happen(radio, event);
    }
    /* libuv before 1.45 calls a timer that is set to no wait from within its call again, as often
     * as that happens: who can't keep up would keep the loop for itself. */
    arm(radio, 1);
}

bool radio_time_init(struct radio *radio, uv_loop_t *loop,
                     void (*happen)(struct radio *radio, enum radio_event event))
{
    radio->happen = happen;
    for (int i = 0; i < RADIO_EVENTS; i++)
        radio->due[i] = RADIO_NEVER;
    radio->timer.data = radio;
    return uv_timer_init(loop, &radio->timer) == 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct radio *radio = handle->data;

    radio->ended(radio);
}

void radio_time_close(struct radio *radio, void (*ended)(struct radio *radio))
{
    radio->ended = ended;
    uv_close((uv_handle_t *)&radio->timer, on_closed);
}

void radio_at(struct radio *radio, enum radio_event event, int64_t boot_us)
{
    radio->due[event] = boot_us;
    arm(radio, 0);
}

void radio_after(struct radio *radio, enum radio_event event, double low_ms, double high_ms)
{
    double delay_us = 1000 * radio->pace * sim_random_between(&radio->random, low_ms, high_ms);

    radio_at(radio, event, now_boot_us() + (int64_t)delay_us);
}

void radio_cancel(struct radio *radio, enum radio_event event)
{
    radio->due[event] = RADIO_NEVER;
}
