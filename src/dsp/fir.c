#include "fir.h"

#include <stdlib.h>
#include <string.h>

#define LANES 4

/* Of eight bytes' alignment, which is all that calloc gives on some machines. */
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(8)));

struct fir {
    size_t length; /* taps, filled up with zeros to whole lanes */
    size_t next;   /* where the next input goes: the oldest's place */
    lanes *taps;   /* the last first: the newest input's is the last */
    float *inputs; /* the last `length` ones, twice, so that they lie in one piece */
};

struct fir *fir_create(const double *taps, size_t count)
{
    struct fir *fir = calloc(1, sizeof *fir);
    if (!fir)
        return NULL;
    fir->length = (count + LANES - 1) / LANES * LANES;
    fir->taps = calloc(fir->length / LANES, sizeof(*fir->taps));
    fir->inputs = calloc(2 * fir->length, sizeof(float));
    if (!fir->taps || !fir->inputs) {
        fir_destroy(fir);
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        const size_t at = fir->length - 1 - i;
        fir->taps[at / LANES][at % LANES] = (float)taps[i];
    }
    return fir;
}

void fir_destroy(struct fir *fir)
{
    if (!fir)
        return;
    free(fir->taps);
    free(fir->inputs);
    free(fir);
}

void fir_reset(struct fir *fir)
{
    memset(fir->inputs, 0, 2 * fir->length * sizeof(float));
}

float fir_step(struct fir *fir, float input)
{
    fir->inputs[fir->next] = fir->inputs[fir->next + fir->length] = input;
    fir->next = fir->next + 1 < fir->length ? fir->next + 1 : 0;

    const float *window = fir->inputs + fir->next;
    lanes sum = {0}, other = {0};
    size_t i = 0;
    for (; i + 1 < fir->length / LANES; i += 2) {
        lanes a, b;
        memcpy(&a, window + LANES * i, sizeof a);
        memcpy(&b, window + LANES * (i + 1), sizeof b);
        sum += fir->taps[i] * a;
        other += fir->taps[i + 1] * b;
    }
    if (i < fir->length / LANES) {
        lanes a;
        memcpy(&a, window + LANES * i, sizeof a);
        sum += fir->taps[i] * a;
    }
    sum += other;
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
