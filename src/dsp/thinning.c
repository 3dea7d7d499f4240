#include "dsp/thinning.h"

#include <stddef.h>

void thinning_drop(struct thinning *thinning)
{
    if (thinning->decimator)
        decimator_destroy(thinning->decimator);
    thinning->decimator = NULL;
    thinning->factor = 0;
}

void thinning_finish(struct thinning *thinning)
{
    if (thinning->decimator)
        decimator_flush(thinning->decimator, thinning->emit, thinning->user);
    thinning_drop(thinning);
}

bool thinning_push(struct thinning *thinning, const struct sample_block *block, double asked)
{
    const int factor = decimator_factor(block->rate, asked);

    if (factor != thinning->factor) {
        thinning_finish(thinning);
        thinning->factor = factor;
        thinning->decimator =
            factor > 1 ? decimator_create(factor, block->samples.as->channel_count) : NULL;
    }
    if (thinning->decimator)
        decimator_push(thinning->decimator, block, thinning->emit, thinning->user);
    else
        thinning->emit(thinning->user, block);
    return factor == 1 || thinning->decimator;
}
