#include "tally.h"

#include <math.h>
#include <string.h>

static void add_gap(struct session_info *info, const struct sample_block *block)
{
    info->gap_total++;
    if (info->gap_count < SESSION_GAPS_MAX)
        info->gaps[info->gap_count++] =
            (struct session_gap){.sensor = block->samples.sensor,
                                 .from_ms = info->newest_ms[block->samples.sensor],
                                 .until_ms = block->first_ms,
                                 .lost = block->lost};
}

void tally_block(struct session_info *info, const struct sample_block *block)
{
    enum sensor sensor = block->samples.sensor;
    struct session_counts *counts = &info->counts[sensor];

    counts->samples += block->samples.count;
    if (sensor == SENSOR_BAT)
        return;
    if (block_lost_by_link(block)) {
        counts->lost_link += block->lost;
        add_gap(info, block);
    } else
        counts->skipped_by_band += block->lost;
    info->newest_ms[sensor] = block->first_ms + (double)(block->samples.count - 1) * block->step_ms;
    if (isfinite(block->rate_measured))
        info->rate_measured[sensor] = block->rate_measured;
    if (sensor == SENSOR_EEG)
        info->eeg_rate = block->rate;
}

void tally_marker(struct session_info *info, double ms, const char *label)
{
    info->marker_total++;
    if (info->marker_count == SESSION_MARKERS_MAX)
        return;
    info->markers[info->marker_count].ms = ms;
    session_copy_text(info->markers[info->marker_count].label, sizeof(info->markers[0].label),
                      label);
    info->marker_count++;
}

void tally_step(struct session_info *info, double at_ms, double step_ms)
{
    info->step_total++;
    if (info->step_count < SESSION_STEPS_MAX)
        info->steps[info->step_count++] = (struct session_step){at_ms, step_ms};
}

void tally_clear(struct session_info *info)
{
    memset(info->counts, 0, sizeof(info->counts));
    memset(info->newest_ms, 0, sizeof(info->newest_ms));
    info->gap_count = info->gap_total = 0;
    info->marker_count = info->marker_total = 0;
}
