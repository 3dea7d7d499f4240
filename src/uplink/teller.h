/*
 * What is computed of a band's records: the data messages that a client of the daemon gets, by the
 * same pipeline and writer, a line each and without `seq`.
 */
#ifndef UPLINK_TELLER_H
#define UPLINK_TELLER_H

#include "batch.h"
#include "message.h"
#include "status.h"

struct teller;

/* Of the kinds wanted (PUBLISH_BIT). NULL: no memory. */
struct teller *teller_create(const char *device, unsigned kinds, int mains_hz);
void teller_destroy(struct teller *teller);

/* Forgets all that was taken: the next batch begins with a segment's head. */
void teller_begin(struct teller *teller);

/*
 * The batches of a band in their order. Not `heard`: nothing is told of this one, it only leads to
 * what comes. Memory that runs out ends the program, as the daemon: begun anew it goes on at its
 * cursor.
 */
void teller_take(struct teller *teller, const struct batch *batch, bool heard);

/* What was told of the batch taken last, PUBLISH_SAMPLES or _PROCESSED. */
const struct buffer *teller_told(const struct teller *teller, enum publication kind);

/* Of the batch taken last, where processed messages are wanted. */
const struct vitals *teller_vitals(const struct teller *teller);

#endif
