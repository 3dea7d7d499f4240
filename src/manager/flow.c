#include "flow.h"

#include <string.h>

#include "sightings.h"

/* The pipeline takes a rate for granted 1 s after the first packet; a hair later it is asked. */
#define RATE_WAIT_US (SECOND + 1000)

/* A start of many seconds holds more than a client's queue takes: it is let go of in portions, with
 * this much time between them to be sent in. */
#define PORTION    16
#define PORTION_US INT64_C(5000)

void flow_init(struct flow *flow, const struct pipeline_config *config,
               const struct pipeline_listener *listener)
{
    flow->config = *config;
    flow->listener = *listener;
    flow->eeg_us = NEVER;
}

bool flow_provide(struct flow *flow)
{
    if (!flow->pipeline)
        flow->pipeline = pipeline_create(&flow->config, &flow->listener);
    return flow->pipeline;
}

void flow_destroy(struct flow *flow)
{
    if (flow->pipeline)
        pipeline_destroy(flow->pipeline);
}

int flow_eeg_rate(const struct flow *flow)
{
    return flow->pipeline ? pipeline_eeg_rate(flow->pipeline) : 0;
}

/* ---- Its next step */

/* What a start had held came before the end: a recording still wants it, and a stream that was told
 * of wants what was not let go of yet. */
static enum flow_step next_of_end(struct flow *flow, const struct flow_facts *facts,
                                  struct packet *packet)
{
    const sensor_set kept = facts->recording | (facts->demand & ~facts->held);

    while (backlog_take(&flow->backlog, SENSOR_SET_ALL, packet)) {
        if (kept & SENSOR_BIT(packet->sensor))
            return FLOW_DO_PACKET;
    }
    return FLOW_DO_END;
}

static bool let_one_go(struct flow *flow, const struct flow_facts *facts, struct packet *packet,
                       struct when *when)
{
    if (!facts->connected || is_awaited(when, flow->portion_us))
        return false;
    if (!backlog_take(&flow->backlog, SENSOR_SET_ALL & ~facts->held, packet)) {
        flow->portion = 0;
        return false;
    }
    if (++flow->portion == PORTION) {
        flow->portion = 0;
        flow->portion_us = when->now_us + PORTION_US;
    }
    return true;
}

static bool wants_time(struct flow *flow, struct when *when)
{
    if (flow->eeg_us == NEVER)
        return false;
    if (!flow_eeg_rate(flow) && is_awaited(when, flow->eeg_us + RATE_WAIT_US))
        return false;
    flow->eeg_us = NEVER;
    return !flow_eeg_rate(flow);
}

enum flow_step flow_next(struct flow *flow, const struct flow_facts *facts, struct packet *packet,
                         struct when *when)
{
    if (flow->inside || !flow->pipeline)
        return FLOW_DO_NOTHING;
    if (flow->ends)
        return next_of_end(flow, facts, packet);
    if (flow->streamed != facts->demand)
        return FLOW_DO_STREAM;
    if (let_one_go(flow, facts, packet, when))
        return FLOW_DO_PACKET;
    return wants_time(flow, when) ? FLOW_DO_TIME : FLOW_DO_NOTHING;
}

void flow_packet(struct flow *flow, const struct packet *packet)
{
    if (packet->sensor == SENSOR_EEG && flow->eeg_us == NEVER && flow_eeg_rate(flow) == 0)
        flow->eeg_us = packet->arrival_us;
    flow->inside = true;
    pipeline_packet(flow->pipeline, packet);
    flow->inside = false;
}

void flow_stream(struct flow *flow, sensor_set demand, int64_t now_us)
{
    struct packet unwanted;

    /* What is held of a stream that has stopped is not the next one's. */
    while (backlog_take(&flow->backlog, SENSOR_SET_ALL & ~demand, &unwanted))
        continue;
    flow->streamed = demand;
    flow->inside = true;
    pipeline_stream(flow->pipeline, demand, now_us);
    flow->inside = false;
}

void flow_time(struct flow *flow, int64_t now_us)
{
    flow->inside = true;
    pipeline_time(flow->pipeline, now_us);
    flow->inside = false;
}

void flow_end(struct flow *flow)
{
    flow->ends = false;
    flow->eeg_us = NEVER;
    flow->inside = true;
    pipeline_link_down(flow->pipeline);
    flow->inside = false;
}

/* ---- What comes in */

bool flow_passes(const struct flow *flow, const struct packet *packet, sensor_set held)
{
    return packet->len == 0 || packet->len > BAND_PACKET_MAX ||
           !((held & SENSOR_BIT(packet->sensor)) || backlog_has(&flow->backlog, packet->sensor));
}

bool flow_hold(struct flow *flow, const struct packet *packet)
{
    return backlog_push(&flow->backlog, packet);
}

/* Another band has another counter and perhaps another rate: nothing of the last one may stay. Of
 * the first there is nothing yet, unless it is of another kind than was taken. */
static void change_band(struct flow *flow, const struct band_identity *band,
                        const struct band_model *model)
{
    const bool first = !flow->band.address[0] && model == pipeline_model(flow->pipeline);
    struct pipeline *fresh;

    if (same_band(&flow->band, band))
        return;
    flow->config.model = model;
    fresh = first ? NULL : pipeline_create(&flow->config, &flow->listener);
    if (fresh) {
        pipeline_destroy(flow->pipeline);
        flow->pipeline = fresh;
        flow->streamed = 0;
    }
    flow->band = *band;
}

void flow_link_up(struct flow *flow, const struct band_link *link, const struct band_model *model)
{
    change_band(flow, &link->band, model);
    flow->backlog.count = 0;
    flow->portion = 0;
    flow->eeg_us = NEVER;
    flow->is_up = true;
    flow->ends = false;
    pipeline_link_up(flow->pipeline, link->anchor);
}

bool flow_link_down(struct flow *flow)
{
    if (!flow->is_up)
        return false;
    flow->is_up = false;
    flow->ends = true;
    return true;
}

void flow_anchor(struct flow *flow, struct clock_anchor anchor)
{
    flow->inside = true;
    pipeline_link_down(flow->pipeline);
    pipeline_link_up(flow->pipeline, anchor);
    flow->inside = false;
}

/* ---- What is counted */

void flow_count(struct flow *flow, const struct sample_block *block)
{
    flow->received[block->samples.sensor] += block->samples.count;
    flow->lost[block->samples.sensor] += block->lost;
}

void flow_mark(struct flow *flow)
{
    memset(flow->received, 0, sizeof(flow->received));
    memset(flow->lost, 0, sizeof(flow->lost));
}
