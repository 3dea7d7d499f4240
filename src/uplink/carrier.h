/*
 * Carries what the spool holds to a server, band by band, and moves the cursor behind what was
 * acknowledged. Each record arrives at least once: a batch that is sent again has the id it had.
 *
 * A message a batch of each kind that is wanted; the cursor passes it once all were acknowledged.
 *
 * Policy: a message that was not acknowledged within CARRIER_WAIT_MS is sent again; after a refusal
 * or a lost connection it waits from CARRIER_RETRY_MIN_MS on, twice as long each time up to
 * CARRIER_RETRY_MAX_MS, with jitter. It never gives up. Where the spool was made anew under it
 * the program ends with EXIT_FAILURE, for the service to start it again.
 */
#ifndef UPLINK_CARRIER_H
#define UPLINK_CARRIER_H

#include "driver.h"
#include "message.h"

#define CARRIER_POLL_MS      500
#define CARRIER_BANDS_MS     5000 /* new bands are looked for */
#define CARRIER_SAVE_MS      2000 /* what is acknowledged and not saved is sent again after a crash */
#define CARRIER_WAIT_MS      15000
#define CARRIER_RETRY_MIN_MS 500
#define CARRIER_RETRY_MAX_MS 30000
#define CARRIER_STALE_S      30 /* a link of which nothing was written for so long is not known */
#define CARRIER_LEAD_MAX     32 /* batches of a lead (lead.h) in one go, while the loop waits */
#define CARRIER_BANDS_MAX    64 /* that the spool holds something of; more are told and left */

struct carrier_options {
    const char *spool;          /* the daemon's --spool */
    const char *cursor;         /* the name of this reader */
    const char *site, *gateway; /* tokens of the subject */
    const char *home_assistant; /* its prefix of topics; NULL: it is told nothing */
    unsigned publish;           /* the kinds: PUBLISH_BIT */
    int mains_hz;               /* as the daemon's, for what is computed */
    struct driver_options driver;
};

struct carrier;

/* NULL and *failure where it can't begin. Texts are borrowed. */
struct carrier *carrier_create(uv_loop_t *loop, const struct carrier_options *options,
                               const struct driver_ops *driver, struct failure *failure);
/* Saves the cursor, frees itself, then calls done. */
void carrier_stop(struct carrier *carrier, void (*done)(void *user), void *user);

#endif
