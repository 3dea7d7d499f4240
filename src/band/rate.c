#include "rate.h"

#include <math.h>

/* A packet with one sample skipped before it is 4 % long, and a wobbling one 1.5 % short. */
#define TOLERANCE 0.08

#define AGREEING_FIRST 2
/* At 500 Hz each second packet lost looks like 250 Hz, but not for long. A step shorter than a
 * packet lasts can't come of losses, so that way two are enough at any time. */
#define AGREEING_SLOWER 16

int rate_index(const struct band_model *model, enum sensor sensor, int rate)
{
    const int *rates = model->sensors[sensor].nominal_rates;

    for (int i = 0; rates[i] != 0; i++) {
        if (rates[i] == rate)
            return i;
    }
    return 0;
}

static int nearest_rate(const struct band_model *model, uint32_t count, int32_t ticks)
{
    const int *rates = model->sensors[SENSOR_EEG].nominal_rates;
    const double measured = (double)count * model->counter.hz / ticks;

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

static void judge_step(struct rate_detector *detector, int rate)
{
    detector->agreeing = rate != 0 && rate == detector->candidate ? detector->agreeing + 1 : 1;
    detector->candidate = rate;
    if (detector->agreeing > AGREEING_SLOWER)
        detector->agreeing = AGREEING_SLOWER;
}

bool rate_observe(struct rate_detector *detector, const struct band_model *model,
                  const struct samples *samples)
{
    const int32_t step = model_step(model, detector->tick, samples->tick);
    const bool forward = detector->seen && step > 0;

    if (forward)
        judge_step(detector, nearest_rate(model, detector->count, step));
    detector->seen = true;
    detector->tick = samples->tick;
    detector->count = (uint32_t)samples->count;
    if (!forward || detector->candidate == 0 || detector->candidate == detector->rate ||
        detector->agreeing < agreeing_needed(detector))
        return false;
    detector->rate = detector->candidate;
    return true;
}
