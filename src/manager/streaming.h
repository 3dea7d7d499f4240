/* The command start in each state of a device (docs/state-machine.md); a stop is the same in all:
 * told_stop(). */
#ifndef MANAGER_STREAMING_H
#define MANAGER_STREAMING_H

#include "parts.h"

void device_start(struct device *d, const struct demand *asked, struct manager_reply reply);

/* The recording's demand, beside the stream's; 0: none. */
void device_record(struct device *d, sensor_set sensors);

/* Whether the band gives EEG at this rate, as far as that is known; if not, *outcome says so. */
bool device_rate_fits(const struct device *d, const struct demand *demand,
                      struct manager_outcome *outcome);

#endif
