/* Recordings over plain HTTP: GET /recordings, GET /recordings/ID/FILE, GET /recordings/ID.zip. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/observed.h"
#include "protocol/protocol.h"
#include "record/bundle.h"

#define LIST_DEFAULT 20

#define ZIP ".zip"

#define TOO_MUCH "too much is asked of the recordings at once: try again\n"

/* A request whose answer comes from the pool. */
struct download {
    struct download *next;
    struct observed *observed;
    uint64_t number;
    bool (*begin)(struct download *download);
    size_t limit;
    char id[SESSION_ID_SIZE];         /* of a session; of a list, what it goes on from, or "" */
    char folder[SESSION_FOLDER_SIZE]; /* a band's in the session's; "": that itself */
    enum session_file file;
};

static const char *content_type(enum session_file file)
{
    switch (file) {
    case FILE_PACKETS:
        return "text/plain; charset=utf-8";
    case FILE_PROCESSED:
        return "application/x-ndjson";
    case FILE_JSON:
    case FILE_COLUMNS:
        return "application/json";
    case FILE_BDF:
        return "application/octet-stream";
    case FILE_EEG:
    case FILE_PPG:
    case FILE_ACC:
    case FILE_BAT:
    case FILE_MARKERS:
    case FILE_COUNT:
        break;
    }
    return "text/csv; charset=utf-8";
}

static void refuse_download(struct http_response *response, int status, const char *sentence)
{
    http_reply_text(response, status, "text/plain; charset=utf-8", sentence, strlen(sentence));
}

/* True, and answered, where nobody may or can be served. */
static bool is_refused(const struct observed *observed, const struct http_request *request,
                       struct http_response *response)
{
    if (request->restricted)
        refuse_download(
            response, 403,
            "a page with the origin null may not see recordings: open the daemon's own page, or "
            "start it with --allow-origin null\n");
    else if (!*observed->recorder)
        refuse_download(response, 503, "nothing can be recorded: the daemon's log says why\n");
    return request->restricted || !*observed->recorder;
}

/* ---- one after the other */

/* NULL: the peer, or the server, is gone. */
static struct http_response *response_of(const struct download *download)
{
    struct server *server = *download->observed->server;

    return server ? server_response(server, download->number) : NULL;
}

static bool begin_download(struct download *download)
{
    if (!*download->observed->recorder || !download->begin(download))
        return false;
    download->observed->downloads_under_way++;
    return true;
}

static void begin_next(struct observed *observed)
{
    struct download *next;

    while ((next = observed->downloads) && observed->downloads_under_way < DOWNLOADS_AT_ONCE) {
        struct http_response *response = response_of(next);
        observed->downloads = next->next;
        if (response && begin_download(next))
            continue;
        if (response) {
            refuse_download(response, 503, TOO_MUCH);
            http_send(response);
        }
        free(next);
    }
}

static void finish(struct download *download)
{
    struct observed *observed = download->observed;

    free(download);
    observed->downloads_under_way--;
    begin_next(observed);
}

/* Behind the others that wait; those whose peers have left go. False: there are too many. */
static bool line_up(struct observed *observed, struct download *download)
{
    struct download **link = &observed->downloads;
    size_t count = 0;

    while (*link) {
        struct download *one = *link;
        if (response_of(one)) {
            link = &one->next;
            count++;
            continue;
        }
        *link = one->next;
        free(one);
    }
    if (count >= DOWNLOADS_WAITING_MAX)
        return false;
    *link = download;
    return true;
}

/* Copies `wanted`; its answer, or that there is none, comes later or is in `response`. */
static void ask(struct observed *observed, const struct download *wanted,
                struct http_response *response)
{
    struct download *download = malloc(sizeof(*download));

    if (!download) {
        refuse_download(response, 500, "out of memory\n");
        return;
    }
    *download = *wanted;
    if (observed->downloads_under_way < DOWNLOADS_AT_ONCE ? begin_download(download)
                                                          : line_up(observed, download)) {
        http_reply_later(response);
        return;
    }
    free(download);
    refuse_download(response, 503, TOO_MUCH);
}

/* ---- GET /recordings */

static void on_listed(void *user, const struct session_summary *sessions, size_t count, bool more)
{
    struct download *download = user;
    struct http_response *response = response_of(download);
    struct json json;

    finish(download);
    if (!response)
        return;
    json_init(&json);
    json_begin_object(&json);
    protocol_put_sessions(&json, sessions, count, more);
    json_end_object(&json);
    http_reply_text(response, 200, "application/json", json.text, json.len);
    http_send(response);
    json_finish(&json);
}

/* 1 to SESSION_LIST_MAX; 0: it is something else. */
static size_t read_limit(const struct http_request *request)
{
    char text[HTTP_VALUE_MAX];

    if (!http_query(request, "limit", text, sizeof(text)))
        return LIST_DEFAULT;
    if (strlen(text) > 2 || text[strspn(text, "0123456789")] != '\0')
        return 0;
    const size_t limit = strtoul(text, NULL, 10);
    return limit <= SESSION_LIST_MAX ? limit : 0;
}

static bool begin_list(struct download *download)
{
    struct failure failure;

    return recorder_list(*download->observed->recorder, download->limit,
                         download->id[0] ? download->id : NULL, on_listed, download, &failure);
}

void downloads_list(void *user, const struct http_request *request, struct http_response *response)
{
    struct observed *observed = user;
    char before[HTTP_VALUE_MAX];

    if (is_refused(observed, request, response))
        return;
    const bool paged = http_query(request, "before", before, sizeof(before));
    const size_t limit = read_limit(request);
    if (limit == 0 || (paged && !session_id_is_valid(before))) {
        refuse_download(response, 400,
                        "limit is a whole number from 1 to 50, before a session_id\n");
        return;
    }
    struct download wanted = {
        .observed = observed, .number = request->number, .begin = begin_list, .limit = limit};
    if (paged)
        memcpy(wanted.id, before, strlen(before) + 1); /* valid: it fits */
    ask(observed, &wanted, response);
}

/* ---- GET /recordings/ID/FILE */

#define NOT_THERE "there is no such recording or file: GET /recordings lists them\n"

static void on_file_opened(void *user, const char *session_id, int fd)
{
    struct download *download = user;
    const enum session_file file = download->file;
    struct http_response *response = response_of(download);
    char folder[SESSION_FOLDER_SIZE], name[SESSION_ID_SIZE + SESSION_FOLDER_SIZE + 32];

    memcpy(folder, download->folder, sizeof(folder));
    finish(download);
    if (!response) {
        if (fd >= 0)
            close(fd);
        return;
    }
    snprintf(name, sizeof(name), "%s%s%s_%s", session_id, folder[0] ? "_" : "", folder,
             session_file_name(file));
    if (fd >= 0)
        http_reply_file(response, fd, content_type(file), name);
    else
        refuse_download(response, 404, NOT_THERE);
    http_send(response);
}

/* The names of /recordings/ID/FILE are taken as they are: whatever would have to be decoded is no
 * name of ours. */
static bool read_id(const char *start, size_t len, char id[SESSION_ID_SIZE])
{
    if (len >= SESSION_ID_SIZE)
        return false;
    memcpy(id, start, len);
    id[len] = '\0';
    return session_id_is_valid(id);
}

static bool begin_file(struct download *download)
{
    struct failure failure;

    return recorder_open_file(*download->observed->recorder, download->id, download->folder,
                              download->file, on_file_opened, download, &failure);
}

/* ---- GET /recordings/ID.zip */

static ssize_t next_of_zip(void *user, char *bytes, size_t size)
{
    return bundle_read(user, bytes, size);
}

static void close_zip(void *user)
{
    bundle_close(user);
}

static void reply_zip(struct http_response *response, struct bundle *bundle, const char *session_id)
{
    char name[SESSION_ID_SIZE + 8];
    const struct http_source source = {bundle, next_of_zip, close_zip, bundle_length(bundle)};

    snprintf(name, sizeof(name), "%s" ZIP, session_id);
    http_reply_source(response, &source, "application/zip", name);
}

static void on_bundled(void *user, const char *session_id, struct bundle *bundle)
{
    struct download *download = user;
    struct http_response *response = response_of(download);

    finish(download);
    if (!response) {
        if (bundle)
            bundle_close(bundle);
        return;
    }
    if (bundle)
        reply_zip(response, bundle, session_id);
    else
        refuse_download(response, 404, NOT_THERE);
    http_send(response);
}

static bool begin_zip(struct download *download)
{
    struct failure failure;

    return recorder_open_zip(*download->observed->recorder, download->id, on_bundled, download,
                             &failure);
}

/* ---- both */

/* A band's folder, where one is named; returns what comes after it. */
static const char *read_folder(const char *start, char folder[SESSION_FOLDER_SIZE])
{
    const size_t len = strcspn(start, "/");

    folder[0] = '\0';
    if (start[len] != '/' || len >= SESSION_FOLDER_SIZE)
        return start;
    memcpy(folder, start, len);
    folder[len] = '\0';
    if (session_folder_is_valid(folder))
        return start + len + 1;
    folder[0] = '\0';
    return start;
}

static bool wants_file(const char *path, struct download *wanted)
{
    const size_t len = strcspn(path, "/");

    wanted->begin = begin_file;
    if (path[len] != '/' || !read_id(path, len, wanted->id))
        return false;
    const char *name = read_folder(path + len + 1, wanted->folder);
    wanted->file = session_file_from_name(name);
    return wanted->file != FILE_COUNT;
}

static bool wants_zip(const char *path, struct download *wanted)
{
    const size_t len = strlen(path), end = strlen(ZIP);

    wanted->begin = begin_zip;
    return len > end && strcmp(path + len - end, ZIP) == 0 && read_id(path, len - end, wanted->id);
}

void downloads_file(void *user, const struct http_request *request, struct http_response *response)
{
    struct observed *observed = user;
    struct download wanted = {.observed = observed, .number = request->number};
    const char *path = request->path + strlen("/recordings/");

    if (is_refused(observed, request, response))
        return;
    if (wants_file(path, &wanted) || wants_zip(path, &wanted))
        ask(observed, &wanted, response);
    else
        refuse_download(response, 404, NOT_THERE);
}
