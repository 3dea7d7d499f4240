#include "dsp/mend.h"

#include <string.h>

void mend_begin(struct mend *mend, const struct sample_block *block)
{
    *mend = (struct mend){
        .channels = block->samples.as->channel_count,
        .limit = (size_t)block->rate / 50,
    };
    for (size_t c = 0; c < mend->channels; c++)
        mend->last[c] = block_measured(block, c);
}

/* The channel's run, if there is one, ends in a good value: the line to it. */
static void bridge_zeros(struct mend *mend, size_t c, double to)
{
    const unsigned run = mend->run[c];
    for (unsigned i = 1; i <= run; i++) {
        double *uv = &mend->pending[mend->count - 1 - run + i - 1].eeg.uv[c];
        *uv = mend->last[c] + (double)i / (run + 1) * (to - mend->last[c]);
    }
    mend->run[c] = 0;
    mend->held[c] = false;
    mend->last[c] = to;
}

static bool is_settled(const struct mend *mend)
{
    for (size_t c = 0; c < mend->channels; c++) {
        if (mend->run[c] > 0)
            return false;
    }
    return true;
}

static void release_mended(struct mend *mend, mend_sink *sink, void *user)
{
    for (size_t i = 0; i < mend->count; i++)
        sink(user, &mend->pending[i]);
    mend->count = 0;
}

/* Too long to be bridged: it stays as it was filled in, with the last good value. */
static void give_up_zeros(struct mend *mend)
{
    for (size_t c = 0; c < mend->channels; c++)
        mend->held[c] |= mend->run[c] > 0;
    memset(mend->run, 0, sizeof(mend->run));
}

void mend_take(struct mend *mend, const struct mend_sample *sample, mend_sink *sink, void *user)
{
    if (mend->count > mend->limit) {
        give_up_zeros(mend);
        release_mended(mend, sink, user);
    }
    struct mend_sample *kept = &mend->pending[mend->count++];
    *kept = *sample;
    for (size_t c = 0; c < mend->channels; c++) {
        double *uv = &kept->eeg.uv[c];
        if (sample->present && !zero_is_false(*uv, mend->last[c])) {
            bridge_zeros(mend, c, *uv);
            continue;
        }
        *uv = mend->last[c];
        mend->run[c] += !mend->held[c];
    }
    if (is_settled(mend))
        release_mended(mend, sink, user);
}

void mend_finish(struct mend *mend, mend_sink *sink, void *user)
{
    give_up_zeros(mend);
    release_mended(mend, sink, user);
}
