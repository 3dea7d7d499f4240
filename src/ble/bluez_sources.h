/*
 * The notifications of all sources of a band, by the sensors that they are of: one of several lanes
 * is on once each of them is, and off again where one refuses.
 */
#ifndef BLUEZ_SOURCES_H
#define BLUEZ_SOURCES_H

#include "bluez_notify.h"

/* An operation on a sensor. */
struct sources_turn {
    unsigned open;          /* sources that have still to answer */
    struct failure failure; /* the first; ERROR_NONE: none */
};

struct sources {
    struct notify_ground ground;
    const struct band_model *model; /* NULL before sources_begin() */
    struct sources_turn turns[SENSOR_COUNT];
    struct notify of[MODEL_SOURCES_MAX];
};

/* `ground` is copied, but for what it tells of a source that has turned. */
void sources_init(struct sources *sources, const struct notify_ground *ground);
/* Of a link just made, to a band of this kind. */
void sources_begin(struct sources *sources, const struct band_model *model,
                   const struct objects *objects, const char *device);
/* Completed by the listener's `notified`. */
void sources_turn(struct sources *sources, enum sensor sensor, bool on);
/* What came as a signal; false: `path` is none of theirs. */
bool sources_value(struct sources *sources, const char *path, const uint8_t *bytes, size_t len,
                   int64_t arrival_us);
/* The battery's where it has no path of its own and is on; else NULL. */
struct notify *sources_pathless_battery(struct sources *sources);
void sources_void(struct sources *sources); /* the band is gone: what is pending is not told */
void sources_close(struct sources *sources);

#endif
