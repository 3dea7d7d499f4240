#include "aside.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/bundle.h"

struct aside {
    uv_loop_t *loop;
    char *data_dir;
    unsigned asked; /* requests under way */
    bool finishing, again, closing;
    void (*idle)(void *user);
    void *idle_user;

    struct aside_listener listener;
    uv_work_t finish;
    session_messages *messages;
    /* The finishing job's. */
    char id[SESSION_ID_SIZE];
    bool found, strangers_told;
    struct session_made made;
    struct failure failure;
};

/* One list, deletion or file to open. */
struct aside_request {
    uv_work_t work;
    struct aside *aside;
    char id[SESSION_ID_SIZE];
    recorder_listed listed;
    recorder_deleted deleted;
    recorder_opened opened;
    recorder_bundled bundled;
    void *user;
    char folder[SESSION_FOLDER_SIZE];
    enum session_file file;
    int fd;
    struct bundle *bundle;
    size_t limit, count;
    bool more;
    struct failure failure;
    struct session_summary sessions[];
};

struct aside *aside_create(uv_loop_t *loop, const char *data_dir, session_messages *messages,
                           const struct aside_listener *listener)
{
    struct aside *aside = calloc(1, sizeof(*aside));

    if (!aside)
        return NULL;
    aside->loop = loop;
    aside->listener = *listener;
    aside->messages = messages;
    aside->finish.data = aside;
    aside->data_dir = strdup(data_dir);
    if (aside->data_dir)
        return aside;
    free(aside);
    return NULL;
}

void aside_destroy(struct aside *aside)
{
    if (!aside)
        return;
    free(aside->data_dir);
    free(aside);
}

static void tell_idle(struct aside *aside)
{
    if (aside->closing && aside->asked == 0 && !aside->finishing)
        aside->idle(aside->idle_user);
}

static struct aside_request *request_create(struct aside *aside, size_t sessions,
                                            struct failure *failure)
{
    if (aside->asked >= RECORDER_ASIDE_MAX || aside->closing) {
        failure_set(failure, ERROR_BUSY, "Too much is asked of the recordings at once: try again");
        return NULL;
    }
    struct aside_request *request =
        calloc(1, sizeof(*request) + sessions * sizeof(struct session_summary));
    if (!request) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
        return NULL;
    }
    request->work.data = request;
    request->aside = aside;
    aside->asked++;
    return request;
}

static void work_list(uv_work_t *work)
{
    struct aside_request *request = work->data;

    request->count =
        session_list(request->aside->data_dir, request->limit, request->id[0] ? request->id : NULL,
                     request->sessions, &request->more);
}

static void request_destroy(struct aside_request *request)
{
    struct aside *aside = request->aside;

    free(request);
    aside->asked--;
    tell_idle(aside);
}

static void after_list(uv_work_t *work, int status)
{
    struct aside_request *request = work->data;
    const struct aside_listener *listener = &request->aside->listener;

    (void)status;
    listener->listing(listener->user, request->sessions, request->count);
    request->listed(request->user, request->sessions, request->count, request->more);
    request_destroy(request);
}

bool aside_list(struct aside *aside, size_t limit, const char *before, recorder_listed listed,
                void *user, struct failure *failure)
{
    if (before && !session_id_is_valid(before)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "before is no session_id");
        return false;
    }
    struct aside_request *request = request_create(aside, limit, failure);
    if (!request)
        return false;
    if (before)
        session_copy_text(request->id, sizeof(request->id), before);
    request->limit = limit;
    request->listed = listed;
    request->user = user;
    uv_queue_work(aside->loop, &request->work, work_list, after_list);
    return true;
}

/* About one session; NULL and *failure where there is none of this id. */
static struct aside_request *request_for(struct aside *aside, const char *id,
                                         struct failure *failure)
{
    if (!session_id_is_valid(id)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "There is no such session");
        return NULL;
    }
    struct aside_request *request = request_create(aside, 0, failure);
    if (request)
        session_copy_text(request->id, sizeof(request->id), id);
    return request;
}

static void work_delete(uv_work_t *work)
{
    struct aside_request *request = work->data;

    session_delete(request->aside->data_dir, request->id, &request->failure);
}

static void after_delete(uv_work_t *work, int status)
{
    struct aside_request *request = work->data;

    (void)status;
    request->deleted(request->user, request->id,
                     request->failure.code == ERROR_NONE ? NULL : &request->failure);
    request_destroy(request);
}

bool aside_delete(struct aside *aside, const char *id, recorder_deleted deleted, void *user,
                  struct failure *failure)
{
    struct aside_request *request = request_for(aside, id, failure);

    if (!request)
        return false;
    request->deleted = deleted;
    request->user = user;
    uv_queue_work(aside->loop, &request->work, work_delete, after_delete);
    return true;
}

static void work_open(uv_work_t *work)
{
    struct aside_request *request = work->data;
    const char *data_dir = request->aside->data_dir;
    uint64_t size;

    request->fd = session_open_file(data_dir, request->id, request->folder,
                                    session_file_name(request->file), &size);
}

static void after_open(uv_work_t *work, int status)
{
    struct aside_request *request = work->data;

    (void)status;
    request->opened(request->user, request->id, request->fd);
    request_destroy(request);
}

bool aside_open_file(struct aside *aside, const char *id, const char *folder,
                     enum session_file file, recorder_opened opened, void *user,
                     struct failure *failure)
{
    struct aside_request *request = request_for(aside, id, failure);

    if (!request)
        return false;
    session_copy_text(request->folder, sizeof(request->folder), folder);
    request->file = file;
    request->opened = opened;
    request->user = user;
    uv_queue_work(aside->loop, &request->work, work_open, after_open);
    return true;
}

/* What holds nothing of a recording is nobody's to look into. */
static int open_own_folder(const char *data_dir, const char *id)
{
    int dir = session_open(data_dir, id);

    if (dir < 0 || !session_is_foreign(dir))
        return dir;
    close(dir);
    return -1;
}

static void work_bundle(uv_work_t *work)
{
    struct aside_request *request = work->data;
    const int dir = open_own_folder(request->aside->data_dir, request->id);

    if (dir >= 0)
        request->bundle = bundle_open(dir, request->id);
}

static void after_bundle(uv_work_t *work, int status)
{
    struct aside_request *request = work->data;

    (void)status;
    request->bundled(request->user, request->id, request->bundle);
    request_destroy(request);
}

bool aside_open_zip(struct aside *aside, const char *id, recorder_bundled bundled, void *user,
                    struct failure *failure)
{
    struct aside_request *request = request_for(aside, id, failure);

    if (!request)
        return false;
    request->bundled = bundled;
    request->user = user;
    uv_queue_work(aside->loop, &request->work, work_bundle, after_bundle);
    return true;
}

static void work_finish(uv_work_t *work)
{
    struct aside *aside = work->data;
    char after[SESSION_ID_SIZE];

    memcpy(after, aside->id, sizeof(after));
    if (!aside->strangers_told)
        session_tell_strangers(aside->data_dir);
    aside->strangers_told = true;
    aside->found = session_next_unfinished(aside->data_dir, after, aside->id);
    if (!aside->found)
        return;
    session_bring_to_end(aside->data_dir, aside->id, aside->messages, &aside->made,
                         &aside->failure);
}

/* Each BDF that was asked for, and not there before. */
static void tell_made(struct aside *aside)
{
    const struct session_made *made = &aside->made;

    for (size_t i = 0; i < made->count; i++) {
        const struct failure *failure = &made->of[i].failure;
        aside->listener.finished(aside->listener.user, aside->id, made->of[i].file,
                                 failure->code == ERROR_NONE ? NULL : failure);
    }
}

static void after_finish(uv_work_t *work, int status)
{
    struct aside *aside = work->data;

    (void)status;
    if (aside->found)
        tell_made(aside);
    if (aside->closing || (!aside->found && !aside->again)) {
        aside->finishing = false;
        tell_idle(aside);
        return;
    }
    if (!aside->found) {
        aside->again = false;
        aside->id[0] = '\0';
    }
    uv_queue_work(aside->loop, &aside->finish, work_finish, after_finish);
}

void aside_finish_sessions(struct aside *aside)
{
    if (aside->finishing) {
        aside->again = true;
        return;
    }
    aside->again = false;
    aside->finishing = true;
    aside->id[0] = '\0';
    uv_queue_work(aside->loop, &aside->finish, work_finish, after_finish);
}

void aside_shutdown(struct aside *aside, void (*idle)(void *user), void *user)
{
    aside->closing = true;
    aside->idle = idle;
    aside->idle_user = user;
    tell_idle(aside);
}
