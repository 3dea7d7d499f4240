/*
 * A world for the manager in virtual time: a fake host, bands behind a fake backend, and a log
 * of all that the manager tells, one line each. A test is a script: do something, let time run,
 * expect lines.
 */
#ifndef WORLD_H
#define WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "manager/manager.h"

#define SECOND   INT64_C(1000000)
#define NAME     "LXB-00000001"
#define ADDRESS  "AA:BB:CC:DD:EE:01"
#define NAME2    "LXB-00000002"
#define ADDRESS2 "AA:BB:CC:DD:EE:02"
#define EEG      SENSOR_BIT(SENSOR_EEG)
#define PPG      SENSOR_BIT(SENSOR_PPG)
#define ACC      SENSOR_BIT(SENSOR_ACC)
#define BAT      SENSOR_BIT(SENSOR_BAT)

#define LINES_MAX 4096
#define OPS_MAX   256
#define BANDS     (MANAGER_DEVICES_MAX + 1) /* one more than there are places */

enum fake_radio { FAKE_FREE, FAKE_TRYING, FAKE_LINKED };

struct op {
    int64_t at;
    enum { OP_UP, OP_DOWN, OP_REFUSED, OP_NOTIFIED, OP_WRITTEN, OP_PROBED, OP_SCAN_ENDED } kind;
    struct ble_link *link; /* NULL: the scan's */
    enum sensor sensor;
    bool on;
    struct failure failure;
};

/* What a band and the stack do, on its link. */
struct fake_band {
    struct band_identity identity;
    bool absent, unreachable;   /* not in the air; seen, but no connection */
    sensor_set refused, silent; /* subscription fails; nothing comes */
    sensor_set cut;             /* packets come cut */
    bool hangs;                 /* operations on notifications never complete */
    bool deaf;                  /* close() is never answered */
    struct ble_link *link;      /* its one handle; NULL: none is open */
    enum fake_radio radio;
    sensor_set on; /* notifications that are on */
    int64_t next_packet[SENSOR_COUNT];
    unsigned sent[SENSOR_COUNT]; /* packets */
    unsigned connects;           /* attempts the backend was asked for */
};

/* What is told of a place. */
struct told {
    unsigned got[SENSOR_COUNT];    /* blocks */
    int64_t arrived[SENSOR_COUNT]; /* the last packet that was shown, none before it after */
    sensor_set first_seen;         /* sensors whose data were logged */
    bool streaming;                /* by stream_started and stream_stopped */
    struct manager_wants wants;
};

struct world {
    struct manager *manager;
    struct backend backend;
    int64_t now, alarm, utc_offset;
    int64_t slept; /* in suspends: no limit runs on in them */
    struct fake_band bands[BANDS];
    struct fake_band *band; /* whom commands and faults are about */
    size_t band_count;      /* of those that there are: the rest is absent */
    bool odd;               /* the backend says things out of turn */
    bool scanning;
    struct op ops[OPS_MAX];
    size_t op_count;
    struct told places[MANAGER_DEVICES_MAX];
    bool log_operations; /* log also what the backend is asked */
    char lines[LINES_MAX][96];
    size_t line_count, read;
    unsigned asked, answered;
    bool shut_down;
    void (*on_line)(struct world *world, const char *line); /* to act from within a callback */
};

int world_open(void **state);
/* With this many bands, as many of which may be connected: what is told of one begins with the
 * number of its place, from 1. */
extern bool world_fast_start; /* of the worlds that are opened next; false */
int world_open_for(void **state, unsigned max_bands, size_t bands);
int world_close(void **state);

/* From here on commands and faults are about this band, from 1. */
void turn_to(struct world *w, size_t number);

void shut_down(struct world *w);
void shut_down_done(void *user); /* for manager_shutdown */

/* Commands: their replies, each within its limit, are logged as "NAME: ok", "NAME: already ok",
 * "NAME: CODE". */
void ask_scan(struct world *w, double seconds);
void ask_stop_scan(struct world *w);
void ask_connect(struct world *w);
/* About the band's place, or a free one where it has none; if all have others nothing is asked. */
void ask_connect_to(struct world *w, const char *address, const char *name);
void ask_disconnect(struct world *w);
void ask_start(struct world *w, sensor_set sensors, int rate, double seconds);
void ask_stop(struct world *w);

/* Lets the time pass: operations complete, packets come, the manager is woken. */
void run(struct world *w, double seconds);

/* The band or the stack, unasked. */
void lose_link(struct world *w, enum link_end end); /* or the attempt */
void end_link(struct world *w, enum link_end end, const struct failure *failure);
void set_bluetooth(struct world *w, bool on);
void send_packet(struct world *w, enum sensor sensor);

/* Short cuts to a state; they forget the log. */
void get_connected(struct world *w);
void get_streaming(struct world *w, sensor_set sensors);
void get_waiting(struct world *w, sensor_set sensors);
void forget_log(struct world *w);

/* Exactly these lines came since the last expect, in this order. */
void expect_lines(struct world *w, const char *file, int line, const char *const *expected);
#define EXPECT(w, ...)    expect_lines(w, __FILE__, __LINE__, (const char *const[]){__VA_ARGS__, NULL})
#define EXPECT_NOTHING(w) expect_lines(w, __FILE__, __LINE__, (const char *const[]){NULL})

#endif
