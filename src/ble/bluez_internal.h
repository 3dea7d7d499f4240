/* The backend's inside, shared by the files bluez_*.c: one struct, one part of it a file. */
#ifndef BLUEZ_INTERNAL_H
#define BLUEZ_INTERNAL_H

#include "ble/bluez.h"
#include "bluez_errors.h"
#include "bluez_objects.h"
#include "bus.h"

/* How long a method may take. A Connect to an absent band would take BlueZ 41.6 s. */
#define CALL_LIMIT_MS       5000
#define CONNECT_LIMIT_MS    15000
#define NOTIFY_LIMIT_MS     8000
#define CONTROL_LIMIT_MS    8000
#define DISCONNECT_LIMIT_MS 5000 /* it takes some 2 s */

/* What comes of a band that goes is known this much later: its adapter's Powered=false comes after
 * its own Connected=false, which in turn may come after the errors that its requests are answered
 * with. */
#define VERDICT_MS 200

struct bluez;

/* A handle given out: of the attempt or link, or of one that was refused and is still to be told.
 */
struct bluez_link {
    struct ble_link link; /* first: the two are one address */
    struct bluez *bluez;
};

/* One of the backend's timers. */
typedef void (*alarm_fn)(struct bluez *bluez, int which);
struct alarm {
    uv_timer_t timer;
    struct bluez *bluez;
    alarm_fn fn;
    int which; /* for fn: the sensor, where there is one alarm a sensor */
};

/* An operation's completion that is known at once, but must not be told before it returns. */
struct answer {
    enum { ANSWER_SCAN, ANSWER_DOWN, ANSWER_NOTIFY, ANSWER_WRITE } kind;
    struct bluez_link *handle; /* NULL: of a scan */
    enum link_end end;
    enum sensor sensor;
    bool on;
    struct failure failure; /* ERROR_NONE: success */
};
#define ANSWERS_MAX 16 /* one of each kind and sensor can be pending: 8 */

enum discovery_state {
    DISCOVERY_OFF,
    DISCOVERY_FILTER,   /* SetDiscoveryFilter is under way */
    DISCOVERY_STARTING, /* StartDiscovery is */
    DISCOVERY_ON,
    DISCOVERY_PAUSE, /* off, until the alarm */
    DISCOVERY_STOPPING,
};

struct discovery {
    enum discovery_state state;
    bool scan;         /* wanted by scan_start() */
    bool begun;        /* that scan has been on: an adapter that goes only interrupts it */
    bool seen_on;      /* the adapter has said Discovering since we started */
    unsigned failures; /* in a row */
    uint64_t heard;    /* the mirror's, when last looked at */
    struct bus_call *call;
    struct alarm alarm;
};

enum attempt_state {
    ATTEMPT_NONE,
    ATTEMPT_SEEK,     /* until the band is seen */
    ATTEMPT_QUIET,    /* until discovery has stopped */
    ATTEMPT_CONNECT,  /* Connect is under way */
    ATTEMPT_RESOLVE,  /* connected, until its services are resolved */
    ATTEMPT_CHECK,    /* all objects are being read anew */
    ATTEMPT_FIRMWARE, /* being read */
    ATTEMPT_BATTERY,  /* being read */
    ATTEMPT_DROP,     /* Disconnect is under way, to try again after it */
    ATTEMPT_REMOVE,   /* RemoveDevice is */
    ATTEMPT_PAUSE,    /* before the next try */
    ATTEMPT_CANCEL,   /* by disconnect(): Disconnect is under way */
};

struct attempt {
    enum attempt_state state;
    struct band_identity wanted; /* as asked for */
    struct band_identity band;   /* and as it is known */
    char device[OBJECT_PATH_SIZE];
    bool sighted;
    bool asked;   /* our Connect is under way: bluetoothd has not answered it */
    bool owned;   /* our Connect made the link */
    bool replied; /* what DROP or CANCEL called has answered */
    bool remove;  /* after DROP */
    bool patient; /* SEEK has waited: an object that isn't heard will do too */
    unsigned tries, in_progress, incomplete, hangs, stuck;
    char firmware[BAND_FIRMWARE_SIZE];
    int battery;
    struct bus_call *connect_call; /* whatever comes of the attempt meanwhile */
    struct bus_call *call;
    struct alarm alarm;
};

enum subscription_state { NOTIFY_OFF, NOTIFY_STARTING, NOTIFY_ON, NOTIFY_STOPPING };

/* An AcquireNotify socket. */
struct acquired;

struct subscription {
    char path[OBJECT_PATH_SIZE]; /* of the characteristic; "" where there is none */
    enum subscription_state state;
    unsigned tries;
    bool resuming; /* its socket ended: nobody waits for an answer */
    bool locked;   /* refused, for another holds the notifications */
    struct failure refusal;
    struct acquired *acquired;
    struct bus_call *call;
    struct alarm alarm;
};

struct link {
    bool up;
    bool asked;  /* disconnect() was called */
    bool ending; /* the band is gone; whether by Bluetooth going shows in a moment */
    bool owned;
    char device[OBJECT_PATH_SIZE];
    struct band_identity band;
    int battery; /* as last told */
    struct subscription sensors[SENSOR_COUNT];
    char control[OBJECT_PATH_SIZE];
    bool controlling;
    bool unlocked_once; /* this band's lock was tried to be broken by a Disconnect */
    struct bus_call *control_call, *disconnect_call, *probe_call;
    struct alarm alarm;
};

struct bluez {
    struct backend backend; /* first: the two are one address */
    uv_loop_t *loop;
    struct bus *bus;
    struct objects objects;

    char *adapter_wish;
    bool acquire;
    char known_address[BAND_ADDRESS_SIZE];

    bool bus_up;
    bool loaded;    /* the mirror is what bluetoothd has */
    char owner[64]; /* of org.bluez: its unique name, "" while there is none */
    char bus_trouble[160];
    char load_trouble[240];
    struct bus_call *owner_call, *load_call;
    struct alarm load_alarm; /* to ask again for the owner, or for its objects */

    char adapter[OBJECT_PATH_SIZE]; /* in use; "" if there is none */
    bool usable;                    /* it is powered */
    bool told, told_available, told_powered;
    char told_message[240];

    struct discovery discovery;
    struct bluez_link *handle; /* of the attempt or the link; NULL: there is neither */
    struct attempt attempt;
    struct link link;

    struct answer answers[ANSWERS_MAX];
    size_t answer_count;
    struct alarm answer_alarm;
    struct alarm probe_alarm;

    unsigned open; /* handles, and the bus, not yet closed */
    unsigned goodbyes;
    struct alarm goodbye_alarm;
    bool destroying;
    void (*destroyed)(void *user);
    void *destroyed_user;
};

/* bluez.c */
void alarm_set(struct alarm *alarm, unsigned ms, alarm_fn fn);
void alarm_clear(struct alarm *alarm);
/* Zeroed but for these, for the caller to fill. */
struct answer *answer_later(struct bluez *bluez, struct bluez_link *handle, int kind);
/* Whom the attempt's or link's progress is told. */
static inline const struct link_listener *bluez_listener(const struct bluez *bluez)
{
    return &bluez->handle->link.listener;
}
/* Frees the handle, then tells its end. */
void bluez_down(struct bluez_link *handle, enum link_end end, const struct failure *failure);
/* A method of an object of org.bluez; NULL is no memory, and bus_call() takes that. */
DBusMessage *bluez_method(const char *path, const char *interface, const char *name);
void append_no_options(DBusMessage *message); /* an empty a{sv} */
void bluez_closed(struct bluez *bluez);       /* one of bluez->open */

/* bluez_watch.c: the bus, bluetoothd's coming and going, and the mirror */
struct bus *bluez_watch(struct bluez *bluez, const char *bus_address);
void bluez_reload(struct bluez *bluez);
/* The mirror may have changed: everyone looks, each state machine by the state, not by the edge. */
void bluez_digest(struct bluez *bluez);

/* bluez_adapter.c */
void adapter_advance(struct bluez *bluez);
void adapter_tell(struct bluez *bluez);
bool adapter_is_awaited(const struct bluez *bluez); /* whether there is one isn't known yet */
const char *adapter_trouble(struct bluez *bluez);   /* a sentence; NULL if all is well */
/* The same as what ended something; where all is well again: that the adapter has changed. */
struct failure *adapter_failure(struct bluez *bluez, struct failure *failure);

/* bluez_scan.c */
void discovery_advance(struct bluez *bluez);
void discovery_sightings(struct bluez *bluez);
void discovery_look_anew(struct bluez *bluez); /* a scan or an attempt begins */
void discovery_reset(struct bluez *bluez);     /* bluetoothd has forgotten it */
void bluez_scan_start(struct backend *backend);
void bluez_scan_stop(struct backend *backend);

/* bluez_connect.c */
void attempt_advance(struct bluez *bluez);
void attempt_sighted(struct bluez *bluez, const struct bluez_device *device);
bool attempt_wants_discovery(const struct bluez *bluez);
bool attempt_forbids_discovery(const struct bluez *bluez);
void attempt_fail(struct bluez *bluez, const struct failure *failure);
void attempt_pause(struct bluez *bluez); /* then the next try */
void attempt_disown(struct attempt *attempt);
const char *attempt_label(const struct attempt *attempt); /* of its band */
void attempt_set(struct bluez *bluez, enum attempt_state state, unsigned limit_ms);
/* Whether the link is ours, or becomes so unless it is given up: then it must be ended by us. */
bool attempt_holds(const struct attempt *attempt);
bool may_disconnect(const struct bluez *bluez, bool owned, const char *address);
struct ble_link *bluez_open(struct backend *backend, const struct band_identity *band,
                            const struct link_listener *listener);
void attempt_cancel(struct bluez *bluez);

/* bluez_drop.c */
void attempt_drop(struct bluez *bluez, enum attempt_state state); /* Disconnect, in this state */
void attempt_dropped(struct bluez *bluez); /* it is through, or took too long */
/* After a Disconnect; `remove`: with BlueZ's cache of it emptied, where nothing else is lost. */
void attempt_retry(struct bluez *bluez, bool remove);

/* bluez_gatt.c */
void gatt_check(struct bluez *bluez); /* all objects were read anew while ATTEMPT_CHECK */

/* bluez_probe.c */
void bluez_probe(struct ble_link *handle);

/* bluez_link.c */
void link_begin(struct bluez *bluez, const struct bluez_device *device);
void link_advance(struct bluez *bluez);
void link_end(struct bluez *bluez, enum link_end end);
void link_value(struct bluez *bluez, DBusMessage *changed, int64_t arrival_us);
void link_drop(struct bluez *bluez); /* Disconnect, as if it were lost */
void link_packet(struct bluez *bluez, enum sensor sensor, const uint8_t *bytes, size_t len,
                 int64_t arrival_us);
void bluez_close(struct ble_link *handle);
void bluez_write(struct ble_link *handle, const char *text);

/* bluez_notify.c */
void bluez_notify(struct ble_link *handle, enum sensor sensor, bool on);
/* Its socket ended: another is acquired if that one had `brought` anything, else StartNotify. */
void subscription_resume(struct subscription *subscription, bool brought);
void subscriptions_void(struct bluez *bluez); /* the band is gone: what is pending is not told */
void subscriptions_end(struct bluez *bluez);

/* bluez_acquire.c */
DBusMessage *acquire_method(const char *path);
bool acquire_take(struct bluez *bluez, enum sensor sensor, DBusMessage *reply);
void acquire_drop(struct subscription *subscription);

#endif
