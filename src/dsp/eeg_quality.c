#include "dsp/eeg_quality.h"

#include <math.h>

#include "base/extreme.h"

/* Nothing moves: input noise alone is more. Judged on no fewer samples than this. */
#define FLAT_UV  0.5
#define FLAT_MIN 25
/* Mains of this rms halves the index. */
#define MAINS_HALF_UV 50.0
#define SQI_GOOD      0.7

bool eeg_quality_take(struct eeg_quality *q, const struct slot *slot, size_t c)
{
    const struct slot_channel *channel = &slot->channel[c];
    const bool first = q->slots == 0;
    q->raw_lo = first ? channel->uv : lesser(q->raw_lo, channel->uv);
    q->raw_hi = first ? channel->uv : greater(q->raw_hi, channel->uv);
    bool off = slot->leadoff & EEG_LEADOFF_MASK(c);
    bool saturated = channel->saturated;
    q->slots++;
    q->leadoff += off;
    q->saturated += saturated;
    q->good += channel->state == SLOT_GOOD && !off;
    q->mains += channel->mains * channel->mains;
    return channel->state != SLOT_HELD && !off && !saturated;
}

struct eeg_verdict eeg_quality_close(struct eeg_quality *q, unsigned spoilt)
{
    struct eeg_verdict v = {0};
    v.flat = q->slots >= FLAT_MIN && q->raw_hi - q->raw_lo < FLAT_UV;
    v.leadoff = 2 * q->leadoff >= q->slots && q->slots > 0;
    const unsigned measured = v.flat ? 0 : q->good;
    v.good = measured > spoilt ? measured - spoilt : 0;
    if (q->slots > 0) {
        double mains = q->mains / q->slots;
        double clean = 1 / (q->slots * (1 + mains / (MAINS_HALF_UV * MAINS_HALF_UV)));
        v.sqi = v.good * clean;
        v.sound = measured * clean >= SQI_GOOD;
    }
    if (v.leadoff || 2 * q->saturated > q->slots)
        v.quality = QUALITY_NO_CONTACT;
    else
        v.quality = v.sqi >= SQI_GOOD ? QUALITY_GOOD : QUALITY_POOR;
    *q = (struct eeg_quality){0};
    return v;
}
