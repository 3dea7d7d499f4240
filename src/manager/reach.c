#include "reach.h"

#include <stdio.h>
#include <strings.h>

#include "sightings.h"

/* One that never answers must not block the next disconnect. */
#define PATIENCE_US (LINK_CLOSE_MS * INT64_C(1000))

/* What works in the field (docs/bluez.md). */
#define BACKOFF_FIRST_US (SECOND / 4)
#define BACKOFF_LAST_US  (30 * SECOND)

/* A link that held this long was a good one, even if nothing was streamed over it. */
#define PROVEN_US (10 * SECOND)

/* A band seen this long before the connect counts as seen. */
#define RECENT_US (60 * SECOND)

const char *band_label(const struct band_identity *band)
{
    return band->name[0] ? band->name : band->address;
}

const struct band_identity *reach_band(const struct reach *reach)
{
    return reach->known ? &reach->device.band : &reach->band;
}

bool reach_lets_go_of(const struct reach *reach, const struct band_identity *band)
{
    return reach->radio != REACH_RADIO_FREE && reach->state != LINK_CONNECTED &&
           same_band(&reach->tried, band);
}

bool reach_was_seen(const struct reach *reach)
{
    return reach->seen_us != INT64_MIN && reach->seen_us >= reach->asked_us - RECENT_US;
}

static void reach_enter(struct reach *reach, enum manager_link state)
{
    state_told(reach->label, STATES_LINK, reach->state, state);
    reach->state = state;
}

static void radio_enter(struct reach *reach, enum reach_radio state)
{
    state_told(reach->label, STATES_RADIO, reach->radio, state);
    reach->radio = state;
}

static void want(struct reach *reach, const struct band_identity *band)
{
    reach->band = *band;
    snprintf(reach->label, sizeof(reach->label), "%s", band_label(band));
}

/* ---- Its next step */

static bool is_trying(const struct reach *reach)
{
    return reach->state == LINK_CONNECTING || reach->state == LINK_WAITING;
}

static enum reach_step begin_close(struct reach *reach, enum reach_step step, struct when *when)
{
    radio_enter(reach, REACH_RADIO_CLOSING);
    reach->radio_until_us = when->now_us + PATIENCE_US;
    return step;
}

static enum reach_step open_now(struct reach *reach, bool bluetooth_off, struct when *when)
{
    if (!is_trying(reach) || reach->barred)
        return REACH_DO_NOTHING;
    if (reach->state == LINK_WAITING && (bluetooth_off || is_awaited(when, reach->next_try_us)))
        return REACH_DO_NOTHING;
    radio_enter(reach, REACH_RADIO_TRYING);
    reach->tried = reach->band;
    reach->radio_until_us = when->now_us + CONNECT_LIMIT_US;
    return REACH_DO_OPEN;
}

/* A user's connect has its own, never later limit; here ends a try in the background. */
static enum reach_step close_attempt(struct reach *reach, struct when *when)
{
    bool wanted = is_trying(reach) && same_band(&reach->tried, &reach->band);

    if (wanted && is_awaited(when, reach->radio_until_us))
        return REACH_DO_NOTHING;
    return begin_close(
        reach, wanted && reach->state == LINK_WAITING ? REACH_DO_GIVE_UP : REACH_DO_CLOSE, when);
}

static enum reach_step next_of_radio(struct reach *reach, bool bluetooth_off, struct when *when)
{
    switch (reach->radio) {
    case REACH_RADIO_FREE:
        return open_now(reach, bluetooth_off, when);
    case REACH_RADIO_TRYING:
        return close_attempt(reach, when);
    case REACH_RADIO_LINKED:
        if (reach->state == LINK_CONNECTED)
            break;
        return begin_close(reach, REACH_DO_CLOSE, when);
    case REACH_RADIO_CLOSING:
        if (is_awaited(when, reach->radio_until_us))
            break;
        radio_enter(reach, REACH_RADIO_STUCK);
        return REACH_DO_GO_ON;
    case REACH_RADIO_STUCK:
        break;
    }
    return REACH_DO_NOTHING;
}

enum reach_step reach_next(struct reach *reach, bool bluetooth_off, struct when *when)
{
    if (reach->state == LINK_DISCONNECTING &&
        (reach->radio == REACH_RADIO_FREE || reach->radio == REACH_RADIO_STUCK))
        return REACH_DO_FAREWELL;
    if (reach->owed && reach->state != LINK_DISCONNECTING &&
        !is_awaited(when, reach->owed_until_us))
        return REACH_DO_MISS;
    return next_of_radio(reach, bluetooth_off, when);
}

/* ---- What is wanted */

static void owe(struct reach *reach, int64_t until_us)
{
    reach->owed = true;
    reach->owed_until_us = until_us;
    if (reach->radio == REACH_RADIO_TRYING)
        reach->radio_until_us = until_us;
}

void reach_connect(struct reach *reach, const struct band_identity *band, int64_t seen_us,
                   int64_t until_us)
{
    want(reach, band);
    reach->known = reach->resumes = false;
    reach_enter(reach, LINK_CONNECTING);
    reach->asked_us = until_us - CONNECT_LIMIT_US;
    reach->seen_us = seen_us;
    owe(reach, until_us);
}

void reach_hurry(struct reach *reach, int64_t now_us)
{
    if (!reach->owed) {
        reach->asked_us = now_us;
        owe(reach, now_us + CONNECT_LIMIT_US);
    }
    reach_try_now(reach, now_us);
}

void reach_queue(struct reach *reach, const struct band_identity *band, int64_t now_us)
{
    if (reach->has_next)
        return;
    reach->has_next = reach->owed = true;
    reach->next = *band;
    reach->owed_until_us = now_us + CONNECT_LIMIT_US;
}

static void wait_on(struct reach *reach, bool resumes, int64_t now_us)
{
    reach->resumes = resumes;
    reach_enter(reach, LINK_WAITING);
    reach->outage_told = false;
    reach->asked_us = now_us;
    reach->seen_us = INT64_MIN;
}

void reach_wait_for(struct reach *reach, const struct band_identity *band, bool resumes,
                    int64_t now_us)
{
    want(reach, band);
    reach->known = false;
    wait_on(reach, resumes, now_us);
    reach_try_now(reach, now_us);
}

void reach_disconnect(struct reach *reach)
{
    reach_enter(reach, LINK_DISCONNECTING);
}

void reach_unqueue(struct reach *reach)
{
    reach->has_next = false;
}

bool reach_leave(struct reach *reach)
{
    bool goes_on = reach->has_next;

    reach->has_next = reach->known = reach->resumes = false;
    reach_enter(reach, LINK_IDLE);
    return goes_on;
}

void reach_try_now(struct reach *reach, int64_t now_us)
{
    reach->next_try_us = now_us;
    reach->backoff_us = BACKOFF_FIRST_US;
}

/* ---- What comes of it */

void reach_saw(struct reach *reach, const struct band_identity *band, int64_t now_us)
{
    if (reach->state != LINK_IDLE && same_band(band, &reach->band))
        reach->seen_us = now_us;
}

static bool is_the_wanted(const struct reach *reach, const struct band_identity *found)
{
    const struct band_identity *wanted = &reach->band;

    return (!wanted->address[0] || strcasecmp(wanted->address, found->address) == 0) &&
           (!wanted->name[0] || strcasecmp(wanted->name, found->name) == 0);
}

enum reach_up reach_up(struct reach *reach, const struct band_link *made, int64_t now_us)
{
    bool resumed = reach->state == LINK_WAITING && reach->resumes;

    if (reach->radio != REACH_RADIO_TRYING)
        return REACH_UP_UNWANTED;
    radio_enter(reach, REACH_RADIO_LINKED);
    if (!is_trying(reach))
        return REACH_UP_UNWANTED;
    if (reach->state == LINK_CONNECTING && !is_the_wanted(reach, &made->band))
        return REACH_UP_OTHER_BAND;
    reach_enter(reach, LINK_CONNECTED);
    want(reach, &made->band);
    reach->device = *made;
    reach->known = true;
    reach->connected_us = now_us;
    reach->proven = false;
    reach->reconnects += resumed;
    return resumed ? REACH_UP_RESUMED : REACH_UP_FIRST;
}

bool reach_up_taken(struct reach *reach)
{
    if (reach->radio != REACH_RADIO_TRYING)
        return false;
    radio_enter(reach, REACH_RADIO_LINKED);
    reach->known = false;
    return is_trying(reach);
}

double reach_clock_step_ms(struct reach *reach)
{
    const struct clock_anchor *now = &reach->device.anchor, *then = &reach->anchor;
    int64_t step = 0;

    if (reach->has_anchor)
        step = (now->utc_us - now->boot_us) - (then->utc_us - then->boot_us);
    reach->has_anchor = true;
    reach->anchor = *now;
    return (double)step / 1000.0;
}

enum reach_down reach_down(struct reach *reach)
{
    bool was_trying = reach->radio == REACH_RADIO_TRYING,
         was_linked = reach->radio == REACH_RADIO_LINKED;

    radio_enter(reach, REACH_RADIO_FREE);
    if (was_trying)
        return REACH_DOWN_ATTEMPT;
    return was_linked && reach->state == LINK_CONNECTED ? REACH_DOWN_CONNECTION
                                                        : REACH_DOWN_EXPECTED;
}

static void reach_back_off(struct reach *reach, int64_t now_us)
{
    const int64_t twice = 2 * reach->backoff_us;

    reach->next_try_us = now_us + reach->backoff_us;
    reach->backoff_us = twice < BACKOFF_LAST_US ? twice : BACKOFF_LAST_US;
}

void reach_failed(struct reach *reach, int64_t now_us)
{
    if (reach->state == LINK_WAITING)
        reach_back_off(reach, now_us);
}

void reach_lost(struct reach *reach, int64_t now_us)
{
    bool good = reach->proven || now_us - reach->connected_us >= PROVEN_US;

    if (good || reach->backoff_us == 0)
        reach->backoff_us = BACKOFF_FIRST_US;
    wait_on(reach, true, now_us);
    reach_back_off(reach, now_us);
}

void reach_drop(struct reach *reach)
{
    reach_enter(reach, LINK_IDLE);
}

bool reach_answered(struct reach *reach)
{
    bool owed = reach->owed;

    reach->owed = false;
    return owed;
}

bool reach_tells_failure(struct reach *reach)
{
    bool first = !reach->outage_told;

    reach->outage_told = true;
    return first || reach->owed;
}

void reach_prove(struct reach *reach)
{
    reach->proven = true;
}

bool reach_battery(struct reach *reach, int level)
{
    bool changed = reach->device.battery_level != level;

    reach->device.battery_level = level;
    return changed;
}

void reach_anchor(struct reach *reach, struct clock_anchor anchor)
{
    reach->device.anchor = reach->anchor = anchor;
}
