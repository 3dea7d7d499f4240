/* `linkbandd export`: a recorded session's formats, made again from its packets. Blocks. */
#ifndef RECORD_EXPORT_H
#define RECORD_EXPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "pipeline/pipeline.h"
#include "record/session.h"

/*
 * Turns what the pipeline makes into lines of `out`: the upper floor's, which knows the messages.
 * `begin` returns the listener to play the capture into.
 */
struct export_lines {
    void *user;
    struct pipeline_listener (*begin)(void *user, FILE *out, const struct session_info *info);
    int mains_hz;
};

/*
 * Writes `format` ("csv", "bdf" or "jsonl") of the session folder `path` into the directory
 * `out_dir`, new files only. `lines` may be NULL unless the format is jsonl.
 */
bool export_session(const char *path, const char *format, const char *out_dir,
                    const struct export_lines *lines, struct failure *failure);

/*
 * The CSV files of an interrupted session, in its own folder `dir`, made whole again from its
 * packets: rows that were not on the disk yet come back. A file that is longer than what the
 * packets give stays as it is.
 */
bool export_csv_whole(int dir, const struct session_info *info, struct failure *failure);

#endif
