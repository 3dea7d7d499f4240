/* What is answered and told of a device: the reply first, then the event, and then data. Each
 * leaves the device in its new state before the first word: whoever hears it may command. */
#ifndef MANAGER_TOLD_H
#define MANAGER_TOLD_H

#include "device.h"

/* What became of a sensor; of the battery none is told. */
void told_sensor(struct device *d, enum sensor sensor, enum sensor_state state, double silent_for);

void told_clock_stepped(struct device *d, int64_t step_us);

/* The stream has started; the sensors that were refused are told after it. */
void told_started(struct device *d);
/* The band's rate, where another was told. */
void told_eeg_rate(struct device *d, int eeg_rate);
/* The band sends nothing. */
void told_failed(struct device *d);
/* The rate asked for turned out not to be had; what streamed before goes on. */
void told_rate_refused(struct device *d);
/* Its duration is over. */
void told_over(struct device *d);
/* stream_stopped, if anybody knew of these. */
void told_stopped(struct device *d, sensor_set sensors, enum stream_end reason);

/* Of the stream's sensors those that were refused. */
sensor_set told_refused_sensors(const struct device *d);

/* Answers what is owed to starts with this outcome; the stream that they wanted is not to be. */
void told_no_start(struct device *d, const struct manager_outcome *outcome);
/* Ends the stream without a word; returns what the clients knew of it, for stream_stopped. */
sensor_set told_drop_stream(struct device *d);

#endif
