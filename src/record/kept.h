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
    unsigned here;                              /* a bit a place: its band was not let go */
    uint64_t told, together; /* the first told of since nobody was here: with the others that came
                                since it is in a session of all */
};

/* Nobody is in that place. */
void kept_leave(struct kept *kept, unsigned device);
/* This band is: what is kept of it, or what begins to be, instead of that of the one told of
 * longest ago where there are too many. NULL: no memory. */
struct recent *kept_take(struct kept *kept, unsigned device, const char *name, int minutes);
/* The band in that place is let go: what is kept of it stays. */
void kept_let_go(struct kept *kept, unsigned device);
/* Those of these names, `count` of them; of none: all that a recording would have that runs since
 * nobody was here. Returns how many; where one is missing 0, and *missing is its name. */
size_t kept_choose(const struct kept *kept, const char *const *names, size_t count,
                   const struct kept_band *chosen[RECORDER_KEPT_BANDS_MAX], const char **missing);
void kept_clear(struct kept *kept);

#endif
