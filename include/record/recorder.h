/*
 * The recorder: at most one running recording, of all bands, owned by the loop's thread; disk work
 * is done in libuv's pool. What it has to say goes up through struct recorder_listener.
 *
 * A band is named by `device`, its place from its link up until it is let go (manager.h). A
 * recording is of those there were at its start and of each whose link comes up while it runs. Of
 * one band its files lie in the session's folder; once there are several each has its own in that
 * (session.h), and what the first had moves there.
 *
 * Policy of its queue: what is to be written waits in memory for the disk, at most
 * RECORDER_QUEUE_MAX bytes for each of its bands (minutes at the usual 25 kB/s). A write that takes
 * longer than RECORDER_STUCK_MS, or a full queue, ends the recording with RECORDING_ERROR: nothing
 * is ever dropped from the middle of a recording.
 */
#ifndef RECORD_RECORDER_H
#define RECORD_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "band/block.h"
#include "band/clock.h"
#include "band/packet.h"
#include "base/error.h"
#include "pipeline/pipeline.h"
#include "record/session.h"

#define RECORDER_QUEUE_MAX   (8u * 1024 * 1024)
#define RECORDER_FLUSH_MS    500 /* so that with the sync itself a second is kept */
#define RECORDER_EARLY_MS    100 /* so much earlier where a packet comes: a wake-up less */
#define RECORDER_STUCK_MS    30000
#define RECORDER_LOW_MINUTES 10 /* storage_low below this, and again at each half of it */
#define RECORDER_ASIDE_MAX   16 /* lists, deletions, files opened at once; more are BUSY */
#define RECORDER_PATH_MAX    4096
#define RECORDER_DEVICES_MAX 8 /* places of bands */
/* Of so many bands what they have sent of late is kept; of one more instead of the one told of
 * longest ago. */
#define RECORDER_KEPT_BANDS_MAX RECORDER_DEVICES_MAX
/* A marker that isn't of one band. */
#define RECORDER_ALL_BANDS RECORDER_DEVICES_MAX

enum recording_end {
    RECORDING_END_USER_REQUEST,
    RECORDING_END_DURATION,
    RECORDING_END_DEVICE_DISCONNECTED,
    RECORDING_END_ERROR,
    RECORDING_END_SHUTDOWN,
};

/* "user_request" …: as recording_stopped tells it. */
const char *recording_end_name(enum recording_end reason);

struct recording_request {
    struct session_about about;
    sensor_set sensors; /* those of CSV and BDF; the packets of all that flow are kept */
    double sample_rate; /* of eeg.csv, Hz: 0, the band's own, a half or a quarter of it */
    double duration;    /* s; 0: no end */
    unsigned formats;   /* FORMAT_…; 0: FORMAT_DEFAULT */
    bool these_only;    /* a band that comes later does not join */
};

/* A band as it is connected now, and the state its data is in. Borrowed for the call. */
struct recording_band {
    const char *name, *address, *firmware; /* "" where unknown */
    struct clock_anchor anchor;            /* of this connection */
    unsigned device;                       /* its place */
    int eeg_rate;                          /* nominal, 0 while unknown */
    sensor_set flowing;                    /* the sensors subscribed to */
    int battery;                           /* %, or −1: the first row of bat.csv */
    const struct pipeline *pipeline;       /* its clock's state is saved with the packets */
    int mains_hz;                          /* the frequency taken off the EEG */
};

/* Of a recording's bands one. */
struct recorded_band {
    char device_id[32];
    char path[RECORDER_PATH_MAX]; /* of the folder that has its files */
    sensor_set sensors;
    uint64_t samples[SENSOR_COUNT], lost[SENSOR_COUNT]; /* at the band's own rate */
};

struct recorder_status {
    bool is_recording;
    char session_id[SESSION_ID_SIZE], session_name[SESSION_NAME_SIZE];
    char path[RECORDER_PATH_MAX];
    sensor_set sensors;
    unsigned formats;
    int64_t since_utc_us;
    double duration; /* s so far */
    /* At the bands' own rates, of all together. */
    uint64_t samples[SENSOR_COUNT], lost[SENSOR_COUNT];
    size_t band_count; /* 0: there was no recording */
    struct recorded_band bands[RECORDER_DEVICES_MAX];
    uint64_t bytes;      /* on disk or under way to it */
    uint64_t queued;     /* of these, not yet on disk */
    double minutes_left; /* of room at the present rate; 0 before the first sync */
    /* Why nothing can be recorded now, at the last look (some 10 s ago at most); NULL: it can. */
    const char *problem;
};

/* Pointers are borrowed for the call. No function of the recorder calls these before it returns. */
struct recorder_listener {
    void *user;
    /* The answer to recorder_start(): the folder is there. */
    void (*started)(void *user, const struct recorder_status *status);
    void (*start_failed)(void *user, const struct failure *failure);
    /* The recording can't go on; `stopped` with RECORDING_END_ERROR follows at once. */
    void (*failed)(void *user, const struct failure *failure);
    /* Packets and CSV are synced (but for RECORDING_END_ERROR). */
    void (*stopped)(void *user, enum recording_end reason, const struct recorder_status *status);
    /* A format made after the end, with a band's folder before it where it has one: failure is NULL
     * where it is ready. */
    void (*file)(void *user, const char *session_id, const char *file,
                 const struct failure *failure);
    void (*storage_low)(void *user, uint64_t free_bytes, double minutes_left);
    /* The band in a place as it is now, asked from within recorder_packet() and recorder_link_up();
     * false: none is connected there. May be NULL where nothing is kept and no band comes late. */
    bool (*band)(void *user, unsigned device, struct recording_band *band);
};

/* Copied. */
struct recorder_config {
    const char *data_dir;
    const char *backend; /* where bands come from: "real", "simulated", "replayed" */
    int keep_minutes;    /* of each band what it has sent of late, in memory; 0: nothing is kept */
    /* For repair, and sessions of what was kept, in the pool. NULL: none is made. */
    session_messages *make_messages;
};

struct recorder;

/*
 * Makes the data directory where it is missing (0750), and in the pool begins to repair what a
 * crash left. NULL and *failure where the directory can't be used. The listener is copied.
 */
struct recorder *recorder_create(uv_loop_t *loop, const struct recorder_config *config,
                                 const struct recorder_listener *listener, struct failure *failure);

/* Of `count` bands, 1 to RECORDER_DEVICES_MAX. False and *failure (BUSY, RECORDING_ERROR) at once,
 * or the listener's started or start_failed. */
bool recorder_start(struct recorder *recorder, const struct recording_request *request,
                    const struct recording_band *bands, size_t count, struct failure *failure);
/* The band in that place is let go on a user's word. Where it was the last of the recording's, that
 * ends: RECORDING_END_DEVICE_DISCONNECTED. Ignored when idle. */
void recorder_let_go(struct recorder *recorder, unsigned device);
/* Nothing is recorded from here on; `stopped` follows once all is synced. Ignored when idle. */
void recorder_stop(struct recorder *recorder, enum recording_end reason);

/* A session of what bands have just sent, beside a recording that runs, too: as one would be that
 * had begun then. */
struct keep_request {
    double minutes; /* so far back, up to 10 s further; 0, or more than is kept: all that is */
    const char *const *device_ids; /* these bands, `device_count` of them; of none: all that came
                                      since none was there, and have sent something since then */
    size_t device_count;
    sensor_set sensors;
    unsigned formats; /* FORMAT_ bits */
    struct session_about about;
};
/* Later, from the loop: `failure` is NULL where it is there, all but the BDF synced, of which
 * `file` of the listener tells. */
typedef void (*recorder_kept)(void *user, const struct recorder_status *status,
                              const struct failure *failure);
/* False and *failure (BUSY, RECORDING_ERROR) at once. */
bool recorder_keep(struct recorder *recorder, const struct keep_request *request,
                   recorder_kept kept, void *user, struct failure *failure);
int recorder_keep_minutes(const struct recorder *recorder);

bool recorder_is_recording(const struct recorder *recorder);
/* Stopped, and `stopped` has still to come. */
bool recorder_is_ending(const struct recorder *recorder);
/* Which of status' bands the one in a place is, while one records; −1: none. */
int recorder_band_number(const struct recorder *recorder, unsigned device);
/* Whether recorder_processed() is of use. */
bool recorder_wants_processed(const struct recorder *recorder, unsigned device, enum sensor sensor);
/* Valid until the next call of any function of the recorder. After a recording: of the last one. */
const struct recorder_status *recorder_status(struct recorder *recorder);

/* The data, in the order it flows; no effect when idle. A packet comes before its block. */
void recorder_link_up(struct recorder *recorder, unsigned device,
                      const struct clock_anchor *anchor);
void recorder_link_down(struct recorder *recorder, unsigned device, int64_t boot_us);
void recorder_subscription(struct recorder *recorder, unsigned device, sensor_set sensors);
void recorder_packet(struct recorder *recorder, unsigned device, const struct packet *packet);
void recorder_samples(struct recorder *recorder, unsigned device, const struct sample_block *block);
/* One processed_data message as it is sent, for processed.jsonl. */
void recorder_processed(struct recorder *recorder, unsigned device, enum sensor sensor,
                        const char *text, size_t len);
/* Of the band in a place, or RECORDER_ALL_BANDS. */
void recorder_marker(struct recorder *recorder, unsigned device, double ms, const char *label);

/* These answer later, from the loop; false and *failure (BUSY, INVALID_PARAMETERS) at once. */
typedef void (*recorder_listed)(void *user, const struct session_summary *sessions, size_t count,
                                bool more);
bool recorder_list(struct recorder *recorder, size_t limit, const char *before,
                   recorder_listed listed, void *user, struct failure *failure);
/* failure is NULL on success. */
typedef void (*recorder_deleted)(void *user, const char *session_id, const struct failure *failure);
bool recorder_delete(struct recorder *recorder, const char *session_id, recorder_deleted deleted,
                     void *user, struct failure *failure);
/* `fd`, to read one of session_file_name()'s, of a band's folder in the session's or of that itself
 * (""), is the callee's from then on; -1: there is no such file. */
typedef void (*recorder_opened)(void *user, const char *session_id, int fd);
bool recorder_open_file(struct recorder *recorder, const char *session_id, const char *folder,
                        enum session_file file, recorder_opened opened, void *user,
                        struct failure *failure);
/* `bundle` is the callee's from then on; NULL: there is no such session. */
struct bundle;
typedef void (*recorder_bundled)(void *user, const char *session_id, struct bundle *bundle);
bool recorder_open_zip(struct recorder *recorder, const char *session_id, recorder_bundled bundled,
                       void *user, struct failure *failure);

/*
 * Stops what runs, waits for what is in the pool and frees itself, then calls done. Formats not yet
 * begun are left to the next start. A stuck disk can hold it up for ever: the caller has its own
 * limit and may simply exit.
 */
void recorder_shutdown(struct recorder *recorder, void (*done)(void *user), void *user);

#endif
