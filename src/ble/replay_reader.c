#include "replay_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "band/capture.h"
#include "base/log.h"

static void start_over(struct replay_reader *reader)
{
    reader->rewinding = reader->ended = false;
    reader->begin = reader->end = 0;
    reader->offset = 0;
    reader->number = 0;
}

static void take_piece(struct replay_reader *reader, ssize_t result)
{
    if (result < 0)
        log_error("capture: reading it failed: %s", uv_strerror((int)result));
    if (result <= 0) {
        reader->ended = true;
        return;
    }
    reader->end += (size_t)result;
    reader->offset += result;
}

static void let_go(struct replay_reader *reader)
{
    uv_fs_t request;

    uv_fs_close(reader->loop, &request, reader->file, NULL);
    uv_fs_req_cleanup(&request);
    reader->closed(reader->user);
}

static void on_piece(uv_fs_t *request)
{
    struct replay_reader *reader = request->data;
    ssize_t result = request->result;

    uv_fs_req_cleanup(request);
    reader->reading = false;
    if (reader->closed) {
        let_go(reader);
        return;
    }
    if (reader->rewinding)
        start_over(reader);
    else
        take_piece(reader, result);
    reader->ready(reader->user);
}

static int read_more(struct replay_reader *reader, uv_fs_cb callback)
{
    size_t left = reader->end - reader->begin;

    memmove(reader->buffer, reader->buffer + reader->begin, left);
    reader->begin = 0;
    reader->end = left;
    uv_buf_t room = uv_buf_init(reader->buffer + left, (unsigned)(REPLAY_BUFFER_SIZE - left));
    reader->request.data = reader;
    return uv_fs_read(reader->loop, &reader->request, reader->file, &room, 1, reader->offset,
                      callback);
}

static void read_ahead(struct replay_reader *reader)
{
    if (reader->reading || reader->ended || reader->end - reader->begin > REPLAY_BUFFER_SIZE / 2 ||
        (reader->head && reader->offset >= REPLAY_HEAD_MAX))
        return;
    int result = read_more(reader, reader->head ? NULL : on_piece);
    reader->reading = !reader->head && result == 0;
    if (!reader->reading) {
        uv_fs_req_cleanup(&reader->request);
        take_piece(reader, result);
    }
}

static bool refuse_line(const char *path, int error, struct failure *failure)
{
    failure_set(failure, ERROR_INVALID_PARAMETERS, "The capture %.150s can't be read: %s", path,
                error == UV_EISDIR ? "it is a directory" : uv_strerror(error));
    return false;
}

bool replay_reader_open(struct replay_reader *reader, uv_loop_t *loop, const char *path,
                        struct failure *failure)
{
    uv_fs_t request;

    reader->loop = loop;
    start_over(reader);
    /* Never waits, not even for the writer of a pipe. */
    reader->file = uv_fs_open(loop, &request, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, NULL);
    uv_fs_req_cleanup(&request);
    if (reader->file < 0)
        return refuse_line(path, reader->file, failure);
    reader->head = true;
    int result = read_more(reader, NULL);
    uv_fs_req_cleanup(&reader->request);
    if (result < 0) {
        uv_fs_close(loop, &request, reader->file, NULL);
        uv_fs_req_cleanup(&request);
        return refuse_line(path, result, failure);
    }
    take_piece(reader, result);
    return true;
}

void replay_reader_opened(struct replay_reader *reader)
{
    reader->head = false;
    start_over(reader);
}

static enum replay_line hand_out(struct replay_reader *reader, size_t len, size_t skip, char **line)
{
    *line = reader->buffer + reader->begin;
    reader->nuls = memchr(*line, '\0', len);
    (*line)[len] = '\0';
    reader->begin += len + skip;
    reader->number++;
    return REPLAY_LINE;
}

enum replay_line replay_reader_next(struct replay_reader *reader, char **line)
{
    if (reader->rewinding)
        return REPLAY_WAIT;
    read_ahead(reader);
    size_t left = reader->end - reader->begin;
    const char *start = reader->buffer + reader->begin;
    const char *newline = memchr(start, '\n', left);
    if (newline)
        return hand_out(reader, (size_t)(newline - start), 1, line);
    /* Longer than any line: what follows is not a line either, and told so. */
    if (left > CAPTURE_LINE_MAX)
        return hand_out(reader, CAPTURE_LINE_MAX, 1, line);
    if (!reader->ended)
        return REPLAY_WAIT;
    return left ? hand_out(reader, left, 0, line) : REPLAY_END;
}

void replay_reader_rewind(struct replay_reader *reader)
{
    if (reader->reading)
        reader->rewinding = true;
    else
        start_over(reader);
}

void replay_reader_close(struct replay_reader *reader, void (*closed)(void *user))
{
    reader->closed = closed;
    if (!reader->reading)
        let_go(reader);
    else
        uv_cancel((uv_req_t *)&reader->request);
}
