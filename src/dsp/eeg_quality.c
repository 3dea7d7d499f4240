#include "dsp/eeg_quality.h"

#include <math.h>

/* Peak to peak in half a second, 1-30 Hz. EEG stays under 100 µV; a blink at the forehead makes
 * 100 to 400. */
#define ARTEFACT_UV 150.0
/* Nothing moves: input noise alone is more. Judged on no fewer samples than this. */
#define FLAT_UV  0.5
#define FLAT_MIN 25
/* Mains of this rms halves the index. */
#define MAINS_HALF_UV 50.0
#define SQI_GOOD      0.7

static void detect(struct eeg_quality *q, double uv, int rate)
{
    if (!q->started)
        q->slow = uv;
    q->started = true;
    q->slow += (1 - exp(-2 * M_PI * 1.0 / rate)) * (uv - q->slow);
    q->fast += (1 - exp(-2 * M_PI * 30.0 / rate)) * (uv - q->slow - q->fast);
    bool first = q->slots == 0;
    q->swing_lo = first ? q->fast : fmin(q->swing_lo, q->fast);
    q->swing_hi = first ? q->fast : fmax(q->swing_hi, q->fast);
    q->raw_lo = first ? uv : fmin(q->raw_lo, uv);
    q->raw_hi = first ? uv : fmax(q->raw_hi, uv);
}

bool eeg_quality_take(struct eeg_quality *q, const struct slot *slot, size_t c)
{
    const struct slot_channel *channel = &slot->channel[c];
    if (slot->jump) {
        q->started = false;
        q->fast = 0;
    }
    detect(q, channel->uv, slot->rate);
    bool off = slot->leadoff & EEG_LEADOFF_MASK(c);
    bool saturated = channel->saturated;
    q->slots++;
    q->leadoff += off;
    q->saturated += saturated;
    q->good += channel->state == SLOT_GOOD && !off;
    q->mains += channel->mains * channel->mains;
    return channel->state != SLOT_HELD && !off && !saturated;
}

struct eeg_verdict eeg_quality_close(struct eeg_quality *q)
{
    struct eeg_verdict v = {0};
    bool flat = q->slots >= FLAT_MIN && q->raw_hi - q->raw_lo < FLAT_UV;
    v.leadoff = 2 * q->leadoff >= q->slots && q->slots > 0;
    v.artefact = flat || q->swing_hi - q->swing_lo > ARTEFACT_UV;
    v.good = v.artefact ? 0 : q->good;
    if (q->slots > 0) {
        double mains = q->mains / q->slots;
        v.sqi = (double)v.good / q->slots / (1 + mains / (MAINS_HALF_UV * MAINS_HALF_UV));
    }
    if (v.leadoff || 2 * q->saturated > q->slots)
        v.quality = QUALITY_NO_CONTACT;
    else
        v.quality = v.sqi >= SQI_GOOD ? QUALITY_GOOD : QUALITY_POOR;
    *q = (struct eeg_quality){.slow = q->slow, .fast = q->fast, .started = q->started};
    return v;
}
