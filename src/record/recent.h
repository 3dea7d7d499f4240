/*
 * What a band has sent of late: the packets of the last minutes, and now and then what a recording
 * would begin with, so that one can be made that began then. Pure: boot times in, records out.
 *
 * Behind these functions it is memory: RECENT_BYTES_A_MINUTE for each minute, taken when the band
 * is first heard, the oldest let go for the newest. What keeps it on a disk can stand behind them,
 * too.
 */
#ifndef RECORD_RECENT_H
#define RECORD_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/capture.h"

/* A band at 250 Hz sends 150 kB a minute, one at 500 Hz 260 kB, with what is kept of its clock. */
#define RECENT_BYTES_A_MINUTE 300000
#define RECENT_MINUTES_MAX    60
/* Between two places where a recording may begin. */
#define RECENT_PERIOD_US INT64_C(10000000)

/* What a recording that began here would have begun with. */
struct recent_beginning {
    int64_t at_us; /* boot time */
    const struct band_model *model;
    char name[32], address[18], firmware[32];
    struct clock_anchor anchor;
    int eeg_rate;
    sensor_set flowing;
    int battery; /* %, or −1 */
    int mains_hz;
    char clock[CLOCK_STATE_MAX]; /* its boot times are relative to at_us */
};

struct recent;

/* minutes: 1 to RECENT_MINUTES_MAX. NULL: no memory. */
struct recent *recent_create(int minutes);
void recent_destroy(struct recent *recent);
/* As it is now, to be read elsewhere. NULL: no memory. */
struct recent *recent_copy(const struct recent *recent);

/* Whether it is time for a beginning. */
bool recent_is_due(const struct recent *recent, int64_t at_us);
/* The next packet wants one, whenever the last was: a link is up. */
void recent_make_due(struct recent *recent);
void recent_begin(struct recent *recent, const struct recent_beginning *beginning);
/* PACKET, LINK_UP, LINK_DOWN, STREAM; at_us, packet.arrival_us and the anchor's are boot times. */
void recent_take(struct recent *recent, const struct capture_record *record);
/* MARKER. What makes it one marker in all the bands that it is of: */
struct recent_marker {
    uint64_t number; /* in the order they came */
    bool of_all;     /* the bands; else of this one */
};
void recent_mark(struct recent *recent, const struct capture_record *record,
                 struct recent_marker as);

/* This boot time, or that of the newest where that is ahead. */
int64_t recent_now(const struct recent *recent, int64_t boot_us);

/* Where a recording would begin that is to reach back to this boot time: at the last beginning
 * before it, else at the first after it. False: there is none. recent_next() then reads on from
 * there. */
bool recent_rewind(struct recent *recent, int64_t since_us, struct recent_beginning *beginning);
/* What came after, in order, boot times relative to the beginning; packets older than that are left
 * out, as a recording leaves them out. False: that was all. */
bool recent_next(struct recent *recent, struct capture_record *record);
/* Of the last MARKER that this gave. */
struct recent_marker recent_marked(const struct recent *recent);

#endif
