#include "ble/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* `at` is µs since the capture's start, `zero_us` the boot time of that start. */
struct replay {
    struct radio radio;
    struct replay_reader reader;
    bool loop;
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

static struct replay *replay_of(struct radio *radio)
{
    return (struct replay *)radio;
}

static void identify(const struct radio *radio, int which, struct band_identity *band)
{
    (void)which;
    *band = ((const struct replay *)radio)->band;
}

static bool in_air(const struct radio *radio, int which)
{
    const struct replay *replay = (const struct replay *)radio;

    (void)which;
    return !replay->away && !replay->gone;
}

static bool reached(struct radio *radio, int which)
{
    (void)radio;
    (void)which;
    return true;
}

static void link_up(struct radio *radio, struct band_link *link)
{
    const struct replay *replay = replay_of(radio);

    link->battery_level = replay->level;
    link->model = radio->model;
    memcpy(link->firmware, replay->firmware, sizeof(link->firmware));
    link->anchor.boot_us = now_boot_us();
    link->anchor.utc_us = now_utc_us();
}

/* Reading */

static void complain(struct replay *replay, const char *wrong)
{
    replay->complaints++;
    if (replay->complaints <= COMPLAINTS_MAX)
        log_warning("%s line %llu is left out: %s", replay->path,
                    (unsigned long long)replay->reader.number, wrong);
    if (replay->complaints == COMPLAINTS_MAX)
        log_warning("%s: more such lines are left out without a word", replay->path);
}

static bool plays(enum capture_kind kind)
{
    return kind == CAPTURE_PACKET || kind == CAPTURE_LINK_UP || kind == CAPTURE_LINK_DOWN;
}

/* NULL, or what is wrong with the line that was just read. */
static const char *parse(struct replay *replay, const char *line)
{
    if (replay->reader.nuls)
        return CAPTURE_NULS;
    const char *wrong = capture_parse(line, &replay->next);
    if (!wrong && replay->next.kind == CAPTURE_MODEL && !replay->next.model)
        return "it is of a kind of band unknown to this version";
    return wrong;
}

/* Reads on to the next record that is played. */
static enum replay_line fetch(struct replay *replay)
{
    enum replay_line state = REPLAY_LINE;
    char *line;

    while (!replay->have && (state = replay_reader_next(&replay->reader, &line)) == REPLAY_LINE) {
        const char *wrong = parse(replay, line);
        if (wrong)
            complain(replay, wrong);
        else
            replay->have = plays(replay->next.kind);
    }
    return state;
}

/* Playing */

static void end_round(struct replay *replay)
{
    /* A file that was emptied meanwhile must not be read round and round. */
    if (!replay->loop || replay->played == 0) {
        replay->gone = true;
        log_info("%s is over: its band falls silent", replay->path);
        return;
    }
    replay->zero_us += replay->last_at + ROUND_AFTER_US;
    replay->last_at = 0;
    replay->played = 0;
    replay->away = false;
    replay_reader_rewind(&replay->reader);
}

/* Rows out of order are played at once, in the order of the file. */
static int64_t due_us(struct replay *replay)
{
    if (replay->next.at_us > replay->last_at)
        replay->last_at = replay->next.at_us;
    return replay->zero_us + replay->last_at;
}

static int64_t next_due(struct replay *replay)
{
    if (!replay->playing)
        return RADIO_NEVER;
    while (!replay->gone && fetch(replay) == REPLAY_END)
        end_round(replay);
    if (replay->gone)
        return replay->zero_us + replay->last_at + SILENT_END_US;
    return replay->have ? due_us(replay) : RADIO_NEVER;
}

static void plan(struct replay *replay)
{
    radio_work_at(&replay->radio, next_due(replay));
}

static void deliver(struct replay *replay)
{
    struct packet packet = replay->next.packet;

    if (packet.sensor == SENSOR_BAT && packet.len > 0)
        replay->level = packet.bytes[0];
    packet.arrival_us = now_boot_us();
    if (radio_flows(&replay->radio, packet.sensor))
        radio_deliver(&replay->radio, &packet);
}

static void play(struct replay *replay)
{
    replay->have = false;
    replay->played++;
    if (replay->next.kind == CAPTURE_PACKET)
        deliver(replay);
    replay->away = replay->next.kind == CAPTURE_LINK_DOWN ||
                   (replay->away && replay->next.kind != CAPTURE_LINK_UP);
    if (replay->away)
        radio_lose_link(&replay->radio, LINK_END_LOST);
}

static void work(struct radio *radio)
{
    struct replay *replay = replay_of(radio);

    if (replay->gone) {
        replay->playing = false;
        radio_lose_link(radio, LINK_END_LOST);
        return;
    }
    if (replay->have && due_us(replay) <= now_boot_us())
        play(replay);
    if (!radio->closing)
        plan(replay);
}

static void subscribed(struct radio *radio, enum sensor sensor)
{
    struct replay *replay = replay_of(radio);

    (void)sensor;
    if (replay->playing || replay->gone)
        return;
    replay->playing = true;
    replay->zero_us = now_boot_us() + START_AFTER_US;
    replay->last_at = 0;
    replay->played = 0;
    plan(replay);
}

static void link_down(struct radio *radio, enum link_end end)
{
    struct replay *replay = replay_of(radio);

    if (end != LINK_END_ASKED || !replay->playing || replay->gone)
        return;
    replay->playing = replay->have = false;
    replay_reader_rewind(&replay->reader);
}

static void on_ready(void *user)
{
    struct replay *replay = user;

    if (!replay->radio.closing)
        plan(replay);
}

/* Life */

static void free_replay(void *user)
{
    struct replay *replay = user;
    void (*done)(void *user) = replay->radio.done;
    void *done_user = replay->radio.done_user;

    free(replay->path);
    free(replay);
    if (done)
        done(done_user);
}

static void close_replay(struct radio *radio)
{
    replay_reader_close(&replay_of(radio)->reader, free_replay);
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
    .identify = identify,
    .in_air = in_air,
    .reached = reached,
    .link_up = link_up,
    .link_down = link_down,
    .subscribed = subscribed,
    .work = work,
    .close = close_replay,
};

static void take_device(struct replay *replay, const struct capture_record *record)
{
    if (record->device.name[0])
        snprintf(replay->band.name, sizeof(replay->band.name), "%s", record->device.name);
    if (record->device.address[0])
        snprintf(replay->band.address, sizeof(replay->band.address), "%s", record->device.address);
    snprintf(replay->firmware, sizeof(replay->firmware), "%s", record->device.firmware);
}

/* Whether it is a capture shows before its first packet, and who the band is too. */
static bool read_head(struct replay *replay, struct failure *failure)
{
    const char *wrong = NULL;
    char *line;
    enum replay_line state;

    while ((state = replay_reader_next(&replay->reader, &line)) == REPLAY_LINE) {
        wrong = parse(replay, line);
        if (wrong || replay->next.kind == CAPTURE_PACKET)
            break;
        if (replay->next.kind == CAPTURE_MODEL)
            replay->radio.model = replay->next.model;
        if (replay->next.kind == CAPTURE_DEVICE)
            take_device(replay, &replay->next);
    }
    if (wrong)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%.100s is no capture: line %llu: %.80s",
                    replay->path, (unsigned long long)replay->reader.number, wrong);
    else if (state != REPLAY_LINE)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "The capture %.150s has no packet in it",
                    replay->path);
    return !wrong && state == REPLAY_LINE;
}

static void nothing(void *user)
{
    (void)user;
}

static bool set_up(struct replay *replay, uv_loop_t *loop, struct failure *failure)
{
    snprintf(replay->band.name, sizeof(replay->band.name), "%s", CAPTURE_DEFAULT_NAME);
    snprintf(replay->band.address, sizeof(replay->band.address), "%s", CAPTURE_DEFAULT_ADDRESS);
    replay->level = BATTERY_UNKNOWN;
    replay->reader.ready = on_ready;
    replay->reader.user = replay;
    if (!replay_reader_open(&replay->reader, loop, replay->path, failure))
        return false;
    if (read_head(replay, failure)) {
        replay_reader_opened(&replay->reader);
        if (radio_init(&replay->radio, loop, &replay_hooks, 1))
            return true;
        failure_set(failure, ERROR_INTERNAL, "no timer");
    }
    replay_reader_close(&replay->reader, nothing);
    return false;
}

struct backend *replay_create(uv_loop_t *loop, const struct replay_options *options,
                              struct failure *failure)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    char *path = strdup(options->path);

    if (!replay || !path) {
        failure_set(failure, ERROR_INTERNAL, "no memory");
        free(replay);
        free(path);
        return NULL;
    }
    replay->path = path;
    replay->loop = options->loop;
    if (!set_up(replay, loop, failure)) {
        free(path);
        free(replay);
        return NULL;
    }
    replay->radio.bands = 1;
    replay->radio.rssi = -60;
    replay->radio.pace = RADIO_SPEED;
    return &replay->radio.backend;
}
