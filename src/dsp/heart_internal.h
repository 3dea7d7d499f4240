/* For the tests: the intervals behind the figures, borrowed, and the size of the state. */
#ifndef DSP_HEART_INTERNAL_H
#define DSP_HEART_INTERNAL_H

#include "dsp/heart.h"
#include "heart_nn.h"

const struct heart_nn *heart_intervals(const struct heart *heart);
size_t heart_state_bytes(void);

#endif
