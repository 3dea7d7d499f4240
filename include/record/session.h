/*
 * A session: one recording's folder under the data directory. All of this blocks on the disk: the
 * daemon calls it in libuv's pool. Nothing here follows a symbolic link below the data directory.
 */
#ifndef RECORD_SESSION_H
#define RECORD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/clock.h"
#include "band/model.h"
#include "band/sensor.h"
#include "base/error.h"

#define SESSION_ID_SIZE      64  /* "20261124T001009Z_" and what is left of the name */
#define SESSION_NAME_SIZE    256 /* bytes of UTF-8 kept of session_name, with the zero */
#define SESSION_GAPS_MAX     500 /* listed in session.json; the totals count all */
#define SESSION_MARKERS_MAX  500 /* the same; markers.csv and packets.lbcap hold all */
#define SESSION_STEPS_MAX    32
#define SESSION_LIST_MAX     50
#define SESSION_PROBLEM_SIZE 240
#define SESSION_WORD_SIZE    65   /* bytes of UTF-8 kept of participant and task, with the zero */
#define SESSION_NOTES_SIZE   1001 /* the same of notes */

#define SESSION_BANDS_MAX   8
#define SESSION_FOLDER_SIZE 36 /* a device_id, and what tells two of one name apart */

#define FORMAT_CSV     1u
#define FORMAT_BDF     2u
#define FORMAT_JSONL   4u
#define FORMAT_DEFAULT (FORMAT_CSV | FORMAT_BDF)

/* The files a folder may hold; those downloaded and listed. */
enum session_file {
    FILE_PACKETS,
    FILE_EEG,
    FILE_PPG,
    FILE_ACC,
    FILE_BAT,
    FILE_MARKERS,
    FILE_PROCESSED,
    FILE_BDF,
    FILE_COLUMNS,
    FILE_JSON,
    FILE_COUNT
};
#define FILE_STREAMED (FILE_PROCESSED + 1) /* those written while the recording runs come first */

const char *session_file_name(enum session_file file);
/* FILE_COUNT: no session has a file of that name. */
enum session_file session_file_from_name(const char *name);

enum session_state {
    SESSION_RECORDING,   /* running, or its daemon died: the next start repairs it */
    SESSION_RECORDED,    /* packets and CSV are whole, what is made from them is not yet there */
    SESSION_COMPLETE,    /* everything is there */
    SESSION_INTERRUPTED, /* repaired after a crash, a power cut, a disk that failed, as far as it
                            could be: `problem` tells what could not */
};

const char *session_state_name(enum session_state state);

/* What the kernel's clock discipline said; `known` is false where the sandbox forbids asking. */
struct ntp_state {
    bool known, synchronized;
    double offset_ms, max_error_ms;
};

struct session_gap {
    enum sensor sensor;
    double from_ms;  /* UTC of the last sample before it; 0: none was recorded */
    double until_ms; /* UTC of the first sample after it */
    uint32_t lost;   /* samples at the band's own rate */
};

struct session_marker {
    double ms;
    char label[96]; /* cut at a character's end */
};

struct session_step {
    double at_ms, step_ms; /* UTC after the step; how far it jumped */
};

struct session_counts {
    uint64_t packets;
    uint64_t samples; /* at the band's own rate */
    uint64_t skipped_by_band, lost_link;
};

/* What session.json holds. Big: allocate it. */
struct session_info {
    char id[SESSION_ID_SIZE];
    char name[SESSION_NAME_SIZE];
    enum session_state state;
    char reason[24];                    /* why it ended; "" while it runs */
    char problem[SESSION_PROBLEM_SIZE]; /* what is missing of it and why; "": nothing */
    char folder[SESSION_FOLDER_SIZE];   /* of a band of several; "": the session's own */
    char device[32], address[18], firmware[32];
    char model[24]; /* the kind of band by its model's name; "": the first of the table */
    char version[24], host[65], kernel[65];
    char participant[SESSION_WORD_SIZE], task[SESSION_WORD_SIZE]; /* as given; "": not */
    char notes[SESSION_NOTES_SIZE];
    char backend[16]; /* "real", "simulated", "replayed"; "" where unknown */
    int mains_hz;     /* 0 where unknown */
    sensor_set sensors;
    unsigned formats;
    double sample_rate; /* of eeg.csv as asked for, Hz; 0: the band's own */
    int eeg_rate;       /* nominal, Hz; 0 before it is known */
    double rate_measured[SENSOR_COUNT];
    double newest_ms[SENSOR_COUNT]; /* of the samples counted; 0: none. Not in session.json */
    int64_t start_utc_us;
    double duration; /* s */
    struct session_counts counts[SENSOR_COUNT];
    size_t gap_count;
    uint64_t gap_total;
    struct session_gap gaps[SESSION_GAPS_MAX];
    size_t marker_count;
    uint64_t marker_total;
    struct session_marker markers[SESSION_MARKERS_MAX];
    struct ntp_state ntp_start, ntp_end;
    size_t step_count;
    uint64_t step_total;
    struct session_step steps[SESSION_STEPS_MAX];
    struct {
        bool present;
        uint64_t bytes;
        char sha256[65]; /* "" before it is computed */
    } files[FILE_COUNT];
};

/* What whoever asks for a session tells of it: anything, or NULL. */
struct session_about {
    const char *session_name, *participant, *task, *notes;
};

/*
 * All that a session.json holds. Of one band: its files lie in the session's own folder, and `info`
 * tells of it. Of several: each has a folder in the session's, with its packets, CSV files, BDF …;
 * beside these are session.json and one markers.csv, and `info` tells what they share.
 */
struct session {
    struct session_info info;
    size_t band_count;                             /* of several; 0: it is of one */
    struct session_info *bands[SESSION_BANDS_MAX]; /* in the order they came; owned */
};

struct session *session_new(void); /* NULL: no memory */
void session_free(struct session *session);
/* Unfilled; NULL: no memory, or there are SESSION_BANDS_MAX. */
struct session_info *session_add_band(struct session *session);
/* False: no memory, and *to lacks bands. */
bool session_copy(struct session *to, const struct session *from);
/* What a band's part of session.json doesn't tell, for it is the session's. */
void session_share(const struct session_info *from, struct session_info *band);

/* Letters, digits, `-` and `_`. */
bool session_folder_is_valid(const char *name);
/* The band's: its device_id, what can't be in a name as `-`; no other band's. */
void session_name_folder(const struct session *session, struct session_info *band);

/* As session_save() and session_load(), with the bands. */
bool session_save_whole(int dir, const struct session *session);
bool session_load_whole(int dir, struct session *session);

/* Into the info, as far as it has room. */
void session_describe(struct session_info *info, const struct session_about *about);

/* Makes the id of a session that starts now; the name may hold anything, or be NULL. */
void session_make_id(int64_t utc_us, const char *name, char id[SESSION_ID_SIZE]);
/* Is this an id as session_make_id() and session_create() make them? */
bool session_id_is_valid(const char *id);
/* Copies at most size − 1 bytes, cut where a UTF-8 character ends; blanks for control characters.
 */
void session_copy_text(char *out, size_t size, const char *text);

/*
 * Makes the folder (0750), never an existing one: `id` gets a suffix _2 … _99 where it is taken.
 * Returns a descriptor of the folder, or −1 and *failure.
 */
int session_create(const char *data_dir, char id[SESSION_ID_SIZE], struct failure *failure);
/* Opens an existing folder; −1 with errno set. claim: and holds it (flock) against repair and
 * deletion until it is closed, as session_create() does; EBUSY where another does. */
int session_open(const char *data_dir, const char *id);
int session_claim(const char *data_dir, const char *id);
/* Is the folder behind `dir` still the one under that name? Written files of a vanished one are
 * lost silently. */
bool session_is_there(const char *data_dir, const char *id, int dir);

/* openat() of a regular file in a session's folder, never waiting, through no link; -1 and errno,
 * for a FIFO or the like EBADF. */
int session_open_in(int dir, const char *file, int access);

/*
 * Opens one of a session's files for reading, of a band's folder or its own (""): all names are
 * checked strictly. −1 where there is no such regular file; else *size.
 */
int session_open_file(const char *data_dir, const char *id, const char *folder, const char *file,
                      uint64_t *size);

/* Writes `size` bytes to a new file in the folder and puts it in the place of `name`, all or
 * nothing, through a power cut too. False with errno set. */
bool session_replace(int dir, const char *name, const char *text, size_t size);

/* Fills info->files with what is there. `checksums`: with SHA-256, which reads everything. */
void session_look_at_files(int dir, struct session_info *info, bool checksums);

/* The kind of band; the first of the table where it is unknown here. */
const struct band_model *session_model(const struct session_info *info);

/* What the EEG is rid of before it is judged, Hz: 50 where the session doesn't tell. */
int session_mains_hz(const struct session_info *info);

/* session.json, there and back. False with errno set (EBADMSG: it is none). */
bool session_save(int dir, const struct session_info *info);
bool session_load(int dir, struct session_info *info);
/* A session.json that can't be read gets another name, never one that is taken: what someone edited
 * is not overwritten. That name, session.json.bad or _2 … _99, in `kept`; false with errno set. */
#define SESSION_KEPT_SIZE 32
bool session_keep_unreadable(int dir, char kept[SESSION_KEPT_SIZE]);

/* A folder that holds files, and none that a recording has: it is never written to nor deleted. */
/* A folder of this name in the session's holds packets: it is a band's. */
bool session_is_band_folder(int dir, const char *name);
#define SESSION_FOREIGN "holds nothing of a recording: it is left alone"
bool session_is_foreign(int dir);
/* To the log: each such folder, and what has a session's name and is no folder. */
void session_tell_strangers(const char *data_dir);

/* What list_recordings tells of one. */
struct session_summary {
    char id[SESSION_ID_SIZE];
    char name[SESSION_NAME_SIZE];
    char problem[SESSION_PROBLEM_SIZE];
    enum session_state state; /* RECORDING only while someone does */
    int64_t start_utc_us;
    double duration;
    uint64_t bytes;
    sensor_set sensors;
    bool files[FILE_COUNT]; /* in the session's own folder */
    size_t band_count;      /* of several bands; 0: it is of one */
    struct {
        char device_id[32], folder[SESSION_FOLDER_SIZE];
        bool files[FILE_COUNT];
    } bands[SESSION_BANDS_MAX];
};

/*
 * The newest sessions first, at most `limit` (≤ SESSION_LIST_MAX), older than the session `before`
 * unless that is NULL. Returns how many; *more: there are older ones.
 */
size_t session_list(const char *data_dir, size_t limit, const char *before,
                    struct session_summary *out, bool *more);

/* Removes a session whole: it is out of the list at once, a crash leaves no half of it. */
bool session_delete(const char *data_dir, const char *id, struct failure *failure);

/* A session in state RECORDING or RECORDED that no one records any more; false when there is none
 * after `after` (start with ""). Also finishes deletions that were cut short. */
bool session_next_unfinished(const char *data_dir, const char *after, char id[SESSION_ID_SIZE]);

/*
 * Brings a session to its end: torn last lines cut and counts rebuilt from the packets where it was
 * interrupted; the BDF made where it was asked for; checksums; the final session.json, which tells
 * what could not be repaired or made. False with *failure where a format could not be made, or
 * nothing could be done; what was recorded is untouched.
 */
bool session_finish(const char *data_dir, const char *id, struct failure *failure);

/* Makes processed.jsonl in the folder `dir` whole from the packets there: what is missing at its
 * end is added, where there is none all. The floor above knows the messages. Blocks. */
typedef bool session_messages(int dir, const struct session_info *info, struct failure *failure);

/* What became of each BDF that was asked for and not there yet. */
struct session_made {
    size_t count;
    struct {
        char file[SESSION_FOLDER_SIZE +
                  16];          /* "session.bdf", of several bands "FOLDER/session.bdf" */
        struct failure failure; /* code ERROR_NONE: it is there */
    } of[SESSION_BANDS_MAX];
};
/* `messages` NULL: processed.jsonl stays as far as it came. */
bool session_bring_to_end(const char *data_dir, const char *id, session_messages *messages,
                          struct session_made *made, struct failure *failure);

#endif
