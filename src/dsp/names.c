/* The names that features go by in messages, and where the bands of the EEG begin and end. */
#include "dsp/eeg.h"
#include "dsp/motion.h"

const char *eeg_band_name(enum eeg_band band)
{
    static const char *const names[EEG_BANDS] = {"delta", "theta", "alpha", "beta", "gamma"};

    return names[band];
}

static const double edges[EEG_BANDS][2] = {{1, 4}, {4, 8}, {8, 13}, {13, 30}, {30, 45}};

double eeg_band_lo(enum eeg_band band)
{
    return edges[band][0];
}

double eeg_band_hi(enum eeg_band band)
{
    return edges[band][1];
}

const char *signal_quality_name(enum signal_quality quality)
{
    static const char *const names[] = {"good", "poor", "no_contact"};

    return names[quality];
}

const char *eeg_artefact_name(enum eeg_artefact artefact)
{
    switch (artefact) {
    case ARTEFACT_BLINK:
        return "blink";
    case ARTEFACT_MUSCLE:
        return "muscle";
    case ARTEFACT_MOVEMENT:
        return "movement";
    case ARTEFACT_POP:
        return "pop";
    }
    return NULL;
}

const char *activity_name(enum activity activity)
{
    static const char *const names[] = {"stationary", "sitting", "walking", "running", NULL};

    return names[activity];
}
