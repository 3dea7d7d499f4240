#include "stream.h"

#include "states.h"

/* Half a second of the promised 10 s is left for the reply's way. */
#define START_LIMIT_US (10 * SECOND - SECOND / 2)

/* No EEG packet this long after its subscription: its rate is taken to be the default one. */
#define NO_EEG_US (2 * SECOND)

static void stream_enter(struct stream *stream, enum manager_stream state)
{
    state_told(stream->band, STATES_STREAM, stream->state, state);
    stream->state = state;
}

void stream_init(struct stream *stream, const char *band, const struct band_model *model)
{
    *stream = (struct stream){.band = band, .model = model, .ends_us = NEVER};
}

sensor_set stream_open(const struct stream *stream, const struct stream_facts *facts)
{
    return stream->demand.sensors & ~facts->on & ~facts->refused;
}

sensor_set stream_held(const struct stream *stream)
{
    if (!stream->starting)
        return 0;
    return stream->entering & ~(stream->judging ? SENSOR_BIT(SENSOR_EEG) : 0);
}

sensor_set stream_sensors(const struct stream *stream)
{
    return stream->state == STREAM_IDLE ? 0 : stream->demand.sensors;
}

/* ---- Its next step */

static int judged_by(const struct stream *stream, int eeg_rate)
{
    return eeg_rate ? eeg_rate : demand_default_rate(stream->model);
}

/* The rate is known, will not be, or has been waited for long enough. */
static enum stream_step judge_rate(struct stream *stream, const struct stream_facts *facts,
                                   struct when *when)
{
    if (!(facts->on & stream->demand.sensors & SENSOR_BIT(SENSOR_EEG)) || facts->eeg_rate)
        return STREAM_DO_BEGIN;
    if (!stream->judging) {
        stream->judging = true;
        stream->judge_us = when->now_us + NO_EEG_US;
        return STREAM_DO_JUDGE;
    }
    return is_awaited(when, stream->judge_us) ? STREAM_DO_NOTHING : STREAM_DO_BEGIN;
}
static enum stream_step next_of_start(struct stream *stream, const struct stream_facts *facts,
                                      struct when *when)
{
    bool overdue = !is_awaited(when, stream->deadline_us);
    enum stream_step step = STREAM_DO_BEGIN;

    if (stream_open(stream, facts)) {
        stream->judging = false; /* of what was on before all began anew */
        return overdue ? STREAM_DO_GIVE_UP : STREAM_DO_NOTHING;
    }
    if (!(facts->on & stream->demand.sensors))
        return STREAM_DO_FAIL;
    if (!overdue)
        step = judge_rate(stream, facts, when);
    if (step != STREAM_DO_BEGIN)
        return step;
    if (facts->unreadable)
        return STREAM_DO_FAIL;
    if (stream->owed &&
        !demand_rate_fits(&stream->demand, stream->model, judged_by(stream, facts->eeg_rate)))
        return STREAM_DO_REFUSE;
    return STREAM_DO_BEGIN;
}
enum stream_step stream_next(struct stream *stream, const struct stream_facts *facts,
                             struct when *when)
{
    if (stream->state == STREAM_IDLE)
        return STREAM_DO_NOTHING;
    if (!is_awaited(when, stream->ends_us) && !stream->owed)
        return STREAM_DO_END;
    if (stream->starting && facts->connected)
        return next_of_start(stream, facts, when);
    return STREAM_DO_NOTHING;
}

/* ---- What is asked of it */

static void set_end(struct stream *stream, struct clock_anchor now)
{
    double seconds = stream->demand.seconds;
    bool endless = !(seconds > 0 && seconds < 1e9);
    int64_t length = endless ? 0 : (int64_t)(seconds * (double)SECOND);

    stream->ends_us = endless ? NEVER : now.boot_us + length;
    stream->until_utc_us = endless ? 0 : now.utc_us + length;
}

bool stream_is_so(const struct stream *stream, const struct demand *demand, int eeg_rate)
{
    return stream->state == STREAM_STREAMING && !stream->starting &&
           stream->demand.sensors == demand->sensors &&
           demand_rate(demand, stream->model, eeg_rate) == stream->sample_rate;
}

void stream_ask(struct stream *stream, const struct demand *demand, sensor_set flowing,
                bool connected, int64_t now_us)
{
    if (stream->state == STREAM_IDLE)
        stream_enter(stream, STREAM_STARTING);
    if (!stream->starting) {
        stream->before = stream->state == STREAM_STREAMING ? stream->demand : (struct demand){0};
        stream->deadline_us = connected ? now_us + START_LIMIT_US : NEVER;
    }
    stream->demand = *demand;
    stream->starting = stream->owed = true;
    stream->judging = false;
    stream->entering = demand->sensors & SENSOR_SET_STREAMED & ~flowing;
}

void stream_promise(struct stream *stream, const struct demand *demand, int eeg_rate,
                    struct clock_anchor now)
{
    stream_enter(stream, STREAM_WAITING);
    stream->demand = *demand;
    stream->sample_rate = demand_rate(demand, stream->model, eeg_rate);
    stream->told = demand->sensors;
    set_end(stream, now);
}

void stream_prolong(struct stream *stream, double seconds, struct clock_anchor now)
{
    stream->demand.seconds = seconds;
    set_end(stream, now);
}

void stream_expect(struct stream *stream, const struct manager_wants *wants, bool resumes,
                   struct clock_anchor now)
{
    int64_t left = wants->until_utc_us - now.utc_us;

    if (wants->sensors == 0 || (wants->until_utc_us && left <= 0))
        return;
    stream_enter(stream, STREAM_WAITING);
    stream->demand = (struct demand){
        .sensors = wants->sensors & SENSOR_SET_ALL,
        .rate = wants->sample_rate,
        .seconds = wants->seconds,
    };
    stream->sample_rate = demand_rate(&stream->demand, stream->model, 0);
    stream->since_utc_us = wants->since_utc_us;
    stream->until_utc_us = wants->until_utc_us;
    stream->ends_us = wants->until_utc_us ? now.boot_us + left : NEVER;
    stream->told = resumes ? stream->demand.sensors : 0;
    stream->interrupted = wants->since_utc_us ? stream->told : 0;
}

/* ---- What came of it */

static void end_start(struct stream *stream)
{
    stream->starting = stream->judging = stream->owed = false;
    stream->entering = 0;
}

static void take_rate(struct stream *stream, int eeg_rate)
{
    stream->taken_rate = eeg_rate;
    stream->sample_rate = demand_rate(&stream->demand, stream->model, eeg_rate);
}

bool stream_begin(struct stream *stream, int eeg_rate, struct clock_anchor now)
{
    bool resumes = stream->interrupted & stream->demand.sensors;

    /* An outage does not give more time; a start asked for meanwhile does. */
    if (!stream->told || stream->owed)
        set_end(stream, now);
    if (stream->since_utc_us == 0)
        stream->since_utc_us = now.utc_us;
    take_rate(stream, judged_by(stream, eeg_rate));
    stream_enter(stream, STREAM_STREAMING);
    end_start(stream);
    stream->interrupted = 0;
    stream->told = stream->demand.sensors;
    stream->running = true;
    return resumes;
}

bool stream_fall_back(struct stream *stream)
{
    if (!stream->before.sensors)
        return false;
    stream->demand = stream->before;
    end_start(stream);
    return true;
}

void stream_undo(struct stream *stream)
{
    if (!stream->told && stream->starting)
        stream_end(stream);
    stream->owed = false;
}

sensor_set stream_end(struct stream *stream)
{
    sensor_set told = stream->told;

    stream_enter(stream, STREAM_IDLE);
    stream_init(stream, stream->band, stream->model);
    return told;
}

bool stream_found_rate(struct stream *stream, int eeg_rate)
{
    if (stream->starting || stream->state != STREAM_STREAMING ||
        !(stream->demand.sensors & SENSOR_BIT(SENSOR_EEG)) || eeg_rate == stream->taken_rate)
        return false;
    take_rate(stream, eeg_rate);
    return true;
}

void stream_link_up(struct stream *stream, const struct band_model *model, int64_t now_us)
{
    const sensor_set has = model_sensors(model);

    stream->model = model;
    if (stream->state == STREAM_IDLE)
        return;
    stream->demand.sensors &= has;
    stream->told &= has;
    stream->interrupted &= has;
    stream_enter(stream, STREAM_STARTING);
    stream->before = (struct demand){0};
    stream->starting = true;
    stream->judging = false;
    stream->entering = stream->demand.sensors & SENSOR_SET_STREAMED;
    stream->deadline_us = now_us + START_LIMIT_US;
}

void stream_link_lost(struct stream *stream, int eeg_rate, struct clock_anchor now)
{
    if (stream->state == STREAM_IDLE)
        return;
    if (stream->running)
        stream->interrupted = stream->told;
    if (stream->owed) {
        set_end(stream, now);
        stream->sample_rate = demand_rate(&stream->demand, stream->model, eeg_rate);
        stream->told = stream->demand.sensors;
    }
    stream_enter(stream, STREAM_WAITING);
    end_start(stream);
}

bool stream_pause(struct stream *stream)
{
    bool running = stream->running;

    stream->running = false;
    return running;
}
