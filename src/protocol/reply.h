/* Requests that wait for their outcome, and the one reply that each gets. */
#ifndef PROTOCOL_REPLY_H
#define PROTOCOL_REPLY_H

#include "command_row.h"
#include "protocol/json.h"
#include "protocol/protocol.h"

#define ID_MAX 1024 /* bytes of an id's JSON text */

/* What comes of one of the bands that a command is for. */
struct part {
    struct request *request;
    char device_id[BAND_NAME_SIZE]; /* as it was meant; "": none */
    unsigned place;                 /* its own already, */
    bool has_place;                 /* or told by the outcome */
    struct manager_outcome outcome; /* once it has ended */
    struct json data; /* the command's data about it, an object; empty where it has refused */
};

/* A command between its arrival and its reply. */
struct request {
    struct request *next;
    struct protocol *protocol;
    const struct command *command;
    uint64_t client;
    char *id;           /* as JSON text, or NULL */
    char ignored[160];  /* parameters that were given and are not known, for the message */
    struct part *parts; /* its bands, where it is carried out band by band; else NULL */
    size_t part_count, parts_open;
    struct json bands; /* what its reply tells of each of them, an array; empty: nothing */
    bool already;      /* what was asked for is so: its reply says it */
    bool lent;         /* the recorder holds it until it answers */
    bool abandoned;    /* its client has gone */
};

/* The id is copied. NULL: no memory. */
struct request *request_create(struct protocol *protocol, uint64_t client,
                               const struct command *command, const char *id);
void request_destroy(struct request *request);
/* Of one client, how many wait. */
int requests_of(const struct protocol *protocol, uint64_t client);
/* Its client has gone: nothing is told of its requests. */
void requests_abandon(struct protocol *protocol, uint64_t client);

void request_succeed(struct request *request, const struct manager_outcome *outcome);
void request_refuse(struct request *request, const struct refusal *refusal);
/* As request_succeed in pieces, for members of `data` that need more than an outcome; `refused`
 * ends the message, or is "". */
struct json *request_begin(struct request *request, const char *refused);
void request_send(struct request *request);
void request_end(struct request *request); /* the same, and frees it */
/* By the outcome, which may be a failure. */
void request_done(struct request *request, const struct manager_outcome *outcome);
void request_fail(struct request *request, const struct failure *failure);
/* The reply function of a manager's command, with the request. */
struct manager_reply request_reply(struct request *request);
/* Frees those whose clients have gone, but for what the recorder holds. Not from within a reply:
 * sending it may have been what ended the client. */
void requests_sweep(struct protocol *protocol);
/* As request_fail, with details: an object as JSON text. */
void request_fail_with(struct request *request, const struct failure *failure, const char *details);
/* Without a request: a failed reply, then the error event with the same code. */
void reply_failure(struct protocol *protocol, uint64_t client, const char *command, const char *id,
                   const struct failure *failure, const char *details);
void reply_health(struct protocol *protocol, uint64_t client, const char *id);

#endif
