#include "rate.h"

#include <math.h>

/* A packet with one sample skipped before it is 4 % long, and a wobbling one 1.5 % short. */
#define TOLERANCE 0.08

#define AGREEING_FIRST 2
/* At 500 Hz each second packet lost looks like 250 Hz, but not for long. A step shorter than a
 * packet lasts can't come of losses, so that way two are enough at any time. */
#define AGREEING_SLOWER 16

int rate_index(enum sensor sensor, int rate)
{
    const int *rates = model_default()->sensors[sensor].nominal_rates;

    for (int i = 0; rates[i] != 0; i++) {
        if (rates[i] == rate)
            return i;
    }
    return 0;
}

static int nearest_rate(uint32_t count, uint32_t ticks)
{
    const int *rates = model_default()->sensors[SENSOR_EEG].nominal_rates;
    const double measured = (double)count * BAND_TICK_HZ / ticks;

    for (; *rates != 0; rates++) {
        if (fabs(measured / *rates - 1) < TOLERANCE)
            return *rates;
    }
    return 0;
}

static int agreeing_needed(const struct rate_detector *detector)
{
    return detector->candidate < detector->rate ? AGREEING_SLOWER : AGREEING_FIRST;
}

static void judge_step(struct rate_detector *detector, uint32_t count, uint32_t ticks)
{
    const int rate = nearest_rate(count, ticks);

    detector->agreeing = rate != 0 && rate == detector->candidate ? detector->agreeing + 1 : 1;
    detector->candidate = rate;
    if (detector->agreeing > AGREEING_SLOWER)
        detector->agreeing = AGREEING_SLOWER;
}

bool rate_observe(struct rate_detector *detector, const struct samples *samples)
{
    const uint32_t step = samples->tick - detector->tick;
    const bool forward = detector->seen && step != 0 && step < UINT32_MAX / 2;

    if (forward)
        judge_step(detector, detector->count, step);
    detector->seen = true;
    detector->tick = samples->tick;
    detector->count = (uint32_t)samples->count;
    if (!forward || detector->candidate == 0 || detector->candidate == detector->rate ||
        detector->agreeing < agreeing_needed(detector))
        return false;
    detector->rate = detector->candidate;
    return true;
}
