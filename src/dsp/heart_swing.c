#include "heart_swing.h"

#include <math.h>

/* A swing this much larger is no pulse's within seconds, and one that is back under this may be:
 * breath and rhythm move it by a tenth to a quarter. */
#define JUMP 1.6
#define BACK 1.4
/* What a pulse may grow and shrink by in a second. */
#define GROWTH 1.05
#define SHRINK 0.99
/* A band that was shifted swings more at the rate from before: longer than the rate's span. */
#define SAME_RATE 0.03
#define SAME_S    20
/* Of the rate that is remembered: by the time a jump is seen, the rate has followed it for some
 * seconds. */
#define GAIN 0.05

void heart_swing_start(struct heart_swing *swing)
{
    *swing = (struct heart_swing){.usual = NAN, .rate = NAN};
}

static void begin(struct heart_swing *swing, double rise)
{
    swing->usual = rise;
    for (int i = 0; i < HEART_SWING_LATE; i++)
        swing->before[i] = rise;
}

void heart_swing_update(struct heart_swing *swing, double rise, double rate)
{
    if (!isfinite(rise))
        return;
    if (isnan(swing->usual))
        begin(swing, rise);
    bool was = swing->jumped;
    swing->jumped = rise > (was ? BACK : JUMP) * swing->usual;
    if (swing->jumped && !was)
        swing->usual = swing->before[swing->at];
    bool same = swing->jumped && fabs(rate - swing->rate) <= SAME_RATE * swing->rate;
    swing->same = same ? swing->same + 1 : 0;
    if (swing->same >= SAME_S) {
        begin(swing, rise);
        swing->jumped = false;
    }
    if (swing->jumped)
        return;
    swing->before[swing->at] = swing->usual;
    swing->at = (swing->at + 1) % HEART_SWING_LATE;
    swing->usual = fmax(SHRINK * swing->usual, fmin(GROWTH * swing->usual, rise));
    if (isnan(swing->rate))
        swing->rate = rate;
    if (isfinite(rate))
        swing->rate += GAIN * (rate - swing->rate);
}
