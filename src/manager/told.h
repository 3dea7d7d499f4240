/* What is answered and told of a device: the reply first, then the event, and then data. Each
 * leaves the device in its new state before the first word: whoever hears it may command. */
#ifndef MANAGER_TOLD_H
#define MANAGER_TOLD_H

#include "parts.h"

/* Of a device_id that came with an address: what it may be. */
#define TOLD_NAME_ALLOWED "the name of the band at that address; or give the address alone"

/* ---- The link */

/* From here on this band is wanted, for a user. */
void told_connecting(struct device *d, const struct band_identity *band, int64_t until_us);
/* The attempt under way came to nothing, or its band was not reached in time. */
void told_not_connected(struct device *d, const struct failure *failure);
void told_not_reached(struct device *d);
void told_up(struct device *d, const struct band_link *made);
/* The band that was found is another device's. */
void told_taken(struct device *d, const struct band_link *made);
void told_lost(struct device *d, enum disconnect_reason reason);
/* A disconnect: from here on nothing of the band is passed on; what is to be told of it waits for
 * the link's end, told_left(). */
void told_leaving(struct device *d, const struct manager_outcome *cancelled);
/* While that lasts: the connect that was to follow comes no more. */
void told_unqueued(struct device *d, const struct manager_outcome *cancelled);
void told_left(struct device *d);
void told_shutdown(struct device *d, const struct manager_outcome *cancelled);

/* ---- The stream */

/* It has started; the sensors that were refused are told after it. */
void told_started(struct device *d);
/* The band's rate, where another was told. */
void told_eeg_rate(struct device *d, int eeg_rate);
/* The band sends nothing, or nothing that can be read. Where nobody waits for an answer the link is
 * no good: it is made anew. */
void told_failed(struct device *d);
/* The rate asked for turned out not to be had; what streamed before goes on. */
void told_rate_refused(struct device *d);
/* Its duration is over. */
void told_over(struct device *d);
/* A user stops it. */
void told_stop(struct device *d, struct manager_reply reply);

/* What became of a sensor; of the battery none is told. */
/* Its band is started in its model's order from here on: nothing came of this sensor. */
void told_vain_haste(struct device *d, enum sensor sensor);
void told_sensor(struct device *d, enum sensor sensor, enum sensor_state state, double silent_for);

#endif
