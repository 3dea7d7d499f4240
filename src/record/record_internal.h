/* What the recorder's own files share. */
#ifndef RECORD_INTERNAL_H
#define RECORD_INTERNAL_H

#include "aside.h"
#include "band/capture.h"
#include "keep.h"
#include "place.h"
#include "record/recorder.h"
#include "rows.h"
#include "writer.h"

/* A band of the recording. */
struct taken {
    struct recorder *recorder;
    unsigned number;           /* in the session, and with the writer */
    unsigned device;           /* its place, */
    bool here;                 /* and it is the one there; else it was let go */
    struct session_info *info; /* of one band: the session's own */
    int64_t origin_us;         /* boot time of its start: its capture's zero */
    sensor_set late;           /* not subscribed at the start, and nothing of them came yet */
    struct rows *rows;         /* of eeg.csv; NULL: none are asked for */
};

struct recorder {
    uv_loop_t *loop;
    char *data_dir, *backend;
    struct recorder_listener listener;
    struct aside *aside;
    struct keep *keep; /* NULL: nothing is kept */
    struct record_place *place;
    uv_timer_t tick, end;
    int keep_minutes;
    unsigned handles; /* and the place, that still are to close */

    struct writer *writer; /* while one records, and until its files are closed */
    struct session *session;
    struct session_info *info; /* the session's */
    double asked_rate;
    size_t band_count;
    struct taken bands[RECORDER_DEVICES_MAX];
    int64_t origin_us; /* boot time of the start */
    int64_t end_us;    /* when `duration` is over; INT64_MAX: no end */
    int64_t utc_offset_us;
    uint64_t taken; /* bytes */
    double low_minutes;
    struct capture_record record; /* to format with: big */
    struct recorder_status status;
    void (*done)(void *user);
    void *done_user;
    enum recording_end reason;
    sensor_set asked_sensors;
    bool accepting;  /* data is taken */
    bool these_only; /* no band joins */
    bool announced;  /* `started` was told */
    bool owed;       /* `stopped` or `start_failed` is still to be told */
    bool utc_offset_known, overflowed, shutting_down;
    char line[CAPTURE_LINE_MAX];
};

/* taking.c */
/* The one in a place, while one records; NULL: none. */
struct taken *recorder_band(struct recorder *recorder, unsigned device);
/* What is to be appended to a file. */
struct buffer *recorder_front(const struct taken *taken, enum session_file file);
/* recorder->record to the packets. */
void recorder_take(struct taken *taken);
bool recorder_takes_csv(const struct taken *taken, enum sensor sensor);
/* A row of eeg.csv; `user` is the band's. */
void recorder_take_row(void *user, const struct eeg_row *row);
/* at_us is the capture's: from the band's start. */
void recorder_note_link_up(struct taken *taken, int64_t at_us, const struct clock_anchor *anchor);
void recorder_note_packet(struct taken *taken, const struct packet *packet);

/* keeping.c */
/* Once `data_dir` and `backend` are there. False: no memory. `done`: a session was made, or not. */
bool recorder_begin_to_keep(struct recorder *recorder, const struct recorder_config *config,
                            void (*done)(void *user));

/* bands.c */
/* The recording's bands at its start, described; false: no memory. Those of the last are gone. */
bool recorder_take_bands(struct recorder *recorder, const struct recording_request *request,
                         const struct recording_band *bands, size_t count);
/* A link came up in that place of a band that was not there: one that is new, or one of the
 * recording's that comes back. */
void recorder_join(struct recorder *recorder, unsigned device, const struct clock_anchor *anchor);
void recorder_finish_bands(struct recorder *recorder);
void recorder_drop_bands(struct recorder *recorder);

/* beginning.c */
void recorder_describe(struct recorder *recorder, const struct recording_request *request,
                       const struct recording_band *band);
void recorder_describe_band(struct taken *taken, const struct recording_band *band);
/* Those of eeg.csv, where that is asked for. False: no memory. */
bool recorder_make_rows(struct taken *taken);
/* Once there is a writer that knows it. */
void recorder_write_beginning(struct taken *taken, const struct recording_band *band);
/* The first line of markers.csv. */
void recorder_write_marker_head(struct recorder *recorder);

#endif
