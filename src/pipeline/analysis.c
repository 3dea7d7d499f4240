#include "analysis.h"

#include <stdlib.h>

struct analysis {
    struct pipeline_listener listener;
    struct eeg_dsp *eeg;
    struct heart *heart;
    struct motion *motion;
};

struct analysis *analysis_create(int mains_hz, const struct pipeline_listener *listener)
{
    struct analysis *analysis = calloc(1, sizeof(*analysis));

    if (!analysis)
        return NULL;
    analysis->listener = *listener;
    analysis->eeg = eeg_dsp_create(mains_hz);
    analysis->heart = heart_create();
    analysis->motion = motion_create();
    if (analysis->eeg && analysis->heart && analysis->motion)
        return analysis;
    analysis_destroy(analysis);
    return NULL;
}

void analysis_destroy(struct analysis *analysis)
{
    if (!analysis)
        return;
    eeg_dsp_destroy(analysis->eeg);
    heart_destroy(analysis->heart);
    motion_destroy(analysis->motion);
    free(analysis);
}

static bool wants(const struct pipeline_listener *listener, enum sensor sensor)
{
    return !listener->wants_features || listener->wants_features(listener->user, sensor);
}

static void push_eeg(struct analysis *analysis, const struct sample_block *block)
{
    const struct pipeline_listener *listener = &analysis->listener;
    const bool bands = listener->wants_bands && listener->wants_bands(listener->user);
    const struct eeg_listener heard = {
        .user = listener->user,
        .features = wants(listener, SENSOR_EEG) ? listener->eeg : NULL,
        .bands = bands ? listener->bands : NULL,
    };
    eeg_dsp_push(analysis->eeg, block, &heard);
}

void analysis_push(struct analysis *analysis, const struct sample_block *block)
{
    const struct pipeline_listener *listener = &analysis->listener;

    switch (block->samples.sensor) {
    case SENSOR_EEG:
        if (listener->eeg || listener->bands)
            push_eeg(analysis, block);
        break;
    case SENSOR_PPG:
        if (listener->ppg)
            heart_push(analysis->heart, block, listener->ppg, listener->user);
        break;
    case SENSOR_ACC:
        if (listener->ppg)
            heart_move(analysis->heart, block);
        if (listener->acc)
            motion_push(analysis->motion, block, listener->acc, listener->user);
        break;
    case SENSOR_BAT:
    case SENSOR_COUNT:
        break;
    }
}
