/* Lines of a file, read ahead by libuv's pool into a buffer of fixed size. */
#ifndef BLE_REPLAY_READER_H
#define BLE_REPLAY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"

#define REPLAY_BUFFER_SIZE 65536

enum replay_line { REPLAY_LINE, REPLAY_WAIT, REPLAY_END };

struct replay_reader {
    uv_loop_t *loop;
    uv_file file;
    uv_fs_t request;
    bool head; /* being opened: reads wait */
    bool reading, ended;
    bool rewinding;  /* what is being read is not wanted any more */
    int64_t offset;  /* in the file, of what comes behind the buffer */
    uint64_t number; /* of the last line handed out, from 1 */
    bool nuls;       /* in that line: what is before them is no line */
    size_t begin, end;
    char buffer[REPLAY_BUFFER_SIZE + 1];
    /* More can be had after REPLAY_WAIT. */
    void (*ready)(void *user);
    void (*closed)(void *user);
    void *user;
};

/* No more of the file than this is looked at while it is opened. */
#define REPLAY_HEAD_MAX (1 << 20)

/*
 * Opens the file. Until replay_reader_opened() its lines are read there and then, at most
 * REPLAY_HEAD_MAX of it, so that a wrong file can be refused; from there on they come from its
 * start again, by the pool.
 */
bool replay_reader_open(struct replay_reader *reader, uv_loop_t *loop, const char *path,
                        struct failure *failure);
void replay_reader_opened(struct replay_reader *reader);

/* The next line, without its newline, valid until the next call. */
enum replay_line replay_reader_next(struct replay_reader *reader, char **line);

void replay_reader_rewind(struct replay_reader *reader);

/* `closed` is called from here where nothing is under way, else later. */
void replay_reader_close(struct replay_reader *reader, void (*closed)(void *user));

#endif
