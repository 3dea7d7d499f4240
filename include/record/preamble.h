/* What a packets.lbcap begins with. */
#ifndef RECORD_PREAMBLE_H
#define RECORD_PREAMBLE_H

#include "band/capture.h"

struct preamble {
    int64_t start_utc_us, origin_us;
    const struct band_model *model;
    const char *name, *address, *firmware; /* "" where unknown */
    struct clock_anchor anchor;
    const char *clock; /* its state, saved with this origin */
    sensor_set flowing;
};

/* The first line, with its newline. */
extern const char preamble_title[];

/* The lines after it: each is put into `record`, to be written by `take`. */
void preamble_make(const struct preamble *preamble, struct capture_record *record,
                   void (*take)(void *user), void *user);

#endif
