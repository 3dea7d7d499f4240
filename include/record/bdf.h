/* A capture as BDF+ (24 bit) by EDFlib: docs/recording.md says what is where. Blocks. */
#ifndef RECORD_BDF_H
#define RECORD_BDF_H

#include <stdbool.h>

#include "record/bdf_span.h"
#include "record/playback.h"
#include "record/session.h"

struct bdf_result {
    uint64_t records;    /* of a second, or of a part of it for many annotations */
    uint64_t annotated;  /* gaps and markers */
    uint64_t overlapped; /* samples left out, for UTC had stepped back over a reconnect */
    struct playback_summary played;
};

/* What that of a band covers by itself. False, and *failure, where there is nothing to write. */
bool bdf_span_of(int dir, const struct session_info *info, struct bdf_span *span,
                 struct failure *failure);
/* What those of all bands of a session cover together, whose folder `dir` is; false: none has a
 * sample. */
bool bdf_span_of_bands(int dir, const struct session *session, struct bdf_span *span);

/*
 * Makes session.bdf in the folder `out_dir` from packets.lbcap in `dir`, all or nothing: through
 * session.bdf.part. One that is there already is a failure, never overwritten. Where `span` isn't
 * NULL its records cover that, which must hold what they have by themselves: what the band didn't
 * send of it is padded and annotated as a gap.
 */
bool bdf_make(int dir, int out_dir, const struct session_info *info, const struct bdf_span *span,
              struct bdf_result *result, struct failure *failure);

#endif
