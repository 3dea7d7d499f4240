/*
 * Captures: a band's packets as text, one line each. Pure: lines in, records out, and back.
 *
 * Version 1: `<seconds since start> <eeg|ppg|acc> <hex>`; `#` begins a comment. Version 2 adds
 * `bat` rows and `#!` lines, so that a version 1 reader still reads the packets (docs/capture.md):
 *
 *     # linkband capture v2
 *     #! start 2026-11-24T09:00:00.000000Z
 *     #! model linkband
 *     #! device LXB-0263003F AA:BB:CC:DD:EE:FF 1.2.3
 *     #! link up <seconds> <boot µs> <UTC µs>
 *     #! clock <state>
 *     #! stream <seconds> eeg,ppg,acc
 *     0.012345 eeg 95200700…
 *     0.500000 bat 57
 *     #! marker <Unix ms> <label to the end of the line>
 *     #! link down <seconds>
 *
 * Seconds have six decimals. A capture's boot time has its zero at the capture's start: a row's
 * seconds are its arrival, and the boot time of an anchor is negative where the connection is older
 * than the capture. What is unknown of the device is `-`. Without a `model` it is a Link Band's.
 * Where a sensor's samples come from several sources, those after the first are `eeg:1` and so on.
 */
#ifndef BAND_CAPTURE_H
#define BAND_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "band/clock.h"
#include "band/packet.h"

/* Longest line, with its newline: a clock's state is the longest. */
#define CAPTURE_LINE_MAX  8192
#define CAPTURE_LABEL_MAX 256

/* What version 1 leaves open. */
#define CAPTURE_DEFAULT_START_UTC_US INT64_C(946684800000000) /* 2000-01-01T00:00:00Z */
#define CAPTURE_DEFAULT_NAME         "LXB-00000000"
#define CAPTURE_DEFAULT_ADDRESS      "AA:BB:CC:DD:EE:FF"

enum capture_kind {
    CAPTURE_NOTHING, /* an empty line, a comment, a `#!` line of a later version */
    CAPTURE_PACKET,
    CAPTURE_START,
    CAPTURE_MODEL,
    CAPTURE_DEVICE,
    CAPTURE_LINK_UP,
    CAPTURE_LINK_DOWN,
    CAPTURE_CLOCK,
    CAPTURE_STREAM,
    CAPTURE_MARKER,
};

struct capture_record {
    enum capture_kind kind;
    int64_t at_us; /* PACKET (as packet.arrival_us), LINK_UP, LINK_DOWN, STREAM: since start */
    struct packet packet; /* PACKET; its bytes are `bytes` below */
    uint8_t bytes[BAND_PACKET_MAX];
    int64_t utc_us;                 /* START */
    const struct band_model *model; /* MODEL: NULL: a kind that is unknown here */
    struct {
        char name[32], address[18], firmware[32]; /* "" where unknown */
    } device;                                     /* DEVICE */
    struct clock_anchor anchor;                   /* LINK_UP */
    sensor_set sensors;                           /* STREAM */
    const char *clock;                            /* CLOCK: the state, borrowed from the line */
    double marker_ms;                             /* MARKER: Unix ms */
    char label[CAPTURE_LABEL_MAX];
};

/* What is wrong with a line of a file that holds zeros: it is no text for capture_parse(). */
#define CAPTURE_NULS "it holds NULs, as a disk leaves where it did not write"

/*
 * Parses one line, terminated by a zero, with or without its newline. Returns NULL, or a sentence
 * that says what is wrong with it, without full stop; *record is unspecified then.
 */
const char *capture_parse(const char *line, struct capture_record *record);

/*
 * Writes the record's line, newline included, into `out` of CAPTURE_LINE_MAX bytes; returns its
 * length. PACKET takes its bytes from packet.bytes. Control characters in a label become spaces.
 */
size_t capture_format(const struct capture_record *record, char *out);

#endif
