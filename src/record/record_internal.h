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

struct recorder {
    uv_loop_t *loop;
    char *data_dir, *backend;
    struct recorder_listener listener;
    struct aside *aside;
    struct keep *keep; /* NULL: nothing is kept */
    int keep_minutes;
    struct place *place;
    uv_timer_t tick, end;
    unsigned handles; /* and the place, that still are to close */

    struct writer *writer; /* while one records, and until its files are closed */
    bool accepting;        /* data is taken */
    bool announced;        /* `started` was told */
    bool owed;             /* `stopped` or `start_failed` is still to be told */
    enum recording_end reason;
    struct session_info *info;
    int64_t origin_us; /* boot time of the start: the capture's zero */
    int64_t end_us;    /* when `duration` is over; INT64_MAX: no end */
    int64_t utc_offset_us;
    bool utc_offset_known;
    uint64_t taken; /* bytes */
    double low_minutes;
    bool overflowed;
    sensor_set late;              /* not subscribed at the start, and nothing of them came yet */
    struct rows *rows;            /* of eeg.csv; NULL: none are asked for */
    struct capture_record record; /* to format with: big */
    char line[CAPTURE_LINE_MAX];
    struct recorder_status status;

    bool shutting_down;
    void (*done)(void *user);
    void *done_user;
};

/* intake.c */
/* What is to be appended to a file. */
struct buffer *recorder_front(struct recorder *recorder, enum session_file file);
/* recorder->record to the packets. */
void recorder_take(struct recorder *recorder);
bool recorder_takes_csv(const struct recorder *recorder, enum sensor sensor);
/* A row of eeg.csv; `user` is the recorder. */
void recorder_take_row(void *user, const struct eeg_row *row);
/* at_us is the capture's: from the recording's start. */
void recorder_note_link_up(struct recorder *recorder, int64_t at_us,
                           const struct clock_anchor *anchor);
void recorder_note_subscription(struct recorder *recorder, int64_t at_us, sensor_set sensors);

/* keeping.c */
/* Once `data_dir` and `backend` are there. False: no memory. `done`: a session was made, or not. */
bool recorder_begin_to_keep(struct recorder *recorder, const struct recorder_config *config,
                            void (*done)(void *user));

/* beginning.c */
void recorder_describe(struct recorder *recorder, const struct recording_request *request,
                       const struct recording_band *band);
/* Those of eeg.csv, where that is asked for. False: no memory. */
bool recorder_make_rows(struct recorder *recorder);
/* Once there is a writer. */
void recorder_write_beginning(struct recorder *recorder, const struct recording_band *band);

#endif
