/* A recorder in virtual time, in the place of record/recorder.c: no disk, no pool. What it is given
 * to record is told as a count and a checksum where it ends. */
#ifndef FAKE_RECORDER_H
#define FAKE_RECORDER_H

#include "record/recorder.h"

struct recorder *fake_recorder_create(const struct recorder_listener *listener);
void fake_recorder_destroy(struct recorder *recorder);

/* The next start fails; the recording that runs does. */
void fake_recorder_refuse(struct recorder *recorder);
void fake_recorder_fail(struct recorder *recorder);

/* When it has something to tell, boot time; INT64_MAX: nothing. */
int64_t fake_recorder_due(const struct recorder *recorder);
void fake_recorder_wake(struct recorder *recorder);

/* What it took since the last recording began. */
void fake_recorder_taken(const struct recorder *recorder, char *text, size_t size);

#endif
