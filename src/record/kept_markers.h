/* The markers of several bands, of each by itself, as the one markers.csv of their session. */
#ifndef RECORD_KEPT_MARKERS_H
#define RECORD_KEPT_MARKERS_H

#include "band/capture.h"
#include "recent.h"
#include "record/buffer.h"
#include "record/session.h"

struct kept_marker;

struct kept_markers {
    struct kept_marker *items;
    size_t count, size;
    bool failed; /* memory ran out: some are missing */
};

/* One that a band has; device_id is borrowed. */
void kept_markers_add(struct kept_markers *markers, struct recent_marker as, const char *device_id,
                      const struct capture_record *record);
/* Each once, in the order they came: counted in `info`, and as rows after the first line. */
void kept_markers_write(struct kept_markers *markers, struct session_info *info,
                        struct buffer *out);
void kept_markers_finish(struct kept_markers *markers);

#endif
