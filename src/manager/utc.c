#include "utc.h"

#define LOOK_US SECOND

/* As session.json tells steps. */
#define STEP_US INT64_C(10000)

/* An anchor off by less is left alone: the clock's own estimate is no better. */
#define IDLE_ERROR_US INT64_C(5000)

/* While data flow, time must not fall, and small corrections are not worth a seam in the data. */
#define FLOWING_ERROR_US SECOND

void utc_begin(struct utc *utc, bool known, int64_t offset_us, int64_t now_us)
{
    *utc = (struct utc){.known = known, .offset_us = offset_us, .look_us = now_us + LOOK_US};
}
bool utc_looks(struct utc *utc, struct when *when)
{
    if (is_awaited(when, utc->look_us))
        return false;
    utc->look_us = when->now_us + LOOK_US;
    wake_by(when, utc->look_us);
    return true;
}

int64_t utc_saw(struct utc *utc, int64_t offset_us)
{
    int64_t step_us = utc->known ? offset_us - utc->offset_us : 0;

    utc->known = true;
    utc->offset_us = offset_us;
    return step_us >= STEP_US || step_us <= -STEP_US ? step_us : 0;
}

bool utc_is_off(int64_t error_us, bool flowing)
{
    if (flowing)
        return error_us > FLOWING_ERROR_US;
    return error_us >= IDLE_ERROR_US || error_us <= -IDLE_ERROR_US;
}
