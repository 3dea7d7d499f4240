/* What all of the room stand on: the loop, its clock, the handles open on it, the counts. */
#ifndef GROUND_H
#define GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "server/stats.h"

/* The watch looks at every peer's times this often; where all are clients at rest, more rarely, and
 * on the loop's whole seconds: with the other timers that are. */
#define GROUND_WATCH_MS      200
#define GROUND_WATCH_REST_MS 1000

/* Handed down by the server. */
struct ground_listener {
    void *user;
    /* It is time for the watch; it runs again when asked to. */
    void (*look)(void *user);
    /* The loop has done what there was to do, and is about to wait. */
    void (*turn_over)(void *user);
    /* The last handle has closed. */
    void (*bare)(void *user);
};

/* The counts are everybody's, the rest is written by ground.c alone. */
struct server_ground {
    uv_loop_t *loop;
    double hurry;
    struct ground_listener listener;
    uv_timer_t watch;
    uv_prepare_t turn;
    size_t peers;     /* TCP connections of all kinds */
    unsigned handles; /* of libuv that still are to close */
    bool closing;     /* nobody comes in, nothing is watched any more */
    struct server_stats stats;
};

/* With the handles of watch and turn, which ground_finish() closes. */
void ground_init(struct server_ground *ground, uv_loop_t *loop, double hurry,
                 const struct ground_listener *listener);
void ground_finish(struct server_ground *ground);
void ground_begin_closing(struct server_ground *ground);

/* ms of uv_now(). */
uint64_t ground_now(const struct server_ground *ground);
/* ms of the contract, on the server's own clock. */
uint64_t ground_ms(const struct server_ground *ground, unsigned ms);

/* Lets the watch look within so many ms of the contract, the first soon. */
void ground_watch(struct server_ground *ground);
void ground_watch_within(struct server_ground *ground, unsigned contract_ms);

/* Has the listener told, once, when this turn of the loop is over. */
void ground_await_turn(struct server_ground *ground);

/* A peer came: the watch runs while there are any. */
void ground_peer_opened(struct server_ground *ground);
void ground_peer_closed(struct server_ground *ground);

/* A handle of libuv that the end waits for was opened, has closed. */
void ground_handle_opened(struct server_ground *ground);
void ground_handle_gone(struct server_ground *ground);

#endif
