/*
 * Captures of any text: each line by itself and back, and the whole through playback and through
 * the replay's reader. What parses must come back the same; the reader must give every line.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "band/capture.h"
#include "hold.h"
#include "input.h"
#include "record/playback.h"
#include "replay_reader.h"

/* Formats, parses, formats: false where the two texts differ. `text` has the second then. */
static bool comes_back(const struct capture_record *record, char text[CAPTURE_LINE_MAX])
{
    char first[CAPTURE_LINE_MAX];
    struct capture_record again;
    const size_t len = capture_format(record, first);

    HOLD(len > 0 && len < CAPTURE_LINE_MAX && first[len - 1] == '\n');
    HOLD(capture_parse(first, &again) == NULL);
    HOLD(again.kind == record->kind);
    return capture_format(&again, text) == len && memcmp(text, first, len) == 0;
}

/* A control character that begins a text became a blank, and that goes at the next trip. */
static bool holds_text(enum capture_kind kind)
{
    return kind == CAPTURE_MARKER || kind == CAPTURE_DEVICE;
}

static void there_and_back(const char *line)
{
    struct capture_record record, again;
    char text[CAPTURE_LINE_MAX], text_again[CAPTURE_LINE_MAX];

    if (strlen(line) >= CAPTURE_LINE_MAX || capture_parse(line, &record) ||
        record.kind == CAPTURE_NOTHING)
        return;
    HOLD(comes_back(&record, text) || holds_text(record.kind));
    HOLD(capture_parse(text, &again) == NULL);
    HOLD(comes_back(&again, text_again));
}

static void each_line(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};

    while (input.at < input.end) {
        size_t len;
        char *line = input_line(&input, &len);
        HOLD(line);
        there_and_back(line);
        free(line);
    }
}

static void on_samples(void *user, const struct sample_block *block)
{
    uint64_t *count = user;

    *count += block->samples.count;
}

static void play(const uint8_t *data, size_t size)
{
    static const struct pipeline_config config = {.mains_hz = 50};
    uint64_t count = 0;
    const struct playback_listener listener = {
        .pipeline = {.user = &count, .samples = on_samples},
    };
    struct playback_summary summary;
    struct failure failure;
    FILE *file = fmemopen((void *)(uintptr_t)data, size, "r");

    HOLD(file);
    /* Of a kind of band that isn't known nothing is played. */
    if (!playback_run(file, &config, &listener, CAPTURE_DEFAULT_START_UTC_US, &summary, &failure))
        HOLD(failure.code == ERROR_RECORDING && count == 0);
    HOLD(summary.bad_lines <= summary.lines);
    fclose(file);
}

/* ---- the reader */

static struct replay_reader reader;
static bool reader_is_ready, reader_is_closed;

static void on_ready(void *user)
{
    (void)user;
    reader_is_ready = true;
}

static void on_closed(void *user)
{
    (void)user;
    reader_is_closed = true;
}

static uint64_t read_all(uv_loop_t *loop)
{
    enum replay_line result;
    char *line;

    while ((result = replay_reader_next(&reader, &line)) != REPLAY_END) {
        if (result == REPLAY_LINE) {
            HOLD(strlen(line) <= REPLAY_BUFFER_SIZE);
            continue;
        }
        reader_is_ready = false;
        while (!reader_is_ready)
            HOLD(uv_run(loop, UV_RUN_ONCE) || reader_is_ready);
    }
    return reader.number;
}

static void read_as_replay(int file, const uint8_t *data, size_t size)
{
    static uv_loop_t loop;
    static bool begun;
    struct failure failure;
    char path[32];

    if (!begun)
        begun = uv_loop_init(&loop) == 0;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    HOLD(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    memset(&reader, 0, offsetof(struct replay_reader, buffer));
    reader.ready = on_ready;
    reader.closed = NULL;
    HOLD(replay_reader_open(&reader, &loop, path, &failure));
    uint64_t head = read_all(&loop);
    replay_reader_opened(&reader);
    HOLD(read_all(&loop) == head);
    reader_is_closed = false;
    replay_reader_close(&reader, on_closed);
    HOLD(reader_is_closed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;

    if (size == 0)
        return 0;
    if (file < 0)
        file = memfd_create("capture", MFD_CLOEXEC);
    each_line(data, size);
    play(data, size);
    /* The pool is slow beside the rest: one in sixteen goes that way. */
    if (data[size - 1] % 16 == 10)
        read_as_replay(file, data, size);
    return 0;
}
