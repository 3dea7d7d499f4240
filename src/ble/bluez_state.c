#include "bluez_state.h"

#include <string.h>

#include "base/length.h"
#include "base/log.h"
#include "base/must.h"
#include "bluez_method.h"

static const char *state_name(enum bluez_link_state state)
{
    static const char *const names[] = {
        [BLUEZ_LINK_SEEK] = "seek",       [BLUEZ_LINK_TURN] = "turn",
        [BLUEZ_LINK_CONNECT] = "connect", [BLUEZ_LINK_RESOLVE] = "resolve",
        [BLUEZ_LINK_CHECK] = "check",     [BLUEZ_LINK_READ] = "read",
        [BLUEZ_LINK_UP] = "up",           [BLUEZ_LINK_ENDING] = "ending",
        [BLUEZ_LINK_DROP] = "drop",       [BLUEZ_LINK_REMOVE] = "remove",
        [BLUEZ_LINK_PAUSE] = "pause",     [BLUEZ_LINK_CLOSING] = "closing",
        [BLUEZ_LINK_BUSY] = "busy",       [BLUEZ_LINK_DOWN] = "down",
    };
    ASSERT_GOES_TO(names, BLUEZ_LINK_DOWN);
    return names[state];
}

#define TO(state)  (1u << BLUEZ_LINK_##state)
#define TO_ITS_END (TO(CLOSING) | TO(DOWN))

/* The picture of bluez_state.h, from each state; a link begins as one that seeks. */
static const unsigned lawful[] = {
    [BLUEZ_LINK_SEEK] = TO(SEEK) | TO(TURN) | TO(RESOLVE) | TO(BUSY) | TO_ITS_END,
    [BLUEZ_LINK_TURN] = TO(CONNECT) | TO(PAUSE) | TO_ITS_END,
    [BLUEZ_LINK_CONNECT] = TO(RESOLVE) | TO(CHECK) | TO(DROP) | TO(PAUSE) | TO_ITS_END,
    [BLUEZ_LINK_RESOLVE] = TO(RESOLVE) | TO(CHECK) | TO(DROP) | TO(PAUSE) | TO_ITS_END,
    [BLUEZ_LINK_CHECK] = TO(READ) | TO(RESOLVE) | TO(DROP) | TO(PAUSE) | TO_ITS_END,
    [BLUEZ_LINK_READ] = TO(UP) | TO(PAUSE) | TO_ITS_END,
    [BLUEZ_LINK_UP] = TO(ENDING) | TO_ITS_END,
    [BLUEZ_LINK_ENDING] = TO_ITS_END,
    [BLUEZ_LINK_DROP] = TO(REMOVE) | TO(PAUSE) | TO_ITS_END,
    [BLUEZ_LINK_REMOVE] = TO(PAUSE) | TO_ITS_END,
    [BLUEZ_LINK_PAUSE] = TO(SEEK) | TO_ITS_END,
    [BLUEZ_LINK_CLOSING] = TO(DOWN),
    [BLUEZ_LINK_BUSY] = TO(DOWN),
    [BLUEZ_LINK_DOWN] = 0,
};
ASSERT_GOES_TO(lawful, BLUEZ_LINK_DOWN);

/* Each second try is made without discovery: some adapters can't connect during it. */
static enum air_need need_of(const struct bluez_link *link, const struct air *air)
{
    if (link->state == BLUEZ_LINK_SEEK)
        return AIR_SEEK;
    if (air == link->air && (link->state == BLUEZ_LINK_TURN || link->state == BLUEZ_LINK_CONNECT))
        return link->tries % 2 == 1 ? AIR_QUIET_TURN : AIR_LOUD_TURN;
    return AIR_NOTHING;
}

static void need_airs(struct bluez_link *link)
{
    struct airs *airs = link->ground->airs;

    for (size_t i = 0; i < airs->count; i++)
        air_need(&airs->air[i], &link->users[i], need_of(link, &airs->air[i]));
}

void bluez_enter(struct bluez_link *link, enum bluez_link_state state, unsigned limit_ms)
{
    log_debug("%s: %s, then %s", link->label, state_name(link->state), state_name(state));
    must(lawful[link->state] & 1u << state);
    bus_cancel(&link->call);
    link->state = state;
    need_airs(link);
    if (limit_ms)
        alarm_set(&link->alarm, limit_ms, link->on_limit);
    else
        alarm_clear(&link->alarm);
}

void bluez_digest(struct bluez_link *link)
{
    link->ground->digest(link->ground->user);
}

struct bluez_device *bluez_device_of(const struct bluez_link *link)
{
    return objects_device(&link->ground->watch->objects, link->device);
}

bool bluez_holds(const struct bluez_link *link)
{
    return link->asked || link->owned;
}

bool bluez_may_cut(const struct bluez_link *link)
{
    return bluez_holds(link) || bluez_known(link->ground, link->band.address);
}

bool bluez_is_carried(const struct bluez_link *link)
{
    switch (link->state) {
    case BLUEZ_LINK_TURN:
    case BLUEZ_LINK_CONNECT:
    case BLUEZ_LINK_RESOLVE:
    case BLUEZ_LINK_CHECK:
    case BLUEZ_LINK_READ:
    case BLUEZ_LINK_UP:
    case BLUEZ_LINK_ENDING:
    case BLUEZ_LINK_DROP:
    case BLUEZ_LINK_CLOSING:
        return link->air != NULL;
    case BLUEZ_LINK_SEEK:
    case BLUEZ_LINK_REMOVE:
    case BLUEZ_LINK_PAUSE:
    case BLUEZ_LINK_BUSY:
    case BLUEZ_LINK_DOWN:
        break;
    }
    return false;
}

unsigned bluez_bit(const struct bluez_link *link, const struct air *air)
{
    return 1u << (air - link->ground->airs->air);
}

char *bluez_known(struct link_ground *ground, const char *address)
{
    for (size_t i = 0; i < BLUEZ_KNOWN_MAX; i++) {
        if (address[0] && strcmp(ground->known[i], address) == 0)
            return ground->known[i];
    }
    return NULL;
}

/* What is ended or gone is nobody's. */
void bluez_disown(struct bluez_link *link)
{
    bus_cancel(&link->connect_call);
    link->asked = link->owned = false;
}

void bluez_call(struct bluez_link *link, struct bus_call **call, const char *interface,
                const char *method, int limit_ms, bus_reply_fn reply)
{
    bus_call(link->ground->watch->bus, call, bluez_method(link->device, interface, method),
             limit_ms, reply, link);
}

void bluez_discard(struct bluez_link *link)
{
    char *known = bluez_known(link->ground, link->band.address);

    if (link->was_up && known) /* what a crash left is over: a next link is of who makes it */
        known[0] = '\0';
    bluez_disown(link);
    bus_cancel(&link->disconnect_call);
    bluez_enter(link, BLUEZ_LINK_DOWN, 0);
    gatt_close(&link->gatt);
    sources_close(&link->sources);
    alarm_close(&link->alarm);
}

void bluez_down(struct bluez_link *link, enum link_end end, const struct failure *failure)
{
    const struct link_listener *up = &link->link.listener;

    bluez_discard(link);
    up->down(up->user, end, failure);
}

/* A Connect under way would go on without us, and the band be held by nobody. */
void bluez_fail(struct bluez_link *link, const struct failure *failure)
{
    const struct bluez_device *device = bluez_device_of(link);

    if (device && (link->asked || (link->owned && device->connected)))
        bluez_call(link, NULL, BLUEZ_DEVICE, "Disconnect", DISCONNECT_LIMIT_MS, NULL);
    bluez_down(link, LINK_END_FAILED, failure);
}
