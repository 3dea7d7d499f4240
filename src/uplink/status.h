/*
 * What is known of a band now, from the lines of its batches, as text for who comes late. Pure.
 *
 * What is not known is null. That a link is up holds while records come; that it is down, until one
 * comes again.
 */
#ifndef UPLINK_STATUS_H
#define UPLINK_STATUS_H

#include "batch.h"

#define STATUS_TEXT_SIZE 256

enum status_link { STATUS_LINK_UNKNOWN, STATUS_LINK_DOWN, STATUS_LINK_UP };

/* Zeroed: nothing is known. */
struct status {
    const struct band_model *model; /* NULL: the default */
    enum status_link link;
    bool has_level;
    unsigned level; /* %, of the battery */
};

/* The batches of a band in their order. */
void status_take(struct status *status, const struct batch *batch);

/* One JSON object without its closing brace, for the caller to add to. */
void status_write(const struct status *status, const char *device, char out[STATUS_TEXT_SIZE]);

#endif
