/*
 * What a recording's annotations say of its EEG: spans of lead-off, saturation, false zeros and
 * muscle, named BAD_…, which MNE and others leave out by themselves, and blinks. Told by a player
 * of the packets, in the order in which they end.
 */
#ifndef RECORD_MARKS_H
#define RECORD_MARKS_H

#include "band/block.h"
#include "dsp/eeg.h"
#include "flags.h"

/* Spans no further apart are one: what flickers would fill the file. */
#define MARKS_APART_MS 150.0

struct mark {
    bool open;
    double from_ms, to_ms;
};

struct marks {
    struct mark leadoff[MODEL_CHANNELS_MAX], saturated, zero, muscle;
    size_t channels;
    struct flagging flagging;
    void *user;
    /* `duration_ms` 0: a moment. The text is borrowed for the call. */
    void (*tell)(void *user, double from_ms, double duration_ms, const char *text);
};

/* A block of SENSOR_EEG. */
void marks_block(struct marks *marks, const struct sample_block *block);
void marks_features(struct marks *marks, const struct eeg_features *features);
/* Tells what is still open. */
void marks_finish(struct marks *marks);

#endif
