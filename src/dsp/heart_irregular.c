#include "heart_irregular.h"

#include <math.h>

#include "heart_stats.h"

#define SPAN_S    62.0
#define PAIRS_MIN 24
/* Dash 2009: RMSSD over the mean interval, the largest sixteenth left out. */
#define RMSSD_SHARE 0.1
#define TRIMMED     (1.0 / 16.0)
/* A change of more than this share of the interval is a jump: sinus arrhythmia of 10 % at 15
 * breaths a minute and 60 beats makes changes of up to 14 %. */
#define JUMP_SHARE 0.2
#define JUMPS_MIN  0.3

enum heart_rhythm heart_irregular(const struct heart_nn *nn, double now_s)
{
    double change[HEART_NN_MAX];
    size_t pairs = 0;
    size_t jumps = 0;
    for (size_t k = 2; k < nn->count; k++) {
        const struct heart_beat *b = &nn->beats[k];
        if (b[-2].at_s < now_s - SPAN_S || isnan(b->rr) || isnan(b[-1].rr) ||
            !(b->alike && b[-1].alike && b[-2].alike))
            continue;
        change[pairs] = 2.0 * fabs(b->rr - b[-1].rr) / (b->rr + b[-1].rr);
        jumps += change[pairs++] > JUMP_SHARE;
    }
    if (pairs < PAIRS_MIN)
        return RHYTHM_UNKNOWN;
    double limit = heart_quantile(change, pairs, 1.0 - TRIMMED);
    double squares = 0.0;
    for (size_t i = 0; i < pairs; i++)
        squares += change[i] <= limit ? change[i] * change[i] : 0.0;
    double rmssd = sqrt(squares / ((1.0 - TRIMMED) * (double)pairs));
    return rmssd >= RMSSD_SHARE && (double)jumps >= JUMPS_MIN * (double)pairs ? RHYTHM_IRREGULAR
                                                                              : RHYTHM_REGULAR;
}
