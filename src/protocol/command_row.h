/* What a command is: a row of the table in commands.c. */
#ifndef PROTOCOL_COMMAND_ROW_H
#define PROTOCOL_COMMAND_ROW_H

#include "manager/manager.h"
#include "parameters.h"
#include "protocol/json.h"

struct protocol;
struct request;

/*
 * What a page of the origin `null` may ask for: it may be a stranger's, in a sandboxed frame. Not
 * what tells of recordings; what touches radio, band or stream only while no recording could
 * suffer.
 */
enum null_page { NULL_PAGE_NEVER, NULL_PAGE_NOT_WHILE_RECORDING, NULL_PAGE_ALWAYS };

struct command {
    const char *name;
    enum null_page null_page;
    bool needs_recorder;                /* without one it fails before its parameters are read */
    const struct parameter *parameters; /* those it knows, ended by one without name; NULL: none */
    const char *done;                   /* message of its success */
    /* Answers, now or later, by request_succeed, request_refuse or request_fail. `values` has one
     * for each row of `parameters`, and is valid for the call. */
    void (*run)(struct request *request, const struct value *values);
    /* Members of the reply's data; NULL: none. */
    void (*put_data)(struct protocol *protocol, struct json *json,
                     const struct manager_outcome *outcome);
    /* Where nothing had to change: the event of the state, to the sender alone. */
    void (*tell_already)(struct protocol *protocol, uint64_t client,
                         const struct manager_outcome *outcome);
};

#endif
