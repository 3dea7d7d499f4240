#include "places.h"

#include "base/must.h"
#include "server/server.h"

static void enter_state(const struct places *places, struct seat *seat, enum seat_state state)
{
    seat->state = state;
    seat->since = ground_now(places->ground);
}

void places_enter(struct places *places, struct seat *seat, enum client_kind kind)
{
    struct seat **link = &places->first;

    while (*link)
        link = &(*link)->next;
    *link = seat;
    seat->kind = kind;
    enter_state(places, seat, SEAT_ARRIVING);
}

void places_remove(struct places *places, struct seat *seat)
{
    struct seat **link = &places->first;

    while (*link != seat)
        link = &(*link)->next;
    *link = seat->next;
}

/* The lowest that nobody has. */
static unsigned free_place(const struct places *places)
{
    unsigned taken = 0, place = 1;

    for (const struct seat *seat = places->first; seat; seat = seat->next)
        taken |= seat->state == SEAT_PLACED ? 1u << seat->place : 0;
    while (taken & 1u << place)
        place++;
    return place;
}

static void seat_down(struct places *places, struct seat *seat)
{
    seat->place = free_place(places);
    enter_state(places, seat, SEAT_PLACED);
    places->placed++;
    places->opened(seat);
}

void places_take(struct places *places, struct seat *seat)
{
    if (places->placed < SERVER_CLIENTS_MAX) {
        seat_down(places, seat);
        return;
    }
    enter_state(places, seat, SEAT_WAITING);
    places->waiting++;
}

/* Of those who have a place or wait for one. */
static size_t count_of(const struct places *places, enum client_kind kind)
{
    size_t count = 0;

    for (const struct seat *seat = places->first; seat; seat = seat->next)
        count += seat->kind == kind && seat->state != SEAT_LEAVING;
    return count;
}

bool places_have_room(const struct places *places, enum client_kind kind)
{
    const size_t restricted = count_of(places, CLIENT_RESTRICTED);
    const size_t own = count_of(places, CLIENT_OWN_PAGE);

    if (places->ground->closing ||
        (places->placed >= SERVER_CLIENTS_MAX && places->waiting >= SERVER_WAITING_MAX))
        return false;
    if ((kind == CLIENT_RESTRICTED && restricted >= SERVER_RESTRICTED_MAX) ||
        (kind == CLIENT_OWN_PAGE && own >= SERVER_OWN_PAGES_MAX))
        return false;
    return kind == CLIENT_OTHER || restricted + own < SERVER_PAGES_MAX;
}

static void promote(struct places *places)
{
    struct seat *seat = places->first;

    while (seat && seat->state != SEAT_WAITING)
        seat = seat->next;
    if (!seat || places->ground->closing)
        return;
    must(places->waiting > 0);
    places->waiting--;
    seat_down(places, seat);
}

void places_give_up(struct places *places, struct seat *seat)
{
    const enum seat_state was = seat->state;

    enter_state(places, seat, SEAT_LEAVING);
    if (was == SEAT_WAITING)
        places->waiting--;
    if (was != SEAT_PLACED)
        return;
    must(places->placed > 0);
    places->placed--;
    places->closed(seat);
    promote(places);
}
