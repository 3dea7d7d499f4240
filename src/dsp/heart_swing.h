/*
 * How far the light swings, against how far it used to: without an accelerometer, what tells a walk
 * whose steps are as regular as a pulse. Vessels take tens of seconds to let twice the blood in;
 * steps begin at once, and at another rate.
 */
#ifndef DSP_HEART_SWING_H
#define DSP_HEART_SWING_H

#include <stdbool.h>

/* Seconds that a jump takes to be seen: the rise is a median over eight. */
#define HEART_SWING_LATE 8

struct heart_swing {
    double usual;                    /* counts, a pulse's rise; NAN: not known yet */
    double before[HEART_SWING_LATE]; /* the same, of the seconds before; a ring */
    unsigned at;
    double rate; /* a minute, while it was usual; NAN: not known */
    bool jumped; /* it is far more, and not known to be the pulse's */
    int same;    /* seconds since then at the rate from before, in a row */
};

void heart_swing_start(struct heart_swing *swing);

/* Once a second: the light's rise now, counts, and what is told as the rate, a minute; NAN where
 * unknown. */
void heart_swing_update(struct heart_swing *swing, double rise, double rate);

#endif
