/* keep_recent: what bands have sent of late, held in memory, and a session made of it. */
#ifndef RECORD_KEEP_H
#define RECORD_KEEP_H

#include <uv.h>

#include "band/capture.h"
#include "record/recorder.h"

struct keep;

struct keep_owner {
    void *user;
    session_messages *make_messages; /* as in recorder_config */
    /* The band in a place as it is now; false: none is connected there. */
    bool (*band)(void *user, unsigned device, struct recording_band *band);
    /* A session is there, or could not be made. */
    void (*done)(void *user);
};

/* minutes: 1 to RECENT_MINUTES_MAX. Borrows the texts. NULL: no memory. */
struct keep *keep_create(uv_loop_t *loop, const char *data_dir, const char *backend, int minutes,
                         const struct keep_owner *owner);
/* Only when idle. NULL is fine. */
void keep_destroy(struct keep *keep);
bool keep_is_busy(const struct keep *keep);

/* Boot times. A packet before the pipeline has it. */
void keep_packet(struct keep *keep, unsigned device, const struct packet *packet);
void keep_link_up(struct keep *keep, unsigned device, const struct clock_anchor *anchor);
/* LINK_DOWN, STREAM. */
void keep_record(struct keep *keep, unsigned device, const struct capture_record *record);
/* MARKER, of RECORDER_ALL_BANDS, too. */
void keep_marker(struct keep *keep, unsigned device, const struct capture_record *record);
void keep_let_go(struct keep *keep, unsigned device);

bool keep_make(struct keep *keep, const struct keep_request *request, recorder_kept kept,
               void *user, struct failure *failure);

#endif
