#include "writer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "shelf.h"

/* The files that are made of packets can be made of them again: they are synced this rarely. */
#define DERIVED_SYNC_NS UINT64_C(10000000000)

struct writer {
    uv_loop_t *loop;
    struct writer_owner owner;
    bool busy, closing, giving_up, failure_told, opened_told;
    uint64_t busy_since;
    struct session *next; /* what the next job is to save */
    bool save_next;
    size_t shelf_count;
    uv_work_t work;

    /* The job's, while busy. */
    char *data_dir;
    const struct record_place *place;
    struct session *session;
    struct shelf *shelves[SESSION_BANDS_MAX];
    size_t back_count; /* of the shelves that it knows */
    size_t back_bytes; /* the loop's to read too: set when no job runs */
    int dir;
    bool save, last;            /* save: session.json */
    uint64_t derived_synced_at; /* uv_hrtime() */
    uint64_t free_bytes;
    struct failure failure;
};

static void destroy(struct writer *writer)
{
    for (size_t s = 0; s < writer->shelf_count; s++)
        shelf_destroy(writer->shelves[s]);
    free(writer->data_dir);
    session_free(writer->session);
    session_free(writer->next);
    free(writer);
}

static bool add_shelf(struct writer *writer)
{
    struct shelf *shelf = shelf_create();

    if (shelf)
        writer->shelves[writer->shelf_count++] = shelf;
    return shelf;
}

bool writer_save(struct writer *writer, const struct session *session)
{
    while (writer->shelf_count < session->band_count) {
        if (!add_shelf(writer))
            return false;
    }
    writer->save_next = session_copy(writer->next, session);
    return writer->save_next;
}

struct writer *writer_create(uv_loop_t *loop, const char *data_dir,
                             const struct record_place *place, const struct session *session,
                             const struct writer_owner *owner)
{
    struct writer *writer = calloc(1, sizeof(*writer));

    if (!writer)
        return NULL;
    writer->loop = loop;
    writer->owner = *owner;
    writer->place = place;
    writer->dir = -1;
    writer->data_dir = strdup(data_dir);
    writer->session = session_new();
    writer->next = session_new();
    if (!writer->data_dir || !writer->session || !writer->next || !add_shelf(writer) ||
        !session_copy(writer->session, session) || !writer_save(writer, session)) {
        destroy(writer);
        return NULL;
    }
    writer->work.data = writer;
    writer->derived_synced_at = uv_hrtime();
    return writer;
}

struct buffer *writer_front(struct writer *writer, unsigned band, enum session_file file)
{
    return &writer->shelves[band]->front[file];
}

size_t writer_queued(const struct writer *writer)
{
    size_t bytes = writer->busy ? writer->back_bytes : 0;

    for (size_t s = 0; s < writer->shelf_count; s++)
        bytes += shelf_waiting(writer->shelves[s]);
    return bytes;
}

uint64_t writer_stuck_ms(const struct writer *writer)
{
    return writer->busy ? uv_now(writer->loop) - writer->busy_since : 0;
}

static bool fail(struct writer *writer, const char *what)
{
    failure_set(&writer->failure, ERROR_RECORDING, "Can't write %s of %s: %s", what,
                writer->session->info.id, strerror(errno));
    return false;
}

/* ---- the job: its folders */

static bool open_session(struct writer *writer)
{
    if (!place_is_there(writer->place, &writer->failure))
        return false;
    writer->dir = session_create(writer->data_dir, writer->session->info.id, &writer->failure);
    if (writer->dir < 0)
        return false;
    return session_save_whole(writer->dir, writer->session) || fail(writer, "session.json");
}

static const char *folder_wanted(const struct writer *writer, size_t shelf)
{
    return writer->session->band_count ? writer->session->bands[shelf]->folder : "";
}

static bool is_in_place(const struct writer *writer, size_t s)
{
    return shelf_is_at(writer->shelves[s], folder_wanted(writer, s));
}

static bool are_in_place(const struct writer *writer)
{
    for (size_t s = 0; s < writer->back_count; s++) {
        if (!is_in_place(writer, s))
            return false;
    }
    return true;
}

/* What folders there will be is said before there are: a repair goes by it. */
static bool announce_folders(struct writer *writer)
{
    struct session_info *info = &writer->session->info;
    const enum session_state state = info->state;

    if (!writer->save || (writer->last && are_in_place(writer)))
        return true;
    info->state = SESSION_RECORDING;
    const bool saved = session_save_whole(writer->dir, writer->session);
    info->state = state;
    return saved || fail(writer, "session.json");
}

static bool put_in_place(struct writer *writer, size_t s)
{
    const char *folder = folder_wanted(writer, s);

    return shelf_put(writer->shelves[s], writer->dir, folder,
                     writer->session->band_count ? writer->session->bands[s] : NULL) ||
           fail(writer, folder[0] ? folder : "the folder");
}

static bool open_folders(struct writer *writer)
{
    if (writer->dir >= 0 ? !announce_folders(writer) : !open_session(writer))
        return false;
    for (size_t s = 0; s < writer->back_count; s++) {
        if (!put_in_place(writer, s))
            return false;
    }
    return true;
}

/* ---- the job: its files */

static bool derived_sync_is_due(struct writer *writer)
{
    const uint64_t now = uv_hrtime();

    if (!writer->last && now - writer->derived_synced_at < DERIVED_SYNC_NS)
        return false;
    writer->derived_synced_at = now;
    return true;
}

/* Packets can't be made again, and markers.csv of several bands can't. */
static bool is_made_again(const struct writer *writer, int file)
{
    return file != FILE_PACKETS && !(file == FILE_MARKERS && writer->session->band_count);
}

static bool write_file(struct writer *writer, struct shelf *shelf, int file, bool derived)
{
    const bool sync = derived || (!is_made_again(writer, file) && shelf->back[file].len > 0);

    return shelf_write(shelf, writer->dir, file, sync) || fail(writer, session_file_name(file));
}

/* Packets first: what the other files hold can be made from them, not the reverse. */
static bool write_files(struct writer *writer)
{
    const bool derived = derived_sync_is_due(writer);
    const char *id = writer->session->info.id;
    bool there = true;

    for (int i = 0; i < FILE_STREAMED; i++) {
        for (size_t s = 0; s < writer->back_count; s++) {
            if (!write_file(writer, writer->shelves[s], i, derived))
                return false;
        }
    }
    for (size_t s = 0; s < writer->back_count; s++)
        there = there && shelf_is_there(writer->shelves[s]);
    if (there && session_is_there(writer->data_dir, id, writer->dir))
        return true;
    failure_set(&writer->failure, ERROR_RECORDING, "The folder of %s is gone", id);
    return false;
}

static void look_at_disk(struct writer *writer)
{
    struct statvfs disk;

    if (fstatvfs(writer->dir, &disk) == 0)
        writer->free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

static void close_files(struct writer *writer)
{
    for (size_t s = 0; s < writer->shelf_count; s++)
        shelf_close(writer->shelves[s]);
    if (writer->dir >= 0)
        close(writer->dir);
}

static void save_end(struct writer *writer)
{
    session_look_at_files(writer->dir, &writer->session->info, false);
    for (size_t s = 0; s < writer->session->band_count; s++)
        session_look_at_files(writer->shelves[s]->dir, writer->session->bands[s], false);
    if (!session_save_whole(writer->dir, writer->session))
        fail(writer, "session.json");
}

static void work(uv_work_t *request)
{
    struct writer *writer = request->data;

    if (writer->failure.code == ERROR_NONE && open_folders(writer) && write_files(writer)) {
        look_at_disk(writer);
        if (writer->last && writer->save)
            save_end(writer);
    }
    if (writer->last)
        close_files(writer);
}

/* ---- the loop */

static void tell_outcome(struct writer *writer)
{
    /* Given up while a job was stuck: its outcome is no one's any more. */
    if (writer->giving_up)
        return;
    if (writer->failure.code != ERROR_NONE) {
        if (!writer->failure_told) {
            writer->failure_told = true;
            writer->owner.failed(writer->owner.user, &writer->failure);
        }
        return;
    }
    if (!writer->opened_told) {
        writer->opened_told = true;
        writer->owner.opened(writer->owner.user, writer->session->info.id);
    }
    writer->owner.synced(writer->owner.user, writer->free_bytes);
}

static void after_work(uv_work_t *request, int status)
{
    struct writer *writer = request->data;
    bool last = writer->last;

    (void)status;
    writer->busy = false;
    tell_outcome(writer);
    if (last) {
        struct writer_owner owner = writer->owner;

        destroy(writer);
        owner.closed(owner.user);
    } else if (writer->closing && !writer->busy)
        writer_flush(writer);
}

/* Only now, with no job running, may the job's part be touched. */
static void take_session(struct writer *writer)
{
    struct session *taken = writer->next;

    writer->save = writer->save_next;
    if (!writer->save_next)
        return;
    /* The id is the folder's: it may have got a suffix. */
    memcpy(taken->info.id, writer->session->info.id, sizeof(taken->info.id));
    writer->next = writer->session;
    writer->session = taken;
    writer->save_next = false;
}

static void prepare_last(struct writer *writer)
{
    writer->last = true;
    if (writer->giving_up && writer->failure.code == ERROR_NONE) {
        failure_set(&writer->failure, ERROR_RECORDING, "Given up");
        writer->failure_told = true;
    }
}

void writer_flush(struct writer *writer)
{
    if (writer->busy)
        return;
    writer->back_bytes = 0;
    for (size_t s = 0; s < writer->shelf_count; s++) {
        if (!shelf_turn(writer->shelves[s], &writer->back_bytes) &&
            writer->failure.code == ERROR_NONE)
            failure_set(&writer->failure, ERROR_RECORDING, "Out of memory");
    }
    writer->back_count = writer->shelf_count;
    take_session(writer);
    if (writer->closing)
        prepare_last(writer);
    writer->busy = true;
    writer->busy_since = uv_now(writer->loop);
    uv_queue_work(writer->loop, &writer->work, work, after_work);
}

void writer_give_up(struct writer *writer)
{
    writer->giving_up = true;
}

void writer_close(struct writer *writer, const struct session *session)
{
    writer->closing = true;
    if (!session || !writer_save(writer, session))
        writer_give_up(writer);
    writer_flush(writer);
}
