/* A spool's folder looked at from outside, whether or not a daemon writes there. Blocks. */
#ifndef SPOOL_SURVEY_H
#define SPOOL_SURVEY_H

#include "spool/usage.h"

/* Below this much free space on the disk segments go, as for the spool's size. */
#define SPOOL_FREE_MIN (UINT64_C(256) << 20)

/* Changes nothing. Of `usage` what the folder can't tell is 0: what was lost, and the problem.
 * False and errno: it can't be read. */
bool spool_survey(const char *dir, struct spool_usage *usage);

#endif
