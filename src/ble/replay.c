#include "ble/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "band/capture.h"
#include "base/log.h"
#include "base/now.h"
#include "radio.h"
#include "radio_requests.h"
#include "replay_reader.h"

#define START_AFTER_US 1000000
#define ROUND_AFTER_US 1000000
#define SILENT_END_US  2000000
#define RADIO_SPEED    0.2 /* of the time a radio takes: nobody waits for a file gladly */
#define COMPLAINTS_MAX 10

struct replay;

/* A capture and its band. `at` is µs since the capture's start, `zero_us` the boot time of that
 * start. */
struct tape {
    struct replay *replay;
    int which;
    struct replay_reader reader;
    bool playing; /* since the first subscription */
    bool away;    /* between link down and link up */
    bool gone;    /* the capture is over */
    bool have;    /* `next` is what comes next */
    struct capture_record next;
    int64_t zero_us;
    int64_t last_at;
    uint64_t played; /* records in this round */
    uint64_t complaints;
    int level;
    struct band_identity band;
    char firmware[BAND_FIRMWARE_SIZE];
    char *path;
};

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

    return !tape->away && !tape->gone;
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

/* ---- Reading */

static void complain(struct tape *tape, const char *wrong)
{
    tape->complaints++;
    if (tape->complaints <= COMPLAINTS_MAX)
        log_warning("%s: line %llu is left out: %s", tape->path,
                    (unsigned long long)tape->reader.number, wrong);
    if (tape->complaints == COMPLAINTS_MAX)
        log_warning("%s: more such lines are left out without a word", tape->path);
}

static bool plays(enum capture_kind kind)
{
    return kind == CAPTURE_PACKET || kind == CAPTURE_LINK_UP || kind == CAPTURE_LINK_DOWN;
}

/* NULL, or what is wrong with the line that was just read. */
static const char *parse(struct tape *tape, const char *line)
{
    if (tape->reader.nuls)
        return CAPTURE_NULS;
    const char *wrong = capture_parse(line, &tape->next);
    if (!wrong && tape->next.kind == CAPTURE_MODEL && !tape->next.model)
        return "it is of a kind of band unknown to this version";
    return wrong;
}

/* Reads on to the next record that is played. */
static enum replay_line fetch(struct tape *tape)
{
    enum replay_line state = REPLAY_LINE;
    char *line;

    while (!tape->have && (state = replay_reader_next(&tape->reader, &line)) == REPLAY_LINE) {
        const char *wrong = parse(tape, line);
        if (wrong)
            complain(tape, wrong);
        else
            tape->have = plays(tape->next.kind);
    }
    return state;
}

/* ---- Playing */

static void end_round(struct tape *tape)
{
    /* A file that was emptied meanwhile must not be read round and round. */
    if (!tape->replay->loop || tape->played == 0) {
        tape->gone = true;
        log_info("%s: over, its band falls silent", tape->path);
        return;
    }
    tape->zero_us += tape->last_at + ROUND_AFTER_US;
    tape->last_at = 0;
    tape->played = 0;
    tape->away = false;
    replay_reader_rewind(&tape->reader);
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
    if (!tape->playing)
        return RADIO_NEVER;
    while (!tape->gone && fetch(tape) == REPLAY_END)
        end_round(tape);
    if (tape->gone)
        return tape->zero_us + tape->last_at + SILENT_END_US;
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

static void replay_work(struct radio *radio, int which)
{
    struct tape *tape = tape_of(radio, which);

    if (tape->gone) {
        tape->playing = false;
        radio_lose_link(radio, which, LINK_END_LOST);
        return;
    }
    if (tape->have && due_us(tape) <= now_boot_us())
        play(tape);
    if (!radio->closing)
        plan_replay(tape);
}

static void replay_subscribed(struct radio *radio, int which, enum sensor sensor)
{
    struct tape *tape = tape_of(radio, which);

    (void)sensor;
    if (tape->playing || tape->gone)
        return;
    tape->playing = true;
    tape->zero_us = now_boot_us() + START_AFTER_US;
    tape->last_at = 0;
    tape->played = 0;
    plan_replay(tape);
}

static void replay_link_down(struct radio *radio, int which, enum link_end end)
{
    struct tape *tape = tape_of(radio, which);

    if (end != LINK_END_ASKED || !tape->playing || tape->gone)
        return;
    tape->playing = tape->have = false;
    replay_reader_rewind(&tape->reader);
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

static void take_device(struct tape *tape, const struct capture_record *record)
{
    if (record->device.name[0])
        snprintf(tape->band.name, sizeof(tape->band.name), "%s", record->device.name);
    if (record->device.address[0])
        snprintf(tape->band.address, sizeof(tape->band.address), "%s", record->device.address);
    snprintf(tape->firmware, sizeof(tape->firmware), "%s", record->device.firmware);
}

/* Whether it is a capture shows before its first packet, and who the band is too. */
static bool read_head(struct tape *tape, struct failure *failure)
{
    const char *wrong = NULL;
    char *line;
    enum replay_line state;

    while ((state = replay_reader_next(&tape->reader, &line)) == REPLAY_LINE) {
        wrong = parse(tape, line);
        if (wrong || tape->next.kind == CAPTURE_PACKET)
            break;
        if (tape->next.kind == CAPTURE_MODEL)
            tape->replay->radio.band[tape->which].model = tape->next.model;
        if (tape->next.kind == CAPTURE_DEVICE)
            take_device(tape, &tape->next);
    }
    if (wrong)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%.100s is no capture: line %llu: %.80s",
                    tape->path, (unsigned long long)tape->reader.number, wrong);
    else if (state != REPLAY_LINE)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "The capture %.150s has no packet in it",
                    tape->path);
    return !wrong && state == REPLAY_LINE;
}

/* Who has no name of its own gets the capture's number, as the simulated bands do. */
static void name_tape(struct tape *tape)
{
    struct band_identity *band = &tape->band;

    snprintf(band->name, sizeof(band->name), "%s", CAPTURE_DEFAULT_NAME);
    snprintf(band->address, sizeof(band->address), "%s", CAPTURE_DEFAULT_ADDRESS);
    if (tape->which == 0)
        return;
    snprintf(band->name + strlen(band->name) - 2, 3, "%02X", tape->which & 0xff);
    snprintf(band->address + strlen(band->address) - 2, 3, "%02X", tape->which & 0xff);
}

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

static void nothing(void *user)
{
    (void)user;
}

static bool open_tape(struct tape *tape, uv_loop_t *loop, struct failure *failure)
{
    name_tape(tape);
    tape->level = BATTERY_UNKNOWN;
    tape->reader.ready = on_ready;
    tape->reader.user = tape;
    if (!replay_reader_open(&tape->reader, loop, tape->path, failure))
        return false;
    if (read_head(tape, failure) && is_of_its_own(tape, failure)) {
        replay_reader_opened(&tape->reader);
        return true;
    }
    replay_reader_close(&tape->reader, nothing);
    return false;
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
        replay_reader_close(&replay->tapes[i]->reader, nothing);
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
