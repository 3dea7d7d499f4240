#include "marks.h"

#include <math.h>

static void close_mark(struct marks *marks, struct mark *mark, const char *text)
{
    if (mark->open)
        marks->tell(marks->user, mark->from_ms, mark->to_ms - mark->from_ms, text);
    mark->open = false;
}

/* From `from_ms` to `to_ms` it is so, or is not. */
static void follow(struct marks *marks, struct mark *mark, bool is_so, double from_ms, double to_ms,
                   const char *text)
{
    if (mark->open && from_ms - mark->to_ms > MARKS_APART_MS)
        close_mark(marks, mark, text);
    if (!is_so)
        return;
    if (!mark->open)
        *mark = (struct mark){.open = true, .from_ms = from_ms, .to_ms = to_ms};
    mark->to_ms = fmax(mark->to_ms, to_ms);
}

static const char *leadoff_text(size_t channel)
{
    static const char *const texts[MODEL_CHANNELS_MAX] = {
        "BAD_leadoff ch1", "BAD_leadoff ch2", "BAD_leadoff ch3", "BAD_leadoff ch4",
        "BAD_leadoff ch5", "BAD_leadoff ch6", "BAD_leadoff ch7", "BAD_leadoff ch8"};

    return texts[channel];
}

static void take_flags(struct marks *marks, unsigned flags, double ms, double step_ms)
{
    for (size_t c = 0; c < marks->channels; c++) {
        const bool off = flags & (unsigned)FLAG_LEADOFF << c;
        follow(marks, &marks->leadoff[c], off, ms, ms + step_ms, leadoff_text(c));
    }
    follow(marks, &marks->saturated, flags & FLAG_SATURATED, ms, ms + step_ms, "BAD_saturated");
    follow(marks, &marks->zero, flags & FLAG_ZERO, ms, ms + step_ms, "BAD_zero");
}

void marks_block(struct marks *marks, const struct sample_block *block)
{
    marks->channels = block->samples.as->channel_count;
    flagging_begin(&marks->flagging, block);
    for (size_t i = 0; i < block->samples.count; i++)
        take_flags(marks, flagging_take(&marks->flagging, &block->samples, i),
                   block->first_ms + (double)i * block->step_ms, block->step_ms);
}

void marks_features(struct marks *marks, const struct eeg_features *features)
{
    follow(marks, &marks->muscle, features->artefacts & ARTEFACT_MUSCLE, features->from_ms,
           features->end_ms, "BAD_muscle");
    for (size_t i = 0; i < features->blink_count; i++)
        marks->tell(marks->user, features->blinks[i], 0, "blink");
}

void marks_finish(struct marks *marks)
{
    for (size_t c = 0; c < marks->channels; c++)
        close_mark(marks, &marks->leadoff[c], leadoff_text(c));
    close_mark(marks, &marks->saturated, "BAD_saturated");
    close_mark(marks, &marks->zero, "BAD_zero");
    close_mark(marks, &marks->muscle, "BAD_muscle");
}
