/*
 * Where a band's folder is to be read from, so that what is computed of a record is told by the
 * spool alone, and not by when this program began. Blocks on the disk.
 *
 * What is computed hangs for good on where computing began, for windows are laid from there. So it
 * begins anew at fixed places: with the first segment of each LEAD_LEG_RECORDS records, a leg. The
 * two minutes that the heart's variability looks back on, and some, are read before it.
 */
#ifndef UPLINK_LEAD_H
#define UPLINK_LEAD_H

#include <stdint.h>

#define LEAD_LEG_RECORDS 32768 /* 43 minutes of a band of 250 Hz: what a restart computes again */
#define LEAD_US          INT64_C(150000000)
/* Segments before a leg's first at most: each reconnection begins one. */
#define LEAD_SEGMENTS_MAX 64

struct lead {
    uint64_t leg;   /* of the segment that holds the record */
    uint64_t begin; /* the record to read from */
};

/* The leg of a segment, by its first record. */
uint64_t lead_leg(uint64_t segment);

/* What leads to record `next` in the folder of the band. Where segments are gone it is what is
 * left. */
struct lead lead_find(const char *path, uint64_t next);

#endif
