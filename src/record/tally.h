/* What a session's blocks and markers come to: the counts and lists of session.json. */
#ifndef RECORD_TALLY_H
#define RECORD_TALLY_H

#include "band/block.h"
#include "record/session.h"

/* A block at the band's own rate. */
void tally_block(struct session_info *info, const struct sample_block *block);
void tally_marker(struct session_info *info, double ms, const char *label);
void tally_step(struct session_info *info, double at_ms, double step_ms);
/* Forgets what the above counted. */
void tally_clear(struct session_info *info);

#endif
