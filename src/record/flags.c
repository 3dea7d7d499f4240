#include "flags.h"

#include <math.h>

#include "dsp/mend.h"

/* A stretch's first zeros are held against what its first block measures elsewhere. */
void flagging_begin(struct flagging *flagging, const struct sample_block *block)
{
    const struct samples *samples = &block->samples;

    if (flagging->began && !block->restart)
        return;
    flagging->began = true;
    for (size_t c = 0; c < samples->as->channel_count; c++) {
        for (size_t i = samples->count; i-- > 0;) {
            const double uv = samples->eeg[i].uv[c];
            flagging->last[c] = uv != 0 ? uv : flagging->last[c];
        }
    }
}

unsigned flagging_take(struct flagging *flagging, const struct samples *samples, size_t i)
{
    const struct model_sensor *as = samples->as;
    const struct eeg_sample *sample = &samples->eeg[i];
    const double full = as->unit_per_count * (as->full_scale - 0.5);
    unsigned flags = 0;

    for (size_t c = 0; c < as->channel_count; c++) {
        const double uv = sample->uv[c];
        if (as->channels[c].leadoff && sample->leadoff & EEG_LEADOFF_MASK(c))
            flags |= (unsigned)FLAG_LEADOFF << c;
        if (fabs(uv) >= full)
            flags |= FLAG_SATURATED;
        if (zero_is_false(uv, flagging->last[c]))
            flags |= FLAG_ZERO;
        flagging->last[c] = uv != 0 ? uv : flagging->last[c];
    }
    return flags;
}
