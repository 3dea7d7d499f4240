#include "radio_time.h"

#include "base/now.h"

/* Most listeners' calls in one turn of the loop: a band at a thousand times its speed must leave
 * others their turn. */
#define EVENTS_A_TURN 256

struct moment {
    struct radio_dues *dues; /* NULL: nothing is due */
    int which;
    int64_t at;
};

static void look_for_earlier(struct radio_dues *dues, struct moment *first)
{
    for (int i = 0; i < dues->count; i++) {
        if (dues->at[i] < first->at)
            *first = (struct moment){dues, i, dues->at[i]};
    }
}

static struct moment first_due(const struct radio *radio)
{
    struct moment first = {NULL, 0, RADIO_NEVER};

    for (struct radio_dues *dues = radio->dues; dues; dues = dues->next)
        look_for_earlier(dues, &first);
    return first;
}

static void on_timer(uv_timer_t *timer);

/* From the event that is due first; the loop's own clock counts in whole ms, so it rounds up. */
static void arm(struct radio *radio, uint64_t least_ms)
{
    int64_t due = first_due(radio).at;
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
        struct moment first = first_due(radio);
        if (first.at > now_boot_us())
            break;
        first.dues->at[first.which] = RADIO_NEVER;
        first.dues->happen(radio, first.dues->subject, first.which);
    }
    /* libuv before 1.45 calls a timer that is set to no wait from within its call again, as often
     * as that happens: who can't keep up would keep the loop for itself. */
    arm(radio, 1);
}

bool radio_time_init(struct radio *radio, uv_loop_t *loop)
{
    radio->timer.data = radio;
    return uv_timer_init(loop, &radio->timer) == 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct radio *radio = handle->data;

    radio->ended(radio);
}

void radio_time_close(struct radio *radio, void (*ended)(struct radio *radio))
{
    radio->ended = ended;
    uv_close((uv_handle_t *)&radio->timer, on_timer_closed);
}

void radio_time_add(struct radio *radio, struct radio_dues *dues)
{
    struct radio_dues **end = &radio->dues;

    for (int i = 0; i < dues->count; i++)
        dues->at[i] = RADIO_NEVER;
    while (*end)
        end = &(*end)->next;
    *end = dues;
}

void radio_time_remove(struct radio *radio, struct radio_dues *dues)
{
    struct radio_dues **at = &radio->dues;

    while (*at != dues)
        at = &(*at)->next;
    *at = dues->next;
}

void radio_at(struct radio *radio, int64_t *due, int64_t boot_us)
{
    *due = boot_us;
    arm(radio, 0);
}

void radio_after(struct radio *radio, int64_t *due, double low_ms, double high_ms)
{
    double delay_us = 1000 * radio->pace * sim_random_between(&radio->random, low_ms, high_ms);

    radio_at(radio, due, now_boot_us() + (int64_t)delay_us);
}
