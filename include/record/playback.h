/* A capture from a file through the pipeline, at full speed: for process, repair, BDF and export.
 * Blocks. */
#ifndef RECORD_PLAYBACK_H
#define RECORD_PLAYBACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "band/capture.h"
#include "base/error.h"
#include "pipeline/pipeline.h"

struct playback_listener {
    struct pipeline_listener pipeline;
    /* Each line that holds something, before the pipeline gets it; may be NULL. */
    void (*record)(void *user, const struct capture_record *record);
    /* Each line that is none, by its number from 1; may be NULL. */
    void (*bad_line)(void *user, uint64_t number, const char *fault);
    void *user;
};

struct playback_summary {
    int64_t start_utc_us;
    uint64_t lines, bad_lines;
    uint64_t first_bad; /* its number, from 1 */
    const char *fault;  /* of the first bad one, static */
    int64_t last_at_us;
    int eeg_rate;
};

/*
 * Plays it to its end; it begins at `start_utc_us` where it does not tell when. Lines that are no
 * capture's are counted and left out, a last one without an end, as a file has that is being
 * written, is left out only. The kind of band is what the capture's head names, whatever `config`
 * says. False and *failure only where the file can't be read, is of an unknown kind of band, or
 * memory runs out.
 */
bool playback_run(FILE *file, const struct pipeline_config *config,
                  const struct playback_listener *listener, int64_t start_utc_us,
                  struct playback_summary *summary, struct failure *failure);

/* One sentence of it, for printf. */
#define PLAYBACK_BAD_LINES                                                                         \
    "%llu of %llu lines of packets.lbcap can't be read, the first is line %llu (%s); what they "   \
    "held is missing"
#define PLAYBACK_BAD_LINES_OF(summary)                                                             \
    (unsigned long long)(summary)->bad_lines, (unsigned long long)(summary)->lines,                \
        (unsigned long long)(summary)->first_bad, (summary)->fault

/* What is missing of the session for lines that could not be read, to the log; nothing where all
 * could. */
void playback_warn(const struct playback_summary *summary, const char *session_id);

#endif
