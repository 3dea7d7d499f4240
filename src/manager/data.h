/* A device's data on their way: carries out what its flow is to do next, and tells what comes of
 * it. */
#ifndef MANAGER_DATA_H
#define MANAGER_DATA_H

#include "parts.h"

/* `on_eeg_rate` hears of the rate while the pipeline still holds the EEG. */
void data_init(struct device *d, void (*on_eeg_rate)(void *user, int rate));

/* The flow's next steps, all of them; false: there was none. */
bool data_settle(struct device *d);
/* A packet of a sensor that is wanted. */
void data_packet(struct device *d, const struct packet *packet);
void data_link_up(struct device *d);
/* The link is gone: gives out what was held, or does so in data_settle() where this comes from
 * within the pipeline. */
void data_link_down(struct device *d);
/* What of that is still to be given out. */
void data_settle_end(struct device *d);

#endif
