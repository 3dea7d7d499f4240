#include "replay_tape.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define COMPLAINTS_MAX 10

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

enum replay_line tape_fetch(struct tape *tape)
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

void tape_rewind(struct tape *tape)
{
    tape->have = false;
    replay_reader_rewind(&tape->reader);
}

/* ---- Its head */

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
            tape->model = tape->next.model;
        if (tape->next.kind == CAPTURE_START)
            tape->start_us = tape->next.utc_us;
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

static void nothing(void *user)
{
    (void)user;
}

void tape_close(struct tape *tape)
{
    replay_reader_close(&tape->reader, nothing);
}

bool tape_open(struct tape *tape, uv_loop_t *loop, struct failure *failure)
{
    name_tape(tape);
    tape->level = BATTERY_UNKNOWN;
    if (!replay_reader_open(&tape->reader, loop, tape->path, failure))
        return false;
    if (read_head(tape, failure)) {
        replay_reader_opened(&tape->reader);
        return true;
    }
    tape_close(tape);
    return false;
}
