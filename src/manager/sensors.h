/*
 * The notifications of one link: which are on, which goes next, which bring nothing.
 *
 * One operation after another, in the model's order (docs/band.md: one known to work): at a
 * connection all off, quiet, the battery on; then for a stream `start` written, and each sensor on
 * with a pause between. Of a change only the differences are done: what is not wanted any more goes
 * off, what is new goes on.
 *
 * In haste a fresh link is taken to be off: `start` and its sensor go first, the others at once
 * after it. Where nothing comes of the first for HASTE_US all begins anew in the model's order.
 *
 * Silence, on the host's boot clock at reception, is the only sign of a link that died without a
 * word. One silent sensor is subscribed anew with back-off; the link is given up only when nothing
 * that is wanted flows. A machine: facts in, one next step out.
 */
#ifndef MANAGER_SENSORS_H
#define MANAGER_SENSORS_H

#include "band/model.h"
#include "manager/manager.h"
#include "when.h"

struct notification {
    enum { NOTIFY_UNKNOWN, NOTIFY_OFF, NOTIFY_TURNING_ON, NOTIFY_ON, NOTIFY_TURNING_OFF } state;
    bool again;       /* to be turned off and on */
    bool trouble;     /* silent or refused, until a packet comes */
    bool sound;       /* a packet came since it was turned on that could be read */
    unsigned bad;     /* packets since the last sound one that could not */
    size_t bad_len;   /* bytes of each of these; 0: of different lengths */
    unsigned lanes;   /* of those that came since the sensor was last heard: a bit each */
    int64_t heard_us; /* 0: never */
    int64_t retry_us, backoff_us;
};

/* Ten packets of EEG. */
#define HASTE_US SECOND

struct sensors {
    const struct band_model *model;
    bool hasty;
    bool proven;        /* haste was of use: something came of the first sensor on this link */
    bool hurried;       /* the first sensor was refused in haste: it may have come too early */
    int64_t doubted_us; /* whether it was of use, since then; 0: not */
    sensor_set has;     /* of it */
    struct notification of[SENSOR_COUNT];
    bool started;        /* the model's start has been written */
    bool busy, writing;  /* an operation is under way; it is a write */
    enum sensor busy_on; /* else of this sensor */
    int64_t busy_until_us;
    int64_t pause_until_us; /* between two sensors */
    int64_t quiet_until_us; /* between off and on */
    bool probing, asked;    /* whether the link is alive; the band is being asked */
    int64_t probe_us, probe_until_us;
};

enum sensors_step {
    SENSORS_DO_NOTHING,
    SENSORS_DO_NOTIFY, /* turn `sensor` `on` or off */
    SENSORS_DO_WRITE,  /* the model's start (`on`) or stop */
    SENSORS_DO_PROBE,  /* ask the band for something */
    SENSORS_DO_TELL,   /* `sensor` is in `state` */
    SENSORS_DO_ORDER,  /* haste has brought nothing: from here on in the model's order */
    SENSORS_DO_SILENT, /* give the link up: nothing of what is wanted flows */
    SENSORS_DO_DEAD,   /* give the link up: the band did not answer */
};

struct sensors_move {
    enum sensor sensor;
    bool on;
    enum sensor_state state;
};

/* A link was made. In the model's order all is unknown then: bluetoothd may have subscribed anew by
 * itself. In haste that does no harm. */
void sensors_begin(struct sensors *sensors, const struct band_model *model, bool hasty);

/* Its next step, booked as taken; none: it names the time to be asked again. While a stream is
 * `starting` nothing is called silent: subscribing itself takes seconds, with a limit of its own.
 */
enum sensors_step sensors_next(struct sensors *sensors, sensor_set wanted, bool starting,
                               struct sensors_move *move, struct when *when);

/* Completions. Returns whether a sensor that is wanted was refused. */
bool sensors_notified(struct sensors *sensors, enum sensor sensor, bool on, bool failed,
                      sensor_set wanted, int64_t now_us);
void sensors_written(struct sensors *sensors);
void sensors_probed(struct sensors *sensors, bool alive, int64_t now_us);

/* A packet that can be read; a sensor is heard once each of its lanes was. Returns whether the
 * sensor had been in trouble, and for how long it had been silent. */
bool sensors_heard(struct sensors *sensors, enum sensor sensor, unsigned lane, int64_t now_us,
                   double *silent_for);
/* One that can't is no sign of life. */
void sensors_heard_bad(struct sensors *sensors, const struct packet *packet);
/* Those whose operations hang, as if refused; once they complete the sensors just flow. */
void sensors_give_up(struct sensors *sensors, sensor_set set, int64_t now_us);
/* The host slept: the silence of that time counts for nothing. */
void sensors_forgive(struct sensors *sensors, int64_t now_us);
/* No stream tells whether the link lives: an answer of the band's has to. */
void sensors_check_link(struct sensors *sensors, int64_t now_us);

/* What was acknowledged; what was refused, or is silent. */
sensor_set sensors_on(const struct sensors *sensors);
sensor_set sensors_in_trouble(const struct sensors *sensors);
/* Whether bad packets are all that come of these, which are on. */
bool sensors_only_bad(const struct sensors *sensors, sensor_set set);
/* The first of these whose packets can't be read, else the first of all. */
enum sensor sensors_to_blame(const struct sensors *sensors, sensor_set set);
/* As manager_bad_packets(). */
unsigned sensors_bad(const struct sensors *sensors, enum sensor sensor, struct failure *failure);
/* Whether haste has brought nothing of it. */
bool sensors_is_vain(const struct sensors *sensors, enum sensor sensor);
/* s; NAN where nothing has been subscribed yet. */
double sensors_silent_for(const struct sensors *sensors, enum sensor sensor, int64_t now_us);

#endif
