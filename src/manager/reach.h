/*
 * The band that is wanted, and the one link that the backend has to it: open it or close it now?
 *
 *   IDLE ──connect──▸ CONNECTING ──up──▸ CONNECTED ──lost, silent──▸ WAITING ──up──▸ CONNECTED
 *                        │ failed, 20 s ▸ IDLE                          └─ tries with back-off
 *   any ──disconnect──▸ DISCONNECTING ──let go──▸ IDLE, or CONNECTING if a connect came since
 *
 *   FREE ──open──▸ TRYING ──up──▸ LINKED ──down──▸ FREE
 *                    │ down ──▸ FREE   │
 *                    └──────close──────┴──▸ CLOSING ──down──▸ FREE
 *
 * A backend that does not let go in time (STUCK) does not keep a disconnect waiting; only the next
 * attempt waits until it has. A machine: facts in, one next step out. It answers no one.
 */
#ifndef MANAGER_REACH_H
#define MANAGER_REACH_H

#include "ble/backend.h"
#include "states.h"
#include "when.h"

/* Half a second of the promised 20 s is left for the reply's way. */
#define CONNECT_LIMIT_US (20 * SECOND - SECOND / 2)

struct reach {
    enum manager_link state;
    enum reach_radio radio;
    char label[BAND_NAME_SIZE]; /* of the band wanted, for the log */
    struct band_identity band;  /* the one wanted, while not idle */
    struct band_identity tried; /* the one of the attempt */
    int64_t radio_until_us;     /* of the attempt, or of the patience with the backend */
    struct band_link device;    /* as connected last */
    bool known;                 /* `device` is of this want: connected now or before the outage */
    bool barred;                /* another's link to the band has to end before it is opened */
    bool resumes;               /* waiting: the connection will be one resumed */
    bool owed;                  /* somebody waits to hear of a connect */
    int64_t owed_until_us;
    int64_t asked_us; /* when the first of them came */
    int64_t seen_us;  /* when the wanted band was seen last; INT64_MIN: never */
    int64_t connected_us, next_try_us, backoff_us;
    bool outage_told; /* device_connection_failed has gone out in this outage */
    bool proven;      /* samples came over this link: an outage begins its back-off anew */
    bool has_next;    /* disconnecting: this one is wanted afterwards */
    struct band_identity next;
    uint64_t reconnects;
    bool has_anchor;
    struct clock_anchor anchor; /* of the newest connection */
};

enum reach_step {
    REACH_DO_NOTHING,
    REACH_DO_OPEN,     /* a link to `tried` */
    REACH_DO_CLOSE,    /* it */
    REACH_DO_GIVE_UP,  /* the same, and a try in the background has failed */
    REACH_DO_GO_ON,    /* without the backend's word that it has let go */
    REACH_DO_MISS,     /* the band was not reached in the time promised */
    REACH_DO_FAREWELL, /* a disconnect is through: reach_leave() */
};

/* Its next step, booked as taken; none: it names the time to be asked again. */
enum reach_step reach_next(struct reach *reach, bool bluetooth_off, struct when *when);

/* ---- What is wanted */

/* A connect, idle or from reach_leave() on; `seen_us`: when the band was seen last. */
void reach_connect(struct reach *reach, const struct band_identity *band, int64_t seen_us,
                   int64_t until_us);
/* A connect to the band that is waited for: it is tried at once. */
void reach_hurry(struct reach *reach, int64_t now_us);
/* A connect while disconnecting: it comes next. */
void reach_queue(struct reach *reach, const struct band_identity *band, int64_t now_us);
/* Its band appears whenever it does. */
void reach_wait_for(struct reach *reach, const struct band_identity *band, bool resumes,
                    int64_t now_us);
void reach_disconnect(struct reach *reach);
/* What was queued comes no more. */
void reach_unqueue(struct reach *reach);
/* After REACH_DO_FAREWELL. Returns whether the queued connect follows. */
bool reach_leave(struct reach *reach);
/* The next try in the background is now, and the back-off begins anew. */
void reach_try_now(struct reach *reach, int64_t now_us);

/* ---- What comes of it */

/* The band was seen in the air. */
void reach_saw(struct reach *reach, const struct band_identity *band, int64_t now_us);

/* The link is up. */
enum reach_up { REACH_UP_UNWANTED, REACH_UP_OTHER_BAND, REACH_UP_FIRST, REACH_UP_RESUMED };
enum reach_up reach_up(struct reach *reach, const struct band_link *made, int64_t now_us);
/* The link is up, to a band that is another's already: not to be kept. Returns whether the band was
 * wanted still. */
bool reach_up_taken(struct reach *reach);
/* How much UTC moved against boot time since the connection before. */
double reach_clock_step_ms(struct reach *reach);

/* The link is gone; what that means: an attempt failed, a connection was lost, nothing. */
enum reach_down { REACH_DOWN_EXPECTED, REACH_DOWN_ATTEMPT, REACH_DOWN_CONNECTION };
enum reach_down reach_down(struct reach *reach);

/* An attempt failed. Where the band is waited for, the next comes later than the one before. */
void reach_failed(struct reach *reach, int64_t now_us);
/* The connection is lost: the band is waited for. */
void reach_lost(struct reach *reach, int64_t now_us);
/* A connect came to nothing: no band is wanted any longer. */
void reach_drop(struct reach *reach);
/* Nobody waits for a connect any longer. Returns whether somebody did. */
bool reach_answered(struct reach *reach);
/* Whether a failure in the background is to be told: the first of an outage, or to who waits. */
bool reach_tells_failure(struct reach *reach);

/* Samples come over the link. */
void reach_prove(struct reach *reach);
/* Returns whether that is another level than before. */
bool reach_battery(struct reach *reach, int level);
void reach_anchor(struct reach *reach, struct clock_anchor anchor);

/* ---- What is known */

/* The band as the events name it. */
const struct band_identity *reach_band(const struct reach *reach);
/* Whether the backend still makes or ends a link to that band, which isn't connected by it. */
bool reach_lets_go_of(const struct reach *reach, const struct band_identity *band);
/* Whether it was seen shortly before it was asked for, or since. */
bool reach_was_seen(const struct reach *reach);
const char *band_label(const struct band_identity *band);

#endif
