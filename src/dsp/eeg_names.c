#include "dsp/eeg.h"

/* The bands of docs/protocol.md: lower edge inclusive, upper exclusive. */
static const struct {
    const char *name;
    double lo, hi;
} bands[EEG_BANDS] = {
    [EEG_DELTA] = {"delta", 1, 4}, [EEG_THETA] = {"theta", 4, 8},   [EEG_ALPHA] = {"alpha", 8, 13},
    [EEG_BETA] = {"beta", 13, 30}, [EEG_GAMMA] = {"gamma", 30, 45},
};

const char *eeg_band_name(enum eeg_band band)
{
    return bands[band].name;
}

double eeg_band_lo(enum eeg_band band)
{
    return bands[band].lo;
}

double eeg_band_hi(enum eeg_band band)
{
    return bands[band].hi;
}

const char *signal_quality_name(enum signal_quality quality)
{
    static const char *const names[] = {"good", "poor", "no_contact"};
    return names[quality];
}
