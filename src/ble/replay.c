#include "ble/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/now.h"
#include "radio.h"
#include "radio_requests.h"
#include "replay_tape.h"

#define START_AFTER_US 1000000
#define ROUND_AFTER_US 1000000
#define SILENT_END_US  2000000
#define RADIO_SPEED    0.2 /* of the time a radio takes: nobody waits for a file gladly */

struct replay {
    struct radio radio;
    bool loop;
    struct tape *tapes[REPLAY_CAPTURES_MAX];
    int open; /* tapes whose reader isn't closed */
};

static struct tape *tape_of(const struct radio *radio, int which)
{
    return ((const struct replay *)radio)->tapes[which];
}

static void replay_identify(const struct radio *radio, int which, struct band_identity *band)
{
    *band = tape_of(radio, which)->band;
}

static bool replay_in_air(const struct radio *radio, int which)
{
    const struct tape *tape = tape_of(radio, which);

    return !tape->away && !tape->late && !tape->gone;
}

static bool replay_reached(struct radio *radio, int which)
{
    (void)radio;
    (void)which;
    return true;
}

static void replay_link_up(struct radio *radio, int which, struct band_link *link)
{
    const struct tape *tape = tape_of(radio, which);

    link->battery_level = tape->level;
    link->model = radio->band[which].model;
    memcpy(link->firmware, tape->firmware, sizeof(link->firmware));
    link->anchor.boot_us = now_boot_us();
    link->anchor.utc_us = now_utc_us();
}

/* ---- Playing */

/* The next of its session, itself among them, from number *i on; NULL: that were all. Who is gone
 * counts no more. */
static struct tape *next_of_session(const struct tape *tape, int *i)
{
    const struct replay *replay = tape->replay;

    while (*i < replay->radio.bands) {
        struct tape *other = replay->tapes[(*i)++];
        if (other->session == tape->session && !other->gone)
            return other;
    }
    return NULL;
}

static bool is_linked(const struct tape *tape)
{
    return tape->replay->radio.band[tape->which].link;
}

/* `origin_us`: boot time − UTC of the session as it is played. */
static void begin_round(struct tape *tape, int64_t origin_us)
{
    tape->playing = true;
    tape->zero_us = origin_us + tape->start_us;
    tape->late = tape->zero_us > now_boot_us() + START_AFTER_US;
    tape->away = tape->over = false;
    tape->last_at = 0;
    tape->played = 0;
    radio_work_at(&tape->replay->radio, tape->which, now_boot_us());
}

/* The first of those that are linked begins at this time: who was recorded before runs already. */
static void begin_session(struct tape *tape, int64_t boot_us)
{
    int64_t first_us = tape->start_us;
    struct tape *other;

    for (int i = 0; (other = next_of_session(tape, &i));) {
        if (is_linked(other) && other->start_us < first_us)
            first_us = other->start_us;
    }
    for (int i = 0; (other = next_of_session(tape, &i));)
        begin_round(other, boot_us - first_us);
}

/* When the round of all was over; 0: it isn't yet. */
static int64_t end_of_session(const struct tape *tape)
{
    int64_t end_us = 0;
    struct tape *other;

    for (int i = 0; (other = next_of_session(tape, &i));) {
        const int64_t over_us = other->zero_us + other->last_at;
        if (!other->over)
            return 0;
        end_us = over_us > end_us ? over_us : end_us;
    }
    return end_us;
}

static void end_round(struct tape *tape)
{
    /* A file that was emptied meanwhile must not be read round and round. */
    if (!tape->replay->loop || tape->played == 0) {
        tape->gone = true;
        log_info("%s: over, its band falls silent", tape->path);
        return;
    }
    tape->over = true;
    tape_rewind(tape);
    const int64_t end_us = end_of_session(tape);
    if (end_us)
        begin_session(tape, end_us + ROUND_AFTER_US);
}

/* Rows out of order are played at once, in the order of the file. */
static int64_t due_us(struct tape *tape)
{
    if (tape->next.at_us > tape->last_at)
        tape->last_at = tape->next.at_us;
    return tape->zero_us + tape->last_at;
}

static int64_t next_due(struct tape *tape)
{
    if (!tape->playing || tape->over)
        return RADIO_NEVER;
    if (tape->late)
        return tape->zero_us - START_AFTER_US;
    if (tape->gone)
        return tape->zero_us + tape->last_at + SILENT_END_US;
    if (tape_fetch(tape) == REPLAY_END) {
        end_round(tape);
        return next_due(tape);
    }
    return tape->have ? due_us(tape) : RADIO_NEVER;
}

static void plan_replay(struct tape *tape)
{
    radio_work_at(&tape->replay->radio, tape->which, next_due(tape));
}

static void deliver_replay(struct tape *tape)
{
    struct radio *radio = &tape->replay->radio;
    struct packet packet = tape->next.packet;

    if (packet.sensor == SENSOR_BAT && packet.len > 0)
        tape->level = packet.bytes[0];
    packet.arrival_us = now_boot_us();
    if (radio_flows(radio, tape->which, packet.sensor))
        radio_deliver(radio, tape->which, &packet);
}

static void play(struct tape *tape)
{
    tape->have = false;
    tape->played++;
    if (tape->next.kind == CAPTURE_PACKET)
        deliver_replay(tape);
    tape->away =
        tape->next.kind == CAPTURE_LINK_DOWN || (tape->away && tape->next.kind != CAPTURE_LINK_UP);
    if (tape->away)
        radio_lose_link(&tape->replay->radio, tape->which, LINK_END_LOST);
}

/* It is connected as it was recorded: in time for its first packet. */
static void wait_for_its_time(struct tape *tape)
{
    tape->late = tape->zero_us - START_AFTER_US > now_boot_us();
    if (tape->late)
        radio_lose_link(&tape->replay->radio, tape->which, LINK_END_LOST);
}

static void replay_work(struct radio *radio, int which)
{
    struct tape *tape = tape_of(radio, which);

    if (tape->gone) {
        tape->playing = false;
        radio_lose_link(radio, which, LINK_END_LOST);
        return;
    }
    if (tape->late)
        wait_for_its_time(tape);
    else if (tape->have && due_us(tape) <= now_boot_us())
        play(tape);
    if (!radio->closing)
        plan_replay(tape);
}

static void replay_subscribed(struct radio *radio, int which, enum sensor sensor)
{
    struct tape *tape = tape_of(radio, which);

    (void)sensor;
    if (!tape->playing && !tape->gone)
        begin_session(tape, now_boot_us() + START_AFTER_US);
}

/* Unless others of the session are linked still. */
static void stop_session(struct tape *tape)
{
    struct tape *other;

    for (int i = 0; (other = next_of_session(tape, &i));) {
        if (other != tape && is_linked(other))
            return;
    }
    for (int i = 0; (other = next_of_session(tape, &i));) {
        other->playing = other->late = other->away = other->over = false;
        tape_rewind(other);
    }
}

static void replay_link_down(struct radio *radio, int which, enum link_end end)
{
    struct tape *tape = tape_of(radio, which);

    if (end == LINK_END_ASKED && tape->playing && !tape->gone)
        stop_session(tape);
}

static void on_ready(void *user)
{
    struct tape *tape = user;

    if (!tape->replay->radio.closing)
        plan_replay(tape);
}

/* ---- Life */

static void free_tape(struct tape *tape)
{
    free(tape->path);
    free(tape);
}

static void free_replay(struct replay *replay)
{
    for (int i = 0; i < replay->radio.bands; i++)
        free_tape(replay->tapes[i]);
    free(replay);
}

static void on_tape_closed(void *user)
{
    struct replay *replay = ((struct tape *)user)->replay;
    void (*done)(void *user) = replay->radio.done;
    void *done_user = replay->radio.done_user;

    if (--replay->open > 0)
        return;
    free_replay(replay);
    done(done_user);
}

static void close_replay(struct radio *radio)
{
    const int bands = radio->bands; /* the last that is closed frees all */

    for (int i = 0; i < bands; i++)
        replay_reader_close(&tape_of(radio, i)->reader, on_tape_closed);
}

static const struct backend_ops replay_ops = {
    .name = "replay",
    .scan_start = radio_scan_start,
    .scan_stop = radio_scan_stop,
    .open = radio_open,
    .destroy = radio_destroy,
};

static const struct radio_hooks replay_hooks = {
    .ops = &replay_ops,
    .identify = replay_identify,
    .in_air = replay_in_air,
    .reached = replay_reached,
    .link_up = replay_link_up,
    .link_down = replay_link_down,
    .subscribed = replay_subscribed,
    .work = replay_work,
    .close = close_replay,
};

/* One band can't be in the air twice. */
static bool is_of_its_own(const struct tape *tape, struct failure *failure)
{
    for (int i = 0; i < tape->which; i++) {
        const struct tape *other = tape->replay->tapes[i];
        if (strcasecmp(other->band.address, tape->band.address) != 0 &&
            strcasecmp(other->band.name, tape->band.name) != 0)
            continue;
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%.80s and %.80s are captures of one band, %s: leave one of them out",
                    other->path, tape->path, tape->band.name);
        return false;
    }
    return true;
}

static bool open_tape(struct tape *tape, uv_loop_t *loop, struct failure *failure)
{
    tape->reader.ready = on_ready;
    tape->reader.user = tape;
    if (!tape_open(tape, loop, failure))
        return false;
    tape->replay->radio.band[tape->which].model = tape->model;
    if (is_of_its_own(tape, failure))
        return true;
    tape_close(tape);
    return false;
}

/* One that doesn't tell when it began is played by itself. */
static unsigned session_of(const struct tape *tape, const struct replay_options *options)
{
    return options->sessions && tape->start_us ? options->sessions[tape->which]
                                               : REPLAY_CAPTURES_MAX + (unsigned)tape->which;
}

/* NULL: no memory. */
static struct tape *add_tape(struct replay *replay, const char *path)
{
    struct tape *tape = calloc(1, sizeof(*tape));

    if (!tape)
        return NULL;
    tape->replay = replay;
    tape->path = strdup(path);
    tape->which = replay->radio.bands;
    if (!tape->path) {
        free(tape);
        return NULL;
    }
    replay->tapes[replay->radio.bands++] = tape;
    return tape;
}

static bool open_tapes(struct replay *replay, uv_loop_t *loop, const struct replay_options *options,
                       struct failure *failure)
{
    for (size_t i = 0; i < options->count; i++) {
        failure_set(failure, ERROR_INTERNAL, "no memory");
        struct tape *tape = add_tape(replay, options->paths[i]);
        if (!tape || !open_tape(tape, loop, failure))
            return false;
        tape->session = session_of(tape, options);
        replay->open++;
        replay->radio.band[i].rssi = -60;
    }
    failure_set(failure, ERROR_INTERNAL, "no timer");
    return radio_init(&replay->radio, loop, &replay_hooks, 1);
}

/* A reader that is not yet playing reads nothing: it is closed at once. */
static void give_up(struct replay *replay)
{
    for (int i = 0; i < replay->open; i++)
        tape_close(replay->tapes[i]);
    free_replay(replay);
}

struct backend *replay_create(uv_loop_t *loop, const struct replay_options *options,
                              struct failure *failure)
{
    struct replay *replay = calloc(1, sizeof(*replay));

    if (!replay) {
        failure_set(failure, ERROR_INTERNAL, "no memory");
        return NULL;
    }
    replay->loop = options->loop;
    if (!open_tapes(replay, loop, options, failure)) {
        give_up(replay);
        return NULL;
    }
    replay->radio.pace = RADIO_SPEED;
    return &replay->radio.backend;
}
