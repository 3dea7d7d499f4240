/*
 * What packets go through on their way up: held until their stream has been told, let go of in
 * portions, decoded and timed by the pipeline, whose words the owner hears. A machine: packets and
 * what is wanted in, one next step out.
 */
#ifndef MANAGER_FLOW_H
#define MANAGER_FLOW_H

#include "backlog.h"
#include "ble/backend.h"
#include "pipeline/pipeline.h"
#include "when.h"

struct flow {
    struct pipeline_config config;
    struct pipeline_listener listener;
    struct pipeline *pipeline; /* NULL: it never had a band */
    bool inside;               /* the pipeline, which may not be told of anything then */
    struct band_identity band; /* whose packets it had */
    bool is_up, ends;          /* the link, as the pipeline knows it; that has still to be told */
    sensor_set streamed;       /* as the pipeline was told */
    struct backlog backlog;
    int portion; /* packets of it let go of */
    int64_t portion_us;
    int64_t eeg_us; /* first EEG packet while the rate was unknown; NEVER: none */
    uint64_t received[SENSOR_COUNT], lost[SENSOR_COUNT]; /* samples since flow_mark() */
};

struct flow_facts {
    bool connected;
    sensor_set demand;    /* what is to flow */
    sensor_set held;      /* of that what waits for a start to be told */
    sensor_set recording; /* what is wanted of it all the same when the link ends */
};

enum flow_step {
    FLOW_DO_NOTHING,
    FLOW_DO_PACKET, /* it comes out: flow_packet() */
    FLOW_DO_STREAM, /* the demand changed: flow_stream() */
    FLOW_DO_TIME,   /* nothing came that could tell the EEG rate: flow_time() */
    FLOW_DO_END,    /* the link's end has come out: flow_end() */
};

/* Config and listener are copied. */
void flow_init(struct flow *flow, const struct pipeline_config *config,
               const struct pipeline_listener *listener);
/* To be called before a link is wanted, again does nothing: a pipeline takes memory, and most
 * places never have a band. False: there is none. */
bool flow_provide(struct flow *flow);
void flow_destroy(struct flow *flow);

/* The band's EEG rate; 0: not known. */
int flow_eeg_rate(const struct flow *flow);

/* Its next step, to be taken; none: it names the time to be asked again. The packet's bytes last
 * until the next call. */
enum flow_step flow_next(struct flow *flow, const struct flow_facts *facts, struct packet *packet,
                         struct when *when);
void flow_packet(struct flow *flow, const struct packet *packet);
void flow_stream(struct flow *flow, sensor_set demand, int64_t now_us);
void flow_time(struct flow *flow, int64_t now_us);
void flow_end(struct flow *flow);

/* Whether a packet that comes now goes straight through; what came before it goes before it. */
bool flow_passes(const struct flow *flow, const struct packet *packet, sensor_set held);
/* Returns false if the oldest had to go for it, once in a row. */
bool flow_hold(struct flow *flow, const struct packet *packet);

void flow_link_up(struct flow *flow, const struct band_link *link, const struct band_model *model);
/* Its end is the next step from here on. Returns false if it was told before. */
bool flow_link_down(struct flow *flow);
/* UTC was stepped: what comes is timed anew. */
void flow_anchor(struct flow *flow, struct clock_anchor anchor);

/* What was told of a sensor is counted, since the mark. The pipeline's own counts begin anew with
 * each sensor that enters and with another band. */
void flow_count(struct flow *flow, const struct sample_block *block);
void flow_mark(struct flow *flow);

#endif
