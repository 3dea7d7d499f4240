/*
 * What is known of a band now, from the lines of its batches, as text for who comes late. Pure.
 *
 * What is not known is null. That a link is up holds while records come; that it is down, until one
 * comes again. What is computed holds for STATUS_HOLDS batches: a second or two may have none.
 */
#ifndef UPLINK_STATUS_H
#define UPLINK_STATUS_H

#include "batch.h"

#define STATUS_TEXT_SIZE 256
#define STATUS_HOLDS     4

enum status_link { STATUS_LINK_UNKNOWN, STATUS_LINK_DOWN, STATUS_LINK_UP };

/* What was computed of a batch, the last of each. */
struct vitals {
    bool has_contact, contact; /* of all electrodes; not `has_`: none was told */
    bool has_bpm;
    double bpm; /* NAN: told not to be known */
};

/* Zeroed: nothing is known. */
struct status {
    const struct band_model *model; /* NULL: the default */
    enum status_link link;
    bool has_level;
    unsigned level; /* %, of the battery */
    struct vitals vitals;
    unsigned contact_holds, bpm_holds; /* batches more; 0: not known */
};

/* The batches of a band in their order. */
void status_take(struct status *status, const struct batch *batch);

/* What was computed of the batch taken last. */
void status_hear(struct status *status, const struct vitals *vitals);

/* One JSON object without its closing brace, for the caller to add to. */
void status_write(const struct status *status, const char *device, char out[STATUS_TEXT_SIZE]);

#endif
