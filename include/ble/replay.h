/*
 * Captures played as bands, one each, at their own pace.
 *
 * A band is in the air under its capture's name and address (version 1: CAPTURE_DEFAULT_…, of the
 * captures after the first with their number, from 1, in the last two digits). The capture's first
 * second begins 1 s after the first subscription, so that the others can follow without missing a
 * packet; from there time runs on, and a packet whose sensor is not subscribed (EEG: or not
 * started) is not delivered. A disconnect that was asked for ends the performance: the next one
 * begins at the start, as a band switched on anew. `link down` rows lose the link, and the band is
 * back in the air at the next `link up`.
 *
 * Captures of one session keep the times between them. They begin together, with the first
 * subscription to any: 1 s later that of its linked bands which was recorded first, and what was
 * recorded before it runs already. A band that was recorded later comes into the air 1 s before its
 * start; where it is linked then its link is lost until that. The performance ends with the last of
 * them that is disconnected, and a round with the longest.
 *
 * With `loop` each round follows the last after 1 s without a loss of the link; its ticks begin
 * anew, which is a reboot of the band. Without it the band falls silent at the end, 2 s later the
 * link is lost and the band is in the air no more.
 *
 * The file is read ahead through libuv's pool, some 64 KiB at a time, whatever its size. A line
 * that is wrong is told in the log and left out; before the first packet it refuses the file.
 */
#ifndef BLE_REPLAY_H
#define BLE_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "base/error.h"
#include "ble/backend.h"

#define REPLAY_CAPTURES_MAX 16

struct replay_options {
    const char *const *paths; /* of captures, each of another band; copied */
    size_t count;             /* 1 to REPLAY_CAPTURES_MAX */
    const unsigned *sessions; /* of each the number of its session, below REPLAY_CAPTURES_MAX; NULL:
                                 each is played by itself */
    bool loop;
};

/* NULL, and *failure says why: no such file, no capture, no packet in it, a band that another is of
 * already. Reads their heads. */
struct backend *replay_create(uv_loop_t *loop, const struct replay_options *options,
                              struct failure *failure);

#endif
