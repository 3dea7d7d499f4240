/*
 * Who has a place, who waits for one, and who has none any more.
 *
 * SERVER_CLIENTS_MAX have one; SERVER_WAITING_MAX more wait, and get those that are given up in the
 * order they came. Of both together only so many are pages that any site can open.
 */
#ifndef PLACES_H
#define PLACES_H

#include "ground.h"

/* Pages that any site can open without the visitor's will, told apart to be bounded. */
enum client_kind {
    CLIENT_OTHER,
    CLIENT_RESTRICTED, /* Origin `null`, of which no option speaks */
    CLIENT_OWN_PAGE    /* the daemon's own page, where no token guards it */
};

/* Arriving: while lws takes its socket over. */
enum seat_state { SEAT_ARRIVING, SEAT_WAITING, SEAT_PLACED, SEAT_LEAVING };

/* A client's part in it, a member of its struct; written by places.c alone. */
struct seat {
    struct seat *next; /* of places->first */
    enum client_kind kind;
    enum seat_state state;
    unsigned place; /* 1 to SERVER_CLIENTS_MAX; 0: has had none */
    uint64_t since; /* when its state began: ground_now(), ms */
};

struct places {
    const struct server_ground *ground;
    struct seat *first; /* in the order they came */
    size_t placed, waiting;
    /* A place was taken; was given up, by one that had it. */
    void (*opened)(struct seat *seat);
    void (*closed)(struct seat *seat);
};

/* Whether one more of that kind may take a place, or wait for one. */
bool places_have_room(const struct places *places, enum client_kind kind);
/* Onto the list, arriving; and off it: what it had was given up before. */
void places_enter(struct places *places, struct seat *seat, enum client_kind kind);
void places_remove(struct places *places, struct seat *seat);
/* A place for one that arrived; where there is none it waits. */
void places_take(struct places *places, struct seat *seat);
/* It leaves; who waits for longest gets what it had. */
void places_give_up(struct places *places, struct seat *seat);

#endif
