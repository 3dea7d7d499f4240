/*
 * Steps of the host's UTC against its boot clock, looked at once a second while a band is
 * connected. Both are slewed alike: only a step moves one against the other. A machine without a
 * clock gets its time minutes after the start; samples told hours off until the next connection
 * would be of no use. A machine: readings in, what they mean out.
 */
#ifndef MANAGER_UTC_H
#define MANAGER_UTC_H

#include <stdbool.h>
#include <stdint.h>

#include "when.h"

struct utc {
    bool known;
    int64_t offset_us; /* UTC − boot time, at the last look */
    int64_t look_us;   /* when the next is due */
};

/* A connection's first look; `known` false: the reading said nothing. */
void utc_begin(struct utc *utc, bool known, int64_t offset_us, int64_t now_us);

/* Whether to look now; if not, it names the time to be asked again. */
bool utc_looks(struct utc *utc, struct when *when);

/* The step that a look shows, µs; 0: none. */
int64_t utc_saw(struct utc *utc, int64_t offset_us);

/* Whether samples' times are to follow, that are told so much too early. */
bool utc_is_off(int64_t error_us, bool flowing);

#endif
