#include "ground.h"

#include "base/must.h"

void ground_init(struct server_ground *ground, uv_loop_t *loop, double hurry,
                 const struct ground_listener *listener)
{
    *ground = (struct server_ground){.loop = loop, .hurry = hurry, .listener = *listener};
    uv_timer_init(loop, &ground->watch);
    ground->watch.data = ground;
    ground_handle_opened(ground);
    uv_prepare_init(loop, &ground->turn);
    ground->turn.data = ground;
    ground_handle_opened(ground);
}

static void on_ground_closed(uv_handle_t *handle)
{
    ground_handle_gone(handle->data);
}

void ground_finish(struct server_ground *ground)
{
    uv_close((uv_handle_t *)&ground->watch, on_ground_closed);
    uv_close((uv_handle_t *)&ground->turn, on_ground_closed);
}

void ground_begin_closing(struct server_ground *ground)
{
    ground->closing = true;
    uv_timer_stop(&ground->watch);
}

uint64_t ground_now(const struct server_ground *ground)
{
    return uv_now(ground->loop);
}

uint64_t ground_ms(const struct server_ground *ground, unsigned ms)
{
    const uint64_t hurried = (uint64_t)(ms / ground->hurry);

    return hurried ? hurried : 1;
}

static void on_watch(uv_timer_t *timer)
{
    const struct server_ground *ground = timer->data;

    ground->listener.look(ground->listener.user);
}

void ground_watch_within(struct server_ground *ground, unsigned contract_ms)
{
    const uint64_t period = ground_ms(ground, contract_ms);
    const uint64_t ms = period - ground_now(ground) % period;

    if (ground->closing ||
        (uv_is_active((uv_handle_t *)&ground->watch) && uv_timer_get_due_in(&ground->watch) <= ms))
        return;
    uv_timer_start(&ground->watch, on_watch, ms, 0);
}

void ground_watch(struct server_ground *ground)
{
    ground_watch_within(ground, GROUND_WATCH_MS);
}

static void on_turn(uv_prepare_t *turn)
{
    const struct server_ground *ground = turn->data;

    uv_prepare_stop(turn);
    ground->listener.turn_over(ground->listener.user);
}

void ground_await_turn(struct server_ground *ground)
{
    uv_prepare_start(&ground->turn, on_turn);
}

void ground_peer_opened(struct server_ground *ground)
{
    ground->peers++;
    ground_watch(ground);
}

void ground_peer_closed(struct server_ground *ground)
{
    must(ground->peers > 0);
    ground->peers--;
}

void ground_handle_opened(struct server_ground *ground)
{
    ground->handles++;
}

void ground_handle_gone(struct server_ground *ground)
{
    must(ground->handles > 0);
    if (--ground->handles == 0)
        ground->listener.bare(ground->listener.user);
}
