/*
 * The manager: one band's life as a state machine over a backend, and who wants what of it.
 *
 * Commands come down (from protocol/), outcomes go back through a reply function, events and data
 * go up through struct manager_listener. The manager knows neither server nor recorder nor loop:
 * time comes through struct manager_host, so its tests need no sleeping. docs/state-machine.md
 * draws the machine.
 *
 * Every function may be called from within a listener's or a reply's function, save manager_create;
 * what it sets going then happens after that function has returned.
 */
#ifndef MANAGER_MANAGER_H
#define MANAGER_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ble/backend.h"
#include "pipeline/pipeline.h"

/*
 * Bands at a time, at most; one more is BUSY. Each has a place, a small number below max_bands by
 * which it is named here: its own from the connect until the band is let go. Of a place that no
 * band has what is asked is answered as of a band that is idle.
 */
#define MANAGER_DEVICES_MAX 8

#define MANAGER_SCAN_DEVICES_MAX 32
#define MANAGER_SCAN_SECONDS_MAX 60

/* What the manager needs of its host. */
struct manager_host {
    void *user;
    int64_t (*boot_us)(void *user);
    int64_t (*utc_us)(void *user);
    /* Call manager_wake() at this boot time; replaces the wish before it. INT64_MAX: no wish. */
    void (*wake_at)(void *user, int64_t boot_us);
};

/*
 * How a command ended. `already`: the state asked for was there already, or what a stop undid never
 * came to be: the listener tells no one, and the caller tells the event of the state
 * (device_connected, stream_started …) to the sender alone.
 */
struct manager_outcome {
    struct failure failure; /* code ERROR_NONE on success */
    bool already;
    const char *parameter; /* INVALID_PARAMETERS: which parameter, else NULL */
    const char *allowed;   /* device_id refused, band.name being that: what it may be, or NULL */
    double rate;           /* sample_rate refused: the one asked for */
    double rates[4];       /* sample_rate refused: the allowed ones, ends with 0 */
    int sensor;            /* STREAMING_ERROR: the enum sensor it names, else -1 */
    struct band_identity band; /* connect, disconnect, stop: the band it is about, "" if none */
    unsigned device;           /* its place */
    sensor_set sensors;        /* stop: what was streaming */
    uint64_t received[SENSOR_COUNT],
        lost[SENSOR_COUNT]; /* stop: samples and lost (link and band) of the stream ended */
};

/* The reply to one command; called exactly once, possibly before the command's function returns. */
struct manager_reply {
    void (*done)(void *user, const struct manager_outcome *outcome);
    void *user;
};

enum manager_link {
    LINK_IDLE,
    LINK_CONNECTING,
    LINK_CONNECTED,
    LINK_DISCONNECTING,
    LINK_WAITING /* for a lost band */
};
enum manager_stream { STREAM_IDLE, STREAM_STARTING, STREAM_STREAMING, STREAM_WAITING };
enum scan_status { SCAN_SCANNING, SCAN_COMPLETED, SCAN_STOPPED, SCAN_FAILED };
enum disconnect_reason {
    DISCONNECT_USER_REQUEST,
    DISCONNECT_LINK_LOST,
    DISCONNECT_SILENT,
    DISCONNECT_BLUETOOTH_OFF,
    DISCONNECT_SHUTDOWN
};
enum stream_end {
    STREAM_END_USER_REQUEST,
    STREAM_END_DURATION,
    STREAM_END_DEVICE_DISCONNECTED,
    STREAM_END_ERROR
};
enum sensor_state { SENSOR_IS_FLOWING, SENSOR_IS_SILENT, SENSOR_IS_RETRYING };

/* As messages and the log have them. */
const char *manager_link_name(enum manager_link link);
const char *manager_stream_name(enum manager_stream stream);
const char *scan_status_name(enum scan_status status);
const char *disconnect_reason_name(enum disconnect_reason reason);
const char *stream_end_name(enum stream_end end);
const char *sensor_state_name(enum sensor_state state);

/* What all bands share; valid until the next call. */
struct manager_ground {
    unsigned max_bands; /* that may be connected at a time */
    bool bluetooth_available, bluetooth_powered;
    const char *bluetooth_message;
    bool scanning;
};

/* What a reply, an event or a page may want to know of one band; valid until the next call. */
struct manager_status {
    enum manager_link link;
    struct band_link
        device; /* name, address, rssi, battery, firmware, anchor; while connected or waiting */
    enum manager_stream stream;
    sensor_set sensors;              /* of the stream */
    double sample_rate;              /* EEG, as asked for or the default, Hz; 0 while unknown */
    int eeg_rate;                    /* the band's own, nominal; 0 while unknown */
    double duration;                 /* s as asked for, 0: no end */
    int64_t since_utc_us;            /* start of the stream */
    double remaining;                /* s, NAN without end */
    double silent_for[SENSOR_COUNT]; /* s, NAN where nothing is subscribed */
    sensor_set flowing;              /* what is subscribed on purpose, the battery too */
    const struct pipeline *pipeline; /* the band's, borrowed */
    double utc_error_ms;             /* real UTC − UTC told, NAN when not connected */
    uint64_t reconnects;
};

/* Of it, what each message is written by: looked up without a look at clocks, or a copy. */
struct manager_streamed {
    const char *device_id; /* valid until the device changes */
    sensor_set sensors;    /* 0: there is no stream */
    double sample_rate;    /* as of manager_status */
};

/*
 * What is wanted of a band, for a daemon that dies to take up again: to be kept where it outlives
 * the process. No band (both fields ""): nothing is wanted.
 */
struct manager_wants {
    struct band_identity band;
    sensor_set sensors;   /* of the stream, 0: none */
    double sample_rate;   /* EEG, Hz, as asked for; 0: the default */
    double seconds;       /* duration as asked for, 0: no end */
    int64_t until_utc_us; /* when that ends; 0: no end */
    int64_t since_utc_us; /* start of the stream; 0: it has not started */
};

/* Every function must be there. Pointers are borrowed for the call. */
struct manager_listener {
    void *user;
    /* Of all bands. */
    void (*bluetooth_status)(void *user);
    void (*scan_result)(void *user, enum scan_status status);
    /* From here on of the band in place `device`. Something of device_info changed (the caller
     * limits to one a second). */
    void (*device_info)(void *user, unsigned device);
    void (*device_connected)(void *user, unsigned device, bool resumed, double clock_step_ms);
    /* The host's UTC was set while a band is connected. The samples' times follow a step forward of
     * more than 1 s at once, others with the next stream, and none while a recording runs. */
    void (*clock_stepped)(void *user, unsigned device, double step_ms);
    void (*device_disconnected)(void *user, unsigned device, const struct band_identity *band,
                                enum disconnect_reason reason, bool will_reconnect);
    void (*device_connection_failed)(void *user, unsigned device, const struct band_identity *band,
                                     const struct failure *failure, bool will_retry);
    void (*stream_started)(void *user, unsigned device, bool resumed);
    /* `sensors`: those that stream_started or the reply to a start had told. */
    void (*stream_stopped)(void *user, unsigned device, const struct band_identity *band,
                           sensor_set sensors, enum stream_end reason, bool will_resume);
    void (*sensor_status)(void *user, unsigned device, enum sensor sensor, enum sensor_state state,
                          double silent_for);
    /* Data. `packet` comes first, then what the pipeline makes of it; link_up and link_down bracket
     * them. */
    void (*link_up)(void *user, unsigned device, const struct band_link *link);
    void (*link_down)(void *user, unsigned device, int64_t boot_us);
    void (*subscription)(void *user, unsigned device,
                         sensor_set sensors); /* what flows on purpose from here on */
    void (*packet)(void *user, unsigned device, const struct packet *packet);
    void (*samples)(void *user, unsigned device, const struct sample_block *block);
    /* As the pipeline's: whether somebody wants the sensor's features now; NULL: always. */
    bool (*wants_features)(void *user, unsigned device, enum sensor sensor);
    void (*eeg)(void *user, unsigned device, const struct eeg_features *features);
    void (*ppg)(void *user, unsigned device, const struct ppg_features *features);
    void (*acc)(void *user, unsigned device, const struct acc_features *features);
    /* As the pipeline's; NULL: nobody wants them. */
    bool (*wants_bands)(void *user, unsigned device);
    void (*bands)(void *user, unsigned device, const struct eeg_bands *bands);
    /* At each change; empty after a disconnect asked for and at shutdown. */
    void (*wants_changed)(void *user, unsigned device, const struct manager_wants *wants);
};

struct manager_config {
    int mains_hz;
    sensor_set always;  /* wanted of each band from its connect on, whoever else asks */
    unsigned max_bands; /* at a time, 1 to MANAGER_DEVICES_MAX; 0 is taken for 1 */
    /* EEG goes on at once on a fresh link, and the rest after it; a band of which nothing comes
     * then is started in its model's order, now and as long as the manager lives. */
    bool fast_start;
};

struct manager;

/*
 * Takes the backend over: manager_shutdown destroys it. Host and listener are copied. NULL: no
 * memory, and the backend stays the caller's.
 */
struct manager *manager_create(const struct manager_config *config, struct backend *backend,
                               const struct manager_host *host,
                               const struct manager_listener *listener);

/* To be called at the time asked for by host.wake_at (earlier does no harm). */
void manager_wake(struct manager *manager);

/*
 * The host was suspended (boot time jumped against monotonic): the silence of that time counts for
 * nothing, the link is checked, a lost band is tried at once. The manager also takes it for that if
 * it is woken 3 s late, so that a starved process accuses no sensor.
 */
void manager_resumed(struct manager *manager);

/*
 * Takes up what a run that died was wanted to do, as if the band had just been lost; what comes of
 * it is told with resumed: true. A recording is not begun anew. Only before the first command.
 */
void manager_restore(struct manager *manager, const struct manager_wants *wants);

/*
 * Connects this band whenever it appears and streams all sensors, until a user disconnects it or
 * connects another before it was seen. After manager_restore, which goes first if it has a band.
 */
void manager_auto_connect(struct manager *manager, const char *name_or_address);

/* A scan while one runs joins it: its reply comes when the first one ends. At most 60 s. */
void manager_scan(struct manager *manager, double seconds, struct manager_reply reply);
void manager_stop_scan(struct manager *manager, struct manager_reply reply);
/* Either may be NULL, not both; compared without regard to case. Answered within 20 s. */
void manager_connect(struct manager *manager, const char *address, const char *device_id,
                     struct manager_reply reply);
void manager_disconnect(struct manager *manager, unsigned device, struct manager_reply reply);
/* rate 0: the default (250). seconds 0: no end. Answered within 10 s of being connected. */
void manager_start_streaming(struct manager *manager, unsigned device, sensor_set sensors,
                             double rate, double seconds, struct manager_reply reply);
void manager_stop_streaming(struct manager *manager, unsigned device, struct manager_reply reply);

/* Whether the band gives EEG at this rate (0: its own, always); if not, *outcome is the refusal. */
bool manager_rate_fits(struct manager *manager, unsigned device, sensor_set sensors, double rate,
                       struct manager_outcome *outcome);

/* Who asked with `user` has gone: the reply is not called any more, what was asked for goes on. */
void manager_forget(struct manager *manager, const void *user);

/* The recording's demand, beside the stream's; 0: none. */
void manager_want_for_recording(struct manager *manager, unsigned device, sensor_set sensors);

/* The places of those that are not idle, in the order they came; returns how many. */
size_t manager_devices(const struct manager *manager, unsigned places[MANAGER_DEVICES_MAX]);
/* Whether the band there, or the one that is to be connected there next, is called so: its name or
 * its address, without regard to case. */
bool manager_is_named(const struct manager *manager, unsigned device, const char *device_id);
const struct manager_ground *manager_ground(struct manager *manager);
const struct manager_status *manager_status(struct manager *manager, unsigned device);
struct manager_streamed manager_streamed(const struct manager *manager, unsigned device);

/* The mains' frequency that the EEG is rid of, Hz. */
int manager_mains_hz(const struct manager *manager);
const struct pipeline_counts *manager_counts(struct manager *manager, unsigned device,
                                             enum sensor sensor);
/* UTC in Unix ms for this boot time, by the anchor of the connection; the host's own when not
 * connected. */
double manager_utc_ms(struct manager *manager, unsigned device, int64_t boot_us);
/* How many packets of the sensor came, since the last sound one, that can't be read; if any, fills
 * *failure with why. */
unsigned manager_bad_packets(const struct manager *manager, unsigned device, enum sensor sensor,
                             struct failure *failure);
/* The nearest bands of the running or last scan, the strongest first; returns how many, at most
 * MANAGER_SCAN_DEVICES_MAX. */
size_t manager_scan_devices(const struct manager *manager, const struct band_sighting **devices);

/*
 * Answers what is open with CANCELLED, tells disconnection, lets the band go, destroys the backend,
 * frees itself, then calls done. How long it takes is the backend's: the caller has its own limit.
 * Until then commands are answered CANCELLED.
 */
void manager_shutdown(struct manager *manager, void (*done)(void *user), void *user);

#endif
