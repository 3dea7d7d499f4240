/* EEG at the rate that was asked for: a decimator that follows the band's rate. */
#ifndef DSP_THINNING_H
#define DSP_THINNING_H

#include <stdbool.h>

#include "dsp/decimator.h"

struct thinning {
    struct decimator *decimator; /* NULL: at the band's own rate */
    int factor;                  /* 0 before the first block */
    void *user;
    void (*emit)(void *user, const struct sample_block *block);
};

/*
 * Takes a block of SENSOR_EEG, emits it at `asked` Hz (0: as it is). Where the band's rate changes,
 * what the old rate left inside comes out first. False where memory runs out: it is emitted as it
 * is.
 */
bool thinning_push(struct thinning *thinning, const struct sample_block *block, double asked);
/* The end: emits what is still inside and frees it. */
void thinning_finish(struct thinning *thinning);
/* The same without a word of it. */
void thinning_drop(struct thinning *thinning);

#endif
