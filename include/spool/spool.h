/*
 * The spool: what bands send, kept on disk from their connect on, for readers who carry it away
 * (linkband-uplink) and may be late. Owned by the loop's thread; disk work is done in libuv's pool.
 *
 * Segments of a minute, a folder a band (docs/spool.md). Policy of its queue: what is to be written
 * waits in memory for the disk, at most SPOOL_QUEUE_MAX bytes; beyond that records are left out,
 * and their numbers with them, so that a reader sees the hole. It never delays a band and never
 * ends by itself: it writes on once the disk takes it again.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <uv.h>

#include "record/recorder.h"
#include "spool/usage.h"

#define SPOOL_BANDS_MAX 8
#define SPOOL_ALL_BANDS SPOOL_BANDS_MAX    /* in the place of a band's number */
#define SPOOL_QUEUE_MAX (8u * 1024 * 1024) /* minutes of eight bands */
#define SPOOL_FLUSH_MS  400
#define SPOOL_TEND_MS   10000

#define SPOOL_HOURS_DEFAULT 72
#define SPOOL_HOURS_MAX     8784
#define SPOOL_MB_DEFAULT    4096
#define SPOOL_MB_MIN        16
#define SPOOL_MB_MAX        1048576

struct spool_config {
    const char *dir; /* there, or one below a folder that is there */
    int hours;       /* a segment that was read goes when it is older */
    int megabytes;   /* of all segments */
};

struct spool_owner {
    void *user;
    /* The band as it is now; false: it is not connected. */
    bool (*band)(void *user, unsigned device, struct recording_band *band);
};

struct spool;

/* Blocks: reads what is there. Config's text is copied. NULL and *failure where it can't be used.
 */
struct spool *spool_create(uv_loop_t *loop, const struct spool_config *config,
                           const struct spool_owner *owner, struct failure *failure);

/* As a sink is told; `device` below SPOOL_BANDS_MAX, others are left out. */
void spool_link_up(struct spool *spool, unsigned device, const struct clock_anchor *anchor);
void spool_link_down(struct spool *spool, unsigned device, int64_t boot_us);
void spool_subscription(struct spool *spool, unsigned device, sensor_set sensors);
void spool_packet(struct spool *spool, unsigned device, const struct packet *packet);
/* Of the band in a place, or of SPOOL_ALL_BANDS. */
void spool_marker(struct spool *spool, unsigned device, double ms, const char *label);
/* An event of the band, or of all that are connected (device_id NULL), as its JSON text. */
void spool_event(struct spool *spool, const char *device_id, const char *text, size_t len);

/* Lives as long as the spool; changes when the loop runs. */
const struct spool_usage *spool_usage(const struct spool *spool);

/* Writes what is there, then frees itself and calls done. A stuck disk keeps it: the caller has its
 * own limit. */
void spool_close(struct spool *spool, void (*done)(void *user), void *user);

#endif
