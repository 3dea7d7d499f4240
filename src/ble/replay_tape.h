/* A capture that is played: its file, line by line, and the band that its head tells of. */
#ifndef BLE_REPLAY_TAPE_H
#define BLE_REPLAY_TAPE_H

#include "band/capture.h"
#include "ble/backend.h"
#include "replay_reader.h"

struct replay;

/* `at` is µs since the capture's start, `zero_us` the boot time of that start. */
struct tape {
    struct replay *replay;
    int which;
    unsigned session; /* those of one are played together */
    int64_t start_us; /* UTC of its start; 0: it doesn't tell */
    struct replay_reader reader;
    bool playing; /* since the first subscription to one of its session */
    bool late;    /* others of its session began before it: it isn't in the air yet */
    bool away;    /* between link down and link up */
    bool over;    /* this round is, and the others of its session are waited for */
    bool gone;    /* the capture is over */
    bool have;    /* `next` is what comes next */
    struct capture_record next;
    int64_t zero_us;
    int64_t last_at;
    uint64_t played; /* records in this round */
    uint64_t complaints;
    int level;
    const struct band_model *model; /* NULL: not told */
    struct band_identity band;
    char firmware[BAND_FIRMWARE_SIZE];
    char *path;
};

/* Opens it and reads its head; `replay`, `which`, `path` and the reader's `ready` and `user` are
 * set. False and *failure: it is no capture; nothing is open then. */
bool tape_open(struct tape *tape, uv_loop_t *loop, struct failure *failure);
/* Of one that never played. */
void tape_close(struct tape *tape);
/* Reads on to the next record that is played, which is `next` where there is one. */
enum replay_line tape_fetch(struct tape *tape);
/* From its start on. */
void tape_rewind(struct tape *tape);

#endif
