/* The bands of which is kept what they have sent of late, and who of them is in which place. */
#ifndef RECORD_KEPT_H
#define RECORD_KEPT_H

#include "recent.h"
#include "record/recorder.h"

struct kept_band {
    char name[32];
    uint64_t told; /* when it was told of last: a count */
    struct recent *recent;
};

struct kept {
    struct kept_band bands[RECORDER_KEPT_BANDS_MAX];
    struct kept_band *at[RECORDER_DEVICES_MAX]; /* by place; NULL: none is there */
    uint64_t told;
};

/* Nobody is in that place. */
void kept_leave(struct kept *kept, unsigned device);
/* This band is: what is kept of it, or what begins to be, instead of that of the one told of
 * longest ago where there are too many. NULL: no memory. */
struct recent *kept_take(struct kept *kept, unsigned device, const char *name, int minutes);
/* By its name; NULL: the one told of last. NULL where there is none. */
const struct kept_band *kept_find(const struct kept *kept, const char *name);
void kept_clear(struct kept *kept);

#endif
