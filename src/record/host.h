/* What a recording tells of its host: names, and what NTP does to its clock. */
#ifndef RECORD_HOST_H
#define RECORD_HOST_H

#include "record/session.h"

void host_describe(struct session_info *info);
void host_ntp_state(struct ntp_state *state);
/* UTC − boot time, µs; false where the two could not be read close enough together to compare. */
bool host_utc_offset(int64_t *offset_us);

#endif
