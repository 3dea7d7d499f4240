#include "eeg_lane.h"

/* A tenth is no whole number of ticks, but of tenths of one: so no rounding moves its edge. */
#define TENTH BLOCK_TICK_HZ

static double in_tenths(double tick)
{
    return tick * EEG_BANDS_RATE;
}

void eeg_lane_start(struct eeg_lane *lane)
{
    *lane = (struct eeg_lane){.grid.period = TENTH};
}

bool eeg_lane_is_over(const struct eeg_lane *lane, double tick)
{
    return lane->slots > 0 && grid_passed(&lane->grid, in_tenths(tick));
}

void eeg_lane_take(struct eeg_lane *lane, const struct slot *slot)
{
    if (!lane->grid.open || grid_passed(&lane->grid, in_tenths(slot->tick)))
        grid_open(&lane->grid, in_tenths(slot->tick));
    lane->slots++;
    lane->lost += slot->extra + !slot->sample;
    lane->ms = slot->ms;
    for (size_t c = 0; c < EEG_CHANNELS; c++)
        lane->leadoff[c] += (slot->leadoff & EEG_LEADOFF_MASK(c)) != 0;
}

/* By the marks, which last for as long as what made them is in the second. */
static unsigned artefacts_of(const struct eeg_powers *powers)
{
    static const unsigned artefacts[] = {[WATCH_NOTHING] = 0,
                                         [WATCH_BLINK] = ARTEFACT_BLINK,
                                         [WATCH_MOVEMENT] = ARTEFACT_MOVEMENT,
                                         [WATCH_POP] = ARTEFACT_POP};
    const unsigned spoilt = eeg_powers_spoils(powers);
    return (spoilt & SPOILT_BLINK ? artefacts[eeg_watch_latest(&powers->watch)] : 0) |
           (spoilt & SPOILT_FAST ? ARTEFACT_POP : 0);
}

static void tell_lane(const struct eeg_lane *lane, const struct eeg_powers powers[EEG_CHANNELS],
                      const bool muscle[EEG_CHANNELS], struct eeg_bands *bands)
{
    *bands = (struct eeg_bands){.lost = lane->lost, .timestamp = lane->ms};
    for (size_t c = 0; c < EEG_CHANNELS; c++) {
        bands->leadoff[c] = 2 * lane->leadoff[c] >= lane->slots;
        bands->artefacts |= artefacts_of(&powers[c]) | (muscle[c] ? ARTEFACT_MUSCLE : 0);
        eeg_powers_last_second(&powers[c], bands->power[c]);
    }
}

void eeg_lane_close(struct eeg_lane *lane, double tick,
                    const struct eeg_powers powers[EEG_CHANNELS], const bool muscle[EEG_CHANNELS],
                    struct eeg_bands *bands)
{
    if (bands)
        tell_lane(lane, powers, muscle, bands);
    eeg_lane_start(lane);
    grid_open(&lane->grid, in_tenths(tick));
}
