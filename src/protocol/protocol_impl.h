/* What the files of protocol/ share. */
#ifndef PROTOCOL_IMPL_H
#define PROTOCOL_IMPL_H

#include <cjson/cJSON.h>

#include "dsp/decimator.h"
#include "protocol/json.h"
#include "protocol/protocol.h"
#include "record/recorder.h"

/* Sequence numbers are kept for this many bands; with one more the longest unused is forgotten. */
#define SEQUENCE_BANDS 16

struct sequence {
    char device_id[BAND_NAME_SIZE];
    uint64_t used; /* when last, for forgetting */
    uint64_t raw[SENSOR_COUNT], processed[SENSOR_COUNT];
};

/* Samples and features on their way to the clients. */
struct feed {
    struct decimator *decimator;
    int factor; /* of the decimator; 1: none */
    struct sequence sequences[SEQUENCE_BANDS];
    uint64_t clock;                  /* counts uses of sequences */
    uint64_t recorded[SENSOR_COUNT]; /* sequence numbers of processed.jsonl */
    struct json message;
    struct json battery; /* the last battery message, "" before one: new clients get it */
    int battery_age;     /* s */
};

/*
 * Every event there is: its name, and whether a page of the origin `null`, which may be a
 * stranger's, hears it when it goes to all. What names sessions, paths or markers is UNHEARD. What
 * answers such a page alone is not asked.
 */
#define EVENTS(EVENT)                                                                              \
    EVENT(DEVICE_INFO, "device_info", HEARD)                                                       \
    EVENT(SCAN_RESULT, "scan_result", HEARD)                                                       \
    EVENT(DEVICE_CONNECTED, "device_connected", HEARD)                                             \
    EVENT(DEVICE_DISCONNECTED, "device_disconnected", HEARD)                                       \
    EVENT(STREAM_STARTED, "stream_started", HEARD)                                                 \
    EVENT(STREAM_STOPPED, "stream_stopped", HEARD)                                                 \
    EVENT(SENSOR_STATUS, "sensor_status", HEARD)                                                   \
    EVENT(CLOCK_STEPPED, "clock_stepped", HEARD)                                                   \
    EVENT(DEVICE_CONNECTION_FAILED, "device_connection_failed", HEARD)                             \
    EVENT(RECORDING_STARTED, "recording_started", UNHEARD)                                         \
    EVENT(RECORDING_STOPPED, "recording_stopped", UNHEARD)                                         \
    EVENT(RECORDING_FILE, "recording_file", UNHEARD)                                               \
    EVENT(STORAGE_LOW, "storage_low", UNHEARD)                                                     \
    EVENT(MARKER, "marker", UNHEARD)                                                               \
    EVENT(CLIENT_LAGGING, "client_lagging", UNHEARD)                                               \
    EVENT(BLUETOOTH_STATUS, "bluetooth_status", HEARD)                                             \
    EVENT(ERROR, "error", UNHEARD) /* what goes to all may name a recording's path */

#define EVENT_ENUMERATOR(id, name, null_page) EVENT_##id,
enum event { EVENTS(EVENT_ENUMERATOR) EVENT_COUNT };
#undef EVENT_ENUMERATOR

struct protocol {
    struct protocol_out out;
    struct protocol_limits limits;
    const struct command *commands; /* the table of commands.c */
    char instance[40];
    int64_t started_us; /* boot time */
    struct manager *manager;
    struct recorder *recorder; /* NULL: */
    struct failure no_recorder;
    enum recording_end recording_end; /* of the last recording */
    struct json json;                 /* events and replies are written here */
    enum event event;                 /* the one being written */
    struct feed feed;
    struct request *pending;
    bool device_info_due;
    double marker_ms;    /* of the marker being answered */
    int device_info_age; /* s since the last broadcast of device_info */
};

/* ---- feed.c */
void feed_init(struct feed *feed);
void feed_finish(struct feed *feed);
void feed_samples(struct protocol *protocol, const struct sample_block *block);
bool feed_wants_features(struct protocol *protocol, enum sensor sensor);
void feed_eeg(struct protocol *protocol, const struct eeg_features *features);
void feed_ppg(struct protocol *protocol, const struct ppg_features *features);
void feed_acc(struct protocol *protocol, const struct acc_features *features);
/* The stream of EEG ends: what the decimator still holds goes out. */
void feed_flush(struct protocol *protocol);
void feed_link_down(struct protocol *protocol);
/* The last battery message, to a new client. */
void feed_greet(struct protocol *protocol, uint64_t client);
void feed_second(struct protocol *protocol);

/* ---- event.c: each sends to one client, or to all where client is 0 */
#define ID_MAX 1024 /* bytes of an id's JSON text */

#define TO_ALL 0

const char *event_name(enum event event);
/* Begins {"type":"event","event_type":…,"data":{ in protocol->json; event_send ends and sends it.
 */
struct json *event_begin(struct protocol *protocol, enum event event);
void event_send(struct protocol *protocol, uint64_t client);
void event_device_info(struct protocol *protocol, uint64_t client);
void event_bluetooth_status(struct protocol *protocol, uint64_t client);
void event_device_connected(struct protocol *protocol, uint64_t client, bool resumed,
                            double clock_step_ms);
void event_device_disconnected(struct protocol *protocol, uint64_t client,
                               const struct band_identity *band, enum disconnect_reason reason,
                               bool will_reconnect);
void event_stream_started(struct protocol *protocol, uint64_t client, bool resumed);
void event_stream_stopped(struct protocol *protocol, uint64_t client,
                          const struct band_identity *band, sensor_set sensors,
                          enum stream_end reason, bool will_resume);
void event_scan_result(struct protocol *protocol, enum scan_status scan);
/* `details` is an object as JSON text, or NULL. */
void event_error(struct protocol *protocol, uint64_t client, const struct failure *failure,
                 const char *details);
/* device_info goes to all, at most once a second. */
void device_info_changed(struct protocol *protocol);
void event_second(struct protocol *protocol);

/* ---- info.c: members of objects */
bool recording_runs(const struct protocol *protocol);
void put_band(struct json *json, const struct band_identity *band);
void put_device_info(struct protocol *protocol, struct json *json, uint64_t client);
void put_devices(struct protocol *protocol, struct json *json);
void put_sensors(struct json *json, const char *key, sensor_set sensors);
/* Those of `names`, ended by NULL, whose bit is in the set. */
void put_names(struct json *json, const char *key, const char *const *names, unsigned set);
void put_counts(struct json *json, const char *key, const uint64_t counts[SENSOR_COUNT],
                sensor_set sensors);
void put_streaming_status(struct protocol *protocol, struct json *json);
void put_server_info(struct protocol *protocol, struct json *json);
/* The member "sensors": each kind of message's fields and their units. */
void put_sensor_fields(struct json *json);
const char *stream_state_name(enum manager_stream stream);

/* ---- reply.c */
struct command;
/* A command between its arrival and its reply. */
struct request {
    struct request *next;
    struct protocol *protocol;
    const struct command *command;
    uint64_t client;
    char *id;          /* as JSON text, or NULL */
    char ignored[160]; /* parameters that were given and are not known, for the message */
    bool already;      /* what was asked for is so: its reply says it */
    bool lent;         /* the recorder holds it until it answers */
    bool abandoned;    /* its client has gone */
};

/* ---- parameters.c */
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

#define PARAMETERS_MAX 5 /* of one command */

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

/* A refused parameter. */
struct refusal {
    const char *parameter;
    const cJSON *given; /* NULL: it was missing */
    const char *allowed;
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
#define KIND_ALL 7u
void subscribe(struct request *request, const struct value *values);
void unsubscribe(struct request *request, const struct value *values);

/* Terminated by an entry without name. */
extern const struct command commands[];

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
/* As request_succeed in two halves, for members of `data` that need more than an outcome. */
struct json *request_begin(struct request *request);
void request_end(struct request *request);
/* By the outcome, which may be a failure. */
void request_done(struct request *request, const struct manager_outcome *outcome);
void request_fail(struct request *request, const struct failure *failure);
/* The reply function of a manager's command, with the request. */
struct manager_reply request_reply(struct request *request);
/* Frees those whose clients have gone, but for what the recorder holds. Not from within a reply:
 * sending it may have been what ended the client. */
void requests_sweep(struct protocol *protocol);
/* Without a request: a failed reply, then the error event with the same code. `details` is an
 * object as JSON text. */
void reply_failure(struct protocol *protocol, uint64_t client, const char *command, const char *id,
                   const struct failure *failure, const char *details);
void reply_health(struct protocol *protocol, uint64_t client, const char *id);

#endif
