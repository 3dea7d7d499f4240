/* A capture as BDF+ (24 bit) by EDFlib: docs/recording.md says what is where. Blocks. */
#ifndef RECORD_BDF_H
#define RECORD_BDF_H

#include <stdbool.h>

#include "record/playback.h"
#include "record/session.h"

struct bdf_result {
    uint64_t records;    /* of a second, or of a part of it for many annotations */
    uint64_t annotated;  /* gaps and markers */
    uint64_t overlapped; /* samples left out, for UTC had stepped back over a reconnect */
    struct playback_summary played;
};

/*
 * Makes session.bdf in the folder `out_dir` from packets.lbcap in `dir`, all or nothing: through
 * session.bdf.part. One that is there already is a failure, never overwritten.
 */
bool bdf_make(int dir, int out_dir, const struct session_info *info, struct bdf_result *result,
              struct failure *failure);

#endif
