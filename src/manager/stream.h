/*
 * The one stream of a device: started by anyone, stopped by anyone, interrupted by outages.
 *
 *   IDLE ──start──▸ STARTING ──subscribed, rate known──▸ STREAMING ──stop, duration──▸ IDLE
 *                      ▴ link up                            │ start: STREAMING, re-configured
 *                   WAITING ◂──────────── link lost ────────┘
 *
 * A start given while the band is being connected is STARTING too, and shares the connect's fate. A
 * machine: what was asked and what came of it in, one next step out. It answers no one.
 */
#ifndef MANAGER_STREAM_H
#define MANAGER_STREAM_H

#include "band/clock.h"
#include "demand.h"
#include "manager/manager.h"
#include "when.h"

struct stream {
    const char *band; /* its name, for the log */
    const struct band_model *model;
    enum manager_stream state;
    struct demand demand, before; /* before: what a re-configuration falls back to */
    bool starting;                /* subscriptions or the rate are waited for */
    bool owed;                    /* … and somebody waits to hear of it */
    bool judging;                 /* all is subscribed, only the EEG rate is waited for */
    sensor_set entering;          /* those whose packets are held until it has started */
    sensor_set told;        /* what the clients know to stream, or were promised; 0: nothing */
    bool running;           /* … and were told stream_started since the last stream_stopped */
    sensor_set interrupted; /* what an outage broke off: with these it is a stream resumed */
    int64_t deadline_us, judge_us, ends_us;
    int64_t until_utc_us, since_utc_us;
    int taken_rate; /* the EEG rate that sample_rate was judged by */
    double sample_rate;
};

/* What a start's outcome hangs on. */
struct stream_facts {
    bool connected;
    sensor_set on, refused; /* subscriptions, acknowledged and not; of the rest that is open */
    bool unreadable;        /* nothing comes of those that are on but what can't be read */
    int eeg_rate;           /* the band's own; 0: unknown */
};

enum stream_step {
    STREAM_DO_NOTHING,
    STREAM_DO_JUDGE,   /* let EEG go: its rate is all that is waited for */
    STREAM_DO_GIVE_UP, /* take what is still open for refused */
    STREAM_DO_BEGIN,   /* it has started: stream_begin() */
    STREAM_DO_REFUSE,  /* the band has not got that rate: stream_fall_back() */
    STREAM_DO_FAIL,    /* the band sends nothing */
    STREAM_DO_END,     /* its time is over */
};

void stream_init(struct stream *stream, const char *band, const struct band_model *model);

/* Its next step, to be taken; none: it names the time to be asked again. */
enum stream_step stream_next(struct stream *stream, const struct stream_facts *facts,
                             struct when *when);

/* Of what was asked for those whose subscription is still open. */
sensor_set stream_open(const struct stream *stream, const struct stream_facts *facts);

/* The sensors whose packets wait until the start has been told. Only EEG goes ahead of the others
 * while its rate is waited for: the pipeline holds it itself. */
sensor_set stream_held(const struct stream *stream);

/* What streams, or is to. */
sensor_set stream_sensors(const struct stream *stream);

/* Whether it streams just that, and nothing is under way. */
bool stream_is_so(const struct stream *stream, const struct demand *demand, int eeg_rate);

/* A start, owed an answer. `flowing`: what comes already and goes on. */
void stream_ask(struct stream *stream, const struct demand *demand, sensor_set flowing,
                bool connected, int64_t now_us);
/* A start given while the band is waited for: promised. */
void stream_promise(struct stream *stream, const struct demand *demand, int eeg_rate,
                    struct clock_anchor now);
/* A start of what is already so: its end is counted anew. */
void stream_prolong(struct stream *stream, double seconds, struct clock_anchor now);
/* What a run that died, or an option, wants of the band waited for. */
void stream_expect(struct stream *stream, const struct manager_wants *wants, bool resumes,
                   struct clock_anchor now);

/* All are told from here on that it streams. Returns whether that resumes one broken off. */
bool stream_begin(struct stream *stream, int eeg_rate, struct clock_anchor now);
/* The re-configuration is not to be. Returns false if nothing streamed before it. */
bool stream_fall_back(struct stream *stream);
/* The starts that are owed an answer come to nothing; so does the stream, if it was theirs. */
void stream_undo(struct stream *stream);
/* It is over; returns what the clients knew of it. */
sensor_set stream_end(struct stream *stream);

/* The band's rate turned out. Returns whether another one was told. */
bool stream_found_rate(struct stream *stream, int eeg_rate);

void stream_link_up(struct stream *stream, const struct band_model *model, int64_t now_us);
/* What is under way is promised now. */
void stream_link_lost(struct stream *stream, int eeg_rate, struct clock_anchor now);
/* stream_stopped is told. Returns false if it was not running. */
bool stream_pause(struct stream *stream);

#endif
