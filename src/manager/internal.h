/*
 * The manager inside: its state, and what its files offer each other.
 *
 * Every entry (command, backend's word, wake) is bracketed by manager_enter and manager_leave. In
 * between the state is changed and told; at the outermost leave manager_settle drives whatever does
 * not yet match the state: the radio, the subscriptions, the start that is owed, the silence watch.
 * Each of these is level-triggered: it looks at the state, takes at most the next step, and names
 * through due() the time at which it wants to look again. So no event order can leave a step out,
 * and a command given from within a callback needs no care.
 */
#ifndef MANAGER_INTERNAL_H
#define MANAGER_INTERNAL_H

#include "backlog.h"
#include "demand.h"
#include "ground.h"
#include "when.h"

/* Half a second of the promised 20 s and 10 s is left for the reply's way. */
#define CONNECT_LIMIT_US (20 * SECOND - SECOND / 2)
#define START_LIMIT_US   (10 * SECOND - SECOND / 2)

/* What the backend is at, whatever is wanted. */
enum radio_state { RADIO_FREE, RADIO_TRYING, RADIO_CANCELLING, RADIO_LINKED, RADIO_ENDING };

struct radio {
    enum radio_state state;
    struct band_identity band; /* of the attempt */
    int64_t deadline;          /* of the attempt, or of the patience with the backend */
};

/* What a disconnect has still to tell when it is through. */
struct farewell {
    bool connected;    /* device_disconnected is due */
    sensor_set stream; /* stream_stopped is due for these; 0: none */
    struct band_identity band;
};

struct link {
    enum manager_link state;
    struct band_identity band; /* the one wanted, while not idle */
    struct band_link device;   /* as connected last */
    bool known;                /* `device` is of this want: connected now or before the outage */
    bool resumes;              /* waiting: the connection will be one resumed */
    struct replies connects, disconnects;
    int64_t connect_deadline; /* of `connects` */
    int64_t asked_us;         /* when the first of them came */
    int64_t seen_us;          /* when the wanted band was seen last; INT64_MIN: never */
    int64_t connected_us;
    int64_t next_try, backoff;
    bool outage_told; /* device_connection_failed has gone out in this outage */
    bool proven;      /* samples came over this link: an outage begins its back-off anew */
    bool has_next;    /* disconnecting: `connects` want this one afterwards */
    struct band_identity next;
    struct farewell farewell;
    uint64_t reconnects;
    bool has_anchor;
    struct clock_anchor anchor; /* of the newest connection */
};

enum subscription_state { SUB_UNKNOWN, SUB_OFF, SUB_TURNING_ON, SUB_ON, SUB_TURNING_OFF };

struct subscription {
    enum subscription_state state;
    bool again;     /* to be turned off and on */
    bool trouble;   /* silent or refused, until a packet comes */
    bool sound;     /* a packet came since it was turned on that could be read */
    unsigned bad;   /* packets since the last sound one that could not */
    size_t bad_len; /* bytes of each of these; 0: of different lengths */
    int64_t heard_us;
    int64_t retry_us, backoff;
};

struct subscriptions {
    struct subscription of[SENSOR_COUNT];
    bool eeg_started;    /* the model's start has been written */
    bool busy, control;  /* an operation is under way; it is a control() */
    enum sensor busy_on; /* else of this sensor */
    int64_t busy_until;
    int64_t next_step;   /* the pause between two sensors */
    int64_t quiet_until; /* the pause between off and on */
    bool probing, asked; /* whether the link is alive; the band is being asked */
    int64_t probe_at, probe_deadline;
};

struct stream {
    enum manager_stream state;
    struct demand demand, before; /* before: what a re-configuration falls back to */
    bool starting;                /* subscriptions or the rate are waited for */
    sensor_set told;        /* what the clients know to stream, or were promised; 0: nothing */
    bool running;           /* … and were told stream_started since the last stream_stopped */
    sensor_set interrupted; /* what an outage broke off: with these it is a stream resumed */
    bool judging;           /* all is subscribed, only the EEG rate is waited for */
    sensor_set entering;    /* those whose packets are held until it has started */
    struct replies starts;
    int64_t deadline, judge_at;
    int taken_rate; /* the EEG rate that sample_rate was judged by */
    double sample_rate;
    int64_t ends, until_utc_us, since_utc_us;
    uint64_t received[SENSOR_COUNT], lost[SENSOR_COUNT]; /* samples since it began */
};

/* One band's life. */
struct device {
    struct ground *ground;
    struct radio radio;
    struct link link;
    struct subscriptions subscriptions;
    struct stream stream;
    sensor_set recording; /* the recording's demand */
    sensor_set piped;     /* what the pipeline was told last */
    struct pipeline *pipeline;
    struct backlog backlog;
    int64_t portion_us; /* when the next portion of it may be let go of */
    int64_t eeg_fed_us; /* first EEG packet fed while the rate was unknown; NEVER: none */
    struct manager_wants wants_told;
    struct band_identity pipeline_band;

    bool again; /* settle once more */
    bool info_changed;
    bool reanchor;
    struct {
        bool known;
        int64_t offset_us; /* UTC − boot time, at the last look */
        int64_t look_us;   /* the next */
    } utc;
    bool piping;       /* inside the pipeline, which may not be told of anything then */
    bool link_is_up;   /* as the pipeline and the listener were told */
    bool link_is_down; /* the pipeline has still to be told so */
    bool bad_packet_logged;
};

struct manager {
    struct ground ground;
    struct device devices[MANAGER_DEVICES_MAX];
    struct manager_status status;
    int depth;
    int64_t told_us; /* the wish that the host knows */
    bool again;      /* settle once more */
    bool closing, destroying;
    void (*closed)(void *user);
    void *closed_user;
};

/* manager.c */
void manager_enter(struct manager *m);
void manager_leave(struct manager *m);

/* device.c */
bool device_create(struct device *d, struct ground *ground);
void device_destroy(struct device *d);
/* Each of its parts takes its next step, until none has any. */
bool device_settle(struct device *d);
/* What changed without an event of its own. */
void device_tell_changes(struct device *d);
void device_forgive(struct device *d);
/* Gives out what an end of the link within the pipeline left there. */
void device_end_data(struct device *d);
void device_forget(struct device *d, const void *user);
void device_shutdown(struct device *d, const struct manager_outcome *cancelled);
/* Whether the time has come; if not, the manager will be woken at it. */
bool due(struct device *d, int64_t at_us);

/* connect.c, disconnect.c, stream.c, wants.c: commands in each state of the device */
void device_connect(struct device *d, const struct band_identity *band, struct manager_reply reply);
void device_disconnect(struct device *d, const char *device_id, struct manager_reply reply);
void device_start(struct device *d, const struct demand *demand, struct manager_reply reply);
void device_stop(struct device *d, struct manager_reply reply);
bool device_rate_fits(const struct device *d, const struct demand *demand,
                      struct manager_outcome *outcome);
void device_expect(struct device *d, const struct manager_wants *wants, bool resumes);

/* radio.c: the backend's one attempt or link */
void radio_settle(struct device *d);
void radio_connected(struct device *d, const struct band_link *link);
void radio_connect_failed(struct device *d, const struct failure *failure);
void radio_disconnected(struct device *d, enum link_end end);

/* link.c */
const char *band_label(const struct band_identity *band);
/* Of a device_id that came with an address. */
#define LINK_NAME_ALLOWED "the name of the band at that address; or give the address alone"
/* The band as the events name it. */
const struct band_identity *link_told_band(const struct link *link);
void link_connect(struct device *d, const struct band_identity *band, int64_t deadline);
/* Tells whoever waits for this band to be connected, and all who look on, that it will not be. */
void link_cancel_connects(struct device *d, const struct band_identity *band,
                          const struct manager_outcome *cancelled);
/* The next try in the background is now, and the back-off begins anew. */
void link_try_now(struct device *d);
bool link_wants_attempt(struct device *d);
void link_up(struct device *d, const struct band_link *device);
void link_attempt_failed(struct device *d, const struct failure *failure);
void link_lost(struct device *d, enum disconnect_reason reason);
void link_wait_for(struct device *d, const struct band_identity *band, bool resumes);
void link_seen(struct device *d, const struct band_identity *band);
void link_bluetooth_changed(struct device *d);
/* What to say of a band that was not reached in time. */
struct failure link_not_reached(const struct device *d);
void link_settle(struct device *d);

/* disconnect.c */
void link_disconnected(struct device *d);

/* subscription.c: the order of notifications on one link */
bool sensor_is_wanted(const struct device *d, enum sensor sensor);
void subscriptions_reset(struct device *d);
void subscriptions_settle(struct device *d);
void subscription_notified(struct device *d, enum sensor sensor, bool on,
                           const struct failure *failure);
void subscription_controlled(struct device *d);

/* watch.c: silence */
void watch_heard(struct device *d, enum sensor sensor);
/* A packet that can't be read is no sign of life. */
void watch_bad(struct device *d, const struct packet *packet);
/* Whether bad ones are all that come of these sensors, which are on. */
bool watch_only_bad(const struct device *d, sensor_set sensors);
void watch_refused(struct device *d, enum sensor sensor);
/* Sets the time of the next try, each later than the one before, until a packet comes. */
void watch_back_off(struct device *d, struct subscription *sub);
void watch_probed(struct device *d, bool alive);
void watch_settle(struct device *d);
unsigned device_bad_packets(const struct device *d, enum sensor sensor, struct failure *failure);
double watch_silent_for(const struct device *d, enum sensor sensor);

/* stream.c */
sensor_set demand_of_all(const struct device *d);
void stream_link_up(struct device *d);
void stream_link_lost(struct device *d);
/* Answers what is owed to starts with this outcome; the stream that they wanted is not to be. */
void stream_drop_starts(struct device *d, const struct manager_outcome *outcome);
/* Ends the stream without a word; returns what the clients knew of it, for stream_stopped. */
sensor_set stream_drop(struct device *d);
void stream_count(struct device *d, const struct sample_block *block);
void stream_eeg_rate(struct device *d);
void stream_expect(struct device *d, const struct manager_wants *wants);
void stream_settle(struct device *d);

/* wants.c */
struct manager_wants wants_now(const struct device *d);

/* data.c: packets on their way to the pipeline and up */
struct pipeline *data_pipeline_create(struct device *d);
void data_packet(struct device *d, const struct packet *packet);
void data_battery_level(struct device *d);
void data_link_up(struct device *d);
void data_link_down(struct device *d);
void data_settle(struct device *d);

/* utc.c: steps of the host's UTC */
/* UTC − boot time; false: the reading was interrupted and says nothing. */
bool utc_offset(const struct device *d, int64_t *offset_us);
void utc_link_up(struct device *d);
/* Tells a step, and sees to it that samples' times follow where they may. */
void utc_look(struct device *d);
void utc_settle(struct device *d);

/* status.c */
double status_utc_error_ms(const struct device *d);

#endif
