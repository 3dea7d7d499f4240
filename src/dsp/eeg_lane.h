/* The fast lane: powers of the last second, each tenth of one. docs/dsp.md has its delays. */
#ifndef DSP_EEG_LANE_H
#define DSP_EEG_LANE_H

#include "dsp/eeg.h"
#include "dsp/grid.h"
#include "dsp/timeline.h"
#include "eeg_powers.h"

struct eeg_lane {
    struct grid grid;
    unsigned slots; /* of this tenth */
    unsigned leadoff[EEG_CHANNELS];
    uint32_t lost;
    double ms; /* of the newest slot */
};

/* A stream begins: what was under way is never told. */
void eeg_lane_start(struct eeg_lane *lane);

/* Is a tenth over that began before `tick`? Then it is to be closed before a slot is taken. */
bool eeg_lane_is_over(const struct eeg_lane *lane, double tick);

void eeg_lane_take(struct eeg_lane *lane, const struct slot *slot);

/* Ends the tenth; that of `tick` begins. With `bands` it is told there, all but when it arrived:
 * `muscle` as the channels were judged last. */
void eeg_lane_close(struct eeg_lane *lane, double tick,
                    const struct eeg_powers powers[EEG_CHANNELS], const bool muscle[EEG_CHANNELS],
                    struct eeg_bands *bands);

#endif
