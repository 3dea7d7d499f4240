/* What all devices stand on: the host, the listener, the backend, Bluetooth's state, the scan. */
#ifndef MANAGER_GROUND_H
#define MANAGER_GROUND_H

#include "reply.h"
#include "scan.h"

struct ground {
    struct manager_config config;
    struct manager_host host;
    struct manager_listener listener;
    struct backend *backend;
    struct when when; /* of the entry under way; who settles names when to be asked again */
    int64_t wake_us;  /* what the scan named */
    struct {
        bool known, available, powered;
        char message[240];
    } bluetooth;
    struct scan scan;
    struct replies scans; /* replies that are owed to it */
    /* Places of devices, a bit each: those connected, with a stream, with a recording. */
    unsigned connected, streaming, recording;
    uint64_t arrivals; /* of bands, so far */
    /* UTC − boot time as all samples are told: one clock for all bands, from the first that is
     * connected until the last is not. */
    int64_t clock_offset_us;
    bool clock_moved; /* each of them has to follow */
};

/* A device's word to the listener: the one place that says which device it is about. */
#define TELL(device, word, ...)                                                                    \
    ((device)->ground->listener.word((device)->ground->listener.user, (device)->place,             \
                                     ##__VA_ARGS__))

/* Time, for a machine that anchors something: of the entry, and the host's UTC now. */
struct clock_anchor ground_clock(const struct ground *ground);

/* UTC − boot time; false: the reading was interrupted and says nothing. */
bool ground_utc_offset(const struct ground *ground, int64_t *offset_us);

/* Ends the scan, if it is off now. */
void ground_set_bluetooth(struct ground *ground, bool available, bool powered, const char *message);
bool ground_bluetooth_is_off(const struct ground *ground);
struct manager_outcome ground_bluetooth_outcome(const struct ground *ground);
/* What is answered from a shutdown on. */
struct manager_outcome ground_cancelled(void);

/* The scan's next step, taken; false: there was none. */
bool ground_settle(struct ground *ground);

/* A scan's beginning, and its end by a command; what its backend saw, and that it has stopped. */
void ground_begin_scan(struct ground *ground, double seconds, struct manager_reply reply);
void ground_stop_scan(struct ground *ground, struct manager_reply reply);
void ground_saw(struct ground *ground, const struct band_sighting *sighting);
void ground_scan_stopped(struct ground *ground, const struct failure *failure);
/* Answers the scan's commands, then tells all; what it saw stays for a connect. */
void ground_finish_scan(struct ground *ground, enum scan_status status,
                        const struct failure *failure);

#endif
