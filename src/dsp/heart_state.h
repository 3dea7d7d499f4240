/* All of one heart, for the files that work on it: heart.c owns it, heart_find.c fills its beats.
 */
#ifndef DSP_HEART_STATE_H
#define DSP_HEART_STATE_H

#include "dsp/heart.h"
#include "heart_beats.h"
#include "heart_breath.h"
#include "heart_cycles.h"
#include "heart_motion.h"
#include "heart_nn.h"
#include "heart_perfusion.h"
#include "heart_period.h"
#include "heart_polarity.h"
#include "heart_pulses.h"
#include "heart_signal.h"
#include "heart_swing.h"
#include "heart_timing.h"

struct heart {
    struct heart_signal signal;
    struct heart_period period[HEART_CHANNELS];
    struct heart_polarity polarity;
    struct heart_beats beats;
    struct heart_timing timing;
    struct heart_pulses pulses;
    struct heart_cycles cycles;
    struct heart_nn nn;
    bool doubt;     /* since the last beat something that may have been one was seen */
    bool regular;   /* the last minute was */
    bool explained; /* the pulses by the rhythm */
    bool fast;      /* above what is told */
    int counted;    /* seconds that pulses are still counted; 0: a rhythm tells beats */
    double trust;   /* how much what is counted looks like pulses, 0..1 */
    int hidden;     /* seconds that beats may still be hidden */
    int ambiguous;  /* seconds that a second line in the light is still believed in */
    struct heart_swing swing;
    struct heart_motion motion;
    struct heart_breath breath;
    struct heart_perfusion perfusion;
    double tick; /* of the newest sample */
    enum heart_channel channel;
    bool running;
    bool follows;   /* the next beat continues the one before */
    double stretch; /* true seconds in one of the signal's */
    double since_s; /* of the signal's time: the oldest that may be used */
    int64_t told;   /* filtered samples given out */
    /* the second under way */
    bool counting;
    double boundary; /* tick */
    double sum[HEART_CHANNELS];
    size_t samples;
    bool contact;
    struct ppg_features features;
};

/* Chooses light and edge, finds the beats of the second that ends, and tells them. */
void heart_find(struct heart *heart);

#endif
