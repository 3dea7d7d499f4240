/* What a command is, and what it may be told: the rows of commands.c and their reading. */
#ifndef PROTOCOL_COMMAND_H
#define PROTOCOL_COMMAND_H

#include "reply.h"

enum parameter_type {
    PARAMETER_NUMBER,
    PARAMETER_INTEGER,
    PARAMETER_STRING, /* control characters are blanked */
    PARAMETER_ADDRESS,
    PARAMETER_SESSION,
    PARAMETER_TIME, /* Unix ms, any number, or an ISO 8601 string */
    PARAMETER_LIST, /* at least one of some names */
    PARAMETER_TYPES
};

#define PARAMETERS_MAX 8 /* of one command */

/* All that there is to know of one parameter of one command. */
struct parameter {
    const char *name;
    enum parameter_type type;
    bool required;
    double min, max;          /* of a number; of a string in bytes. max 0: no range */
    const char *unit;         /* NULL: none */
    const char *const *names; /* of a list, by bit, ended by NULL */
    double number;            /* what counts where it is absent; 0: the command tells */
    unsigned set;             /* the same of a list */
    const char *allowed;      /* the end of the sentence "it must be …" */
};

/* What came for a row. */
struct value {
    const struct parameter *row;
    const cJSON *given; /* NULL: absent; number and set are then the row's, text is NULL */
    double number;
    const char *text; /* belongs to the message */
    unsigned set;
};

/* The member, NULL where it is missing or null. */
const cJSON *parameter(const cJSON *parameters, const char *name);
bool parameter_is_known(const struct parameter *rows, const char *name);
/* False and *refusal for the first that is wrong, else for the first that is missing. */
bool parameters_read(const struct parameter *rows, const cJSON *parameters,
                     struct value values[PARAMETERS_MAX], struct refusal *refusal);
/* The value of a row that the command has. */
const struct value *value_of(const struct value *values, const char *name);
const char *parameter_type_name(enum parameter_type type);

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

/* recording.c: those of the recording commands */
void put_recording_status(struct protocol *protocol, struct json *json);
void start_recording(struct request *request, const struct value *values);
void put_recording_start(struct protocol *protocol, struct json *json,
                         const struct manager_outcome *outcome);
void stop_recording(struct request *request, const struct value *values);
void put_recording(struct protocol *protocol, struct json *json,
                   const struct manager_outcome *outcome);
void tell_recording_stopped(struct protocol *protocol, uint64_t client,
                            const struct manager_outcome *outcome);
void list_recordings(struct request *request, const struct value *values);
void delete_recording(struct request *request, const struct value *values);

#define SESSION_ALLOWED "the session_id of a recording, as list_recordings tells it"
extern const char *const format_names[]; /* by bit, ended by NULL */

/* subscription.c */
extern const char *const kind_names[]; /* by bit, ended by NULL */
#define KIND_DEFAULT 7u
#define KIND_ALL     15u
void subscribe(struct request *request, const struct value *values);
void unsubscribe(struct request *request, const struct value *values);

/* Terminated by an entry without name. */
extern const struct command commands[];

#endif
