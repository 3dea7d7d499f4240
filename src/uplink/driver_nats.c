/*
 * NATS JetStream, by libnats. One connection is one life: the library's own reconnecting is off,
 * for the spool keeps what it would keep in memory, and the caller backs off.
 */
#include <nats/nats.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "handoff.h"

#define SERVERS_MAX 16
#define CONNECT_MS  5000
#define CLOSE_MS    5000
#define WRITE_MS    5000
#define PING_MS     20000
#define ACK_MS      10000 /* MaxWait: without it a lost acknowledgement is waited for without end */

struct nats {
    struct driver base;
    uv_loop_t *loop;
    struct driver_options options;
    struct driver_listener listener;
    struct handoff handoff;
    uv_work_t work;
    bool is_connecting, destroying;
    natsConnection *connection; /* NULL: none */
    jsCtx *stream;
    char why[HANDOFF_WHY_SIZE];
    void (*done)(void *user);
    void *done_user;
};

/* ---- on the library's threads */

static void on_answer(jsCtx *stream, natsMsg *message, jsPubAck *ack, jsPubAckErr *error,
                      void *closure)
{
    struct nats *nats = closure;
    const char *id = NULL;

    (void)stream;
    natsMsgHeader_Get(message, "Nats-Msg-Id", &id);
    if (error)
        handoff_put(&nats->handoff, HANDOFF_REFUSED, id,
                    error->ErrText ? error->ErrText : natsStatus_GetText(error->Err));
    else
        handoff_put(&nats->handoff, ack->Duplicate ? HANDOFF_DUPLICATE : HANDOFF_ACKED, id, NULL);
    natsMsg_Destroy(message);
}

static void on_gone(natsConnection *connection, void *closure)
{
    struct nats *nats = closure;
    const char *why = NULL;

    natsConnection_GetLastError(connection, &why);
    handoff_put(&nats->handoff, HANDOFF_DOWN, NULL, why && why[0] ? why : "the connection is gone");
}

/* ---- connecting, in libuv's pool: it resolves names and waits */

/* Several by commas. */
static natsStatus set_servers(natsOptions *options, const char *urls)
{
    const char *servers[SERVERS_MAX];
    char *copy = strdup(urls), *rest = NULL;
    int count = 0;

    if (!copy)
        return NATS_NO_MEMORY;
    for (char *url = strtok_r(copy, ",", &rest); url && count < SERVERS_MAX;
         url = strtok_r(NULL, ",", &rest))
        servers[count++] = url;
    const natsStatus status = natsOptions_SetServers(options, servers, count);
    free(copy);
    return status;
}

static natsStatus nats_set_options(const struct nats *nats, natsOptions *options)
{
    const struct driver_options *wanted = &nats->options;
    natsStatus status = set_servers(options, wanted->url);

    if (status == NATS_OK)
        status = natsOptions_SetName(options, wanted->name);
    if (status == NATS_OK)
        status = natsOptions_SetAllowReconnect(options, false);
    if (status == NATS_OK)
        status = natsOptions_SetTimeout(options, CONNECT_MS);
    /* Else a write may hold the library's lock, and so this program, until TCP gives up. */
    if (status == NATS_OK)
        status = natsOptions_SetWriteDeadline(options, WRITE_MS);
    if (status == NATS_OK)
        status = natsOptions_SetPingInterval(options, PING_MS);
    if (status == NATS_OK)
        status = natsOptions_SetClosedCB(options, on_gone, (void *)nats);
    if (status == NATS_OK && wanted->creds)
        status = natsOptions_SetUserCredentialsFromFiles(options, wanted->creds, NULL);
    if (status == NATS_OK && strncmp(wanted->url, "tls:", 4) == 0)
        status = natsOptions_SetSecure(options, true);
    if (status == NATS_OK && wanted->ca)
        status = natsOptions_LoadCATrustedCertificates(options, wanted->ca);
    return status;
}

static natsStatus open_stream(struct nats *nats)
{
    jsOptions options;
    natsStatus status = jsOptions_Init(&options);

    options.PublishAsync.MaxPending = 2 * WINDOW_MAX; /* never reached: at it a publish blocks */
    options.PublishAsync.AckHandler = on_answer;
    options.PublishAsync.AckHandlerClosure = nats;
    if (status == NATS_OK)
        status = natsConnection_JetStream(&nats->stream, nats->connection, &options);
    return status;
}

static const char *why_of(natsStatus status)
{
    const char *last = nats_GetLastError(NULL);

    return last && last[0] ? last : natsStatus_GetText(status);
}

static void nats_connect_in_pool(uv_work_t *work)
{
    struct nats *nats = work->data;
    natsOptions *options = NULL;
    natsStatus status = natsOptions_Create(&options);

    if (status == NATS_OK)
        status = nats_set_options(nats, options);
    if (status == NATS_OK)
        status = natsConnection_Connect(&nats->connection, options);
    if (status == NATS_OK)
        status = open_stream(nats);
    natsOptions_Destroy(options);
    snprintf(nats->why, sizeof(nats->why), "%s", status == NATS_OK ? "" : why_of(status));
}

static void unmake(struct nats *nats)
{
    jsCtx_Destroy(nats->stream);
    natsConnection_Destroy(nats->connection);
    nats->stream = NULL;
    nats->connection = NULL;
}

/* Once the library has closed itself none of its threads calls any more. */
static void nats_end_in_pool(uv_work_t *work)
{
    unmake(work->data);
    nats_CloseAndWait(CLOSE_MS);
}

static void nats_on_handoff_closed(void *user)
{
    struct nats *nats = user;
    void (*done)(void *user) = nats->done;
    void *done_user = nats->done_user;

    free(nats);
    done(done_user);
}

static void nats_after_end(uv_work_t *work, int status)
{
    struct nats *nats = work->data;

    (void)status;
    handoff_close(&nats->handoff, nats_on_handoff_closed);
}

static void nats_after_connect(uv_work_t *work, int status)
{
    struct nats *nats = work->data;

    (void)status;
    nats->is_connecting = false;
    if (nats->destroying)
        uv_queue_work(nats->loop, &nats->work, nats_end_in_pool, nats_after_end);
    else if (nats->stream && !natsConnection_IsClosed(nats->connection))
        nats->listener.up(nats->listener.user);
    else {
        /* Gone while this waited for the loop: its note finds no connection any more. */
        unmake(nats);
        nats->listener.down(nats->listener.user,
                            nats->why[0] ? nats->why : "the connection is gone again");
    }
}

/* ---- on the loop's thread */

static void nats_take(void *user, const struct handoff_note *note)
{
    struct nats *nats = user;
    const struct driver_listener *listener = &nats->listener;

    if (nats->destroying || !nats->connection || nats->is_connecting)
        return; /* of a connection that is told to be down already */
    switch (note->kind) {
    case HANDOFF_ACKED:
    case HANDOFF_DUPLICATE:
        listener->acked(listener->user, note->id, note->kind == HANDOFF_DUPLICATE);
        break;
    case HANDOFF_REFUSED:
        listener->refused(listener->user, note->id, note->why);
        break;
    case HANDOFF_UP:
        break;
    case HANDOFF_DOWN:
        unmake(nats);
        listener->down(listener->user, note->why);
        break;
    }
}

static struct driver *nats_create(uv_loop_t *loop, const struct driver_options *options,
                                  const struct driver_listener *listener, struct failure *failure)
{
    struct nats *nats = calloc(1, sizeof(*nats));

    if (!nats || !handoff_open(&nats->handoff, loop, nats_take, nats)) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory.");
        free(nats);
        return NULL;
    }
    nats->base.ops = &driver_nats;
    nats->loop = loop;
    nats->options = *options;
    nats->listener = *listener;
    nats->work.data = nats;
    return &nats->base;
}

static void nats_open(struct driver *driver)
{
    struct nats *nats = (struct nats *)driver;

    nats->is_connecting = true;
    uv_queue_work(nats->loop, &nats->work, nats_connect_in_pool, nats_after_connect);
}

static natsStatus add_headers(natsMsg *message, const struct window_message *from)
{
    char records[48];
    natsStatus status = natsMsgHeader_Set(message, "Nats-Msg-Id", from->id);

    snprintf(records, sizeof(records), "%llu-%llu", (unsigned long long)from->first,
             (unsigned long long)from->last);
    if (status == NATS_OK)
        status = natsMsgHeader_Set(message, "Linkband-Records", records);
    if (status == NATS_OK && from->compressed)
        status = natsMsgHeader_Set(message, "Content-Encoding", "zstd");
    return status;
}

static bool nats_publish(struct driver *driver, const struct window_message *from)
{
    struct nats *nats = (struct nats *)driver;
    natsMsg *message = NULL;
    jsPubOptions options;

    if (!nats->stream || nats->is_connecting ||
        natsMsg_Create(&message, from->subject, NULL, from->body, (int)from->len) != NATS_OK)
        return false;
    jsPubOptions_Init(&options);
    options.MaxWait = ACK_MS;
    const bool sent = add_headers(message, from) == NATS_OK &&
                      js_PublishMsgAsync(nats->stream, &message, &options) == NATS_OK;
    natsMsg_Destroy(message); /* NULL where the library has it */
    return sent;
}

static void nats_destroy(struct driver *driver, void (*done)(void *user), void *user)
{
    struct nats *nats = (struct nats *)driver;

    nats->destroying = true;
    nats->done = done;
    nats->done_user = user;
    if (!nats->is_connecting) /* else once that is over */
        uv_queue_work(nats->loop, &nats->work, nats_end_in_pool, nats_after_end);
}

static const char *const schemes[] = {"nats", "tls", NULL};
const struct driver_ops driver_nats = {schemes,      nats_create, nats_open,
                                       nats_publish, NULL,        nats_destroy};
