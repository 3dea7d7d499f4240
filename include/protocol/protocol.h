/*
 * The protocol: clients' commands in, replies, events and data out (docs/protocol.md). It stands
 * between the manager, whose listener it is, and the sockets, of which it knows only numbers of
 * clients.
 */
#ifndef PROTOCOL_PROTOCOL_H
#define PROTOCOL_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/sensor.h"
#include "manager/manager.h"
#include "protocol/json.h"
#include "protocol/sink.h"
#include "protocol/subscription.h"
#include "record/recorder.h"
#include "spool/usage.h"

#define PROTOCOL_VERSION "1"

/* Commands of one client that may wait for their outcome at a time; one more is answered BUSY. */
#define PROTOCOL_PENDING_MAX 32
/* Of those the lists and deletions of recordings. */
#define PROTOCOL_ASIDE_MAX 8
/* Of objects and arrays in a message. */
#define PROTOCOL_NESTING_MAX 32

/* Where text for one client goes, and what is asked of the server; it is borrowed for the call. A
 * client that is gone is no error. */
struct protocol_out {
    void *user;
    void (*reply)(void *user, uint64_t client, const char *text, size_t len);
    void (*data_to)(void *user, uint64_t client, enum sensor sensor, const char *text, size_t len);
    size_t (*client_count)(void *user);
    /* As the manager tells it: what is to be kept for a restart. May be NULL. */
    void (*wants_changed)(void *user, unsigned device, const struct manager_wants *wants);
    /* The client's choice, to be read or changed; NULL: it is gone. */
    struct subscription *(*subscription)(void *user, uint64_t client);
    /* Asked once for each text: false where the client sends more than it may. */
    bool (*may_send)(void *user, uint64_t client);
};

/* Limits of the server, for get_server_info. */
struct protocol_limits {
    int clients, waiting, null_origin, own_page, pages, connections, message_bytes, frame_bytes;
    int data_queue_bytes, reply_queue_bytes;
    int messages_a_second, messages_at_once;
    int heartbeat_seconds, silent_seconds, handshake_seconds, stuck_seconds;
};

struct protocol;

/* What clients are told of the daemon; the texts are copied. */
struct protocol_identity {
    const char *instance; /* random at each start: tells clients a restart */
    const char *backend;  /* sim, replay, bluez */
};

/* NULL: no memory. */
struct protocol *protocol_create(const struct protocol_out *out,
                                 const struct protocol_limits *limits,
                                 const struct protocol_identity *identity);
void protocol_destroy(struct protocol *protocol);

/* What to hand to manager_create; then the manager to the protocol, before any client.
 * NULL: it is gone, and no client is answered any more. */
struct manager_listener protocol_manager_listener(struct protocol *protocol);
void protocol_set_manager(struct protocol *protocol, struct manager *manager);

/* Events and data for all go to each sink; copied. False: there are too many. */
bool protocol_add_sink(struct protocol *protocol, const struct sink *sink);

/* What to hand to recorder_create; then the recorder to the protocol, borrowed. NULL: there is
 * none, and `why_not` answers the recording commands. */
struct recorder_listener protocol_recorder_listener(struct protocol *protocol);
/* The band in a place as a recording is told of it, borrowed until the next call; false: none is
 * connected there. */
bool protocol_band(struct protocol *protocol, unsigned device, struct recording_band *band);
void protocol_set_recorder(struct protocol *protocol, struct recorder *recorder,
                           const struct failure *why_not);

/* How the spool stands, borrowed; NULL: there is none, or none any more. */
void protocol_set_spool(struct protocol *protocol, const struct spool_usage *usage);

/* Sessions as list_recordings tells them, the members "sessions" and "more"; as many as fit a
 * frame. */
void protocol_put_sessions(struct json *json, const struct session_summary *sessions, size_t count,
                           bool more);

/* How the daemon is, the members of health_check's data; false where something needs a person. The
 * manager may be gone. */
bool protocol_put_health(struct protocol *protocol, struct json *json);

void protocol_client_opened(struct protocol *protocol, uint64_t client);
/* What it asked for goes on; nothing is kept for its replies. */
void protocol_client_closed(struct protocol *protocol, uint64_t client);

/* `text` is valid UTF-8, which the server has seen to. `restricted`: the client's Origin is the
 * opaque `null`, it may not do everything. */
void protocol_text(struct protocol *protocol, uint64_t client, bool restricted, const char *text,
                   size_t len);
void protocol_binary(struct protocol *protocol, uint64_t client);

/* Frames were dropped for the client since it was last told: tells it. */
void protocol_lagging(struct protocol *protocol, uint64_t client,
                      const uint64_t dropped[SENSOR_COUNT]);

/* To be called once a second: battery levels repeated, device_info that waited for its turn. */
void protocol_second(struct protocol *protocol);

#endif
