/*
 * A capture played as a band, at its own pace.
 *
 * The band is in the air under the capture's name and address (version 1: CAPTURE_DEFAULT_…). The
 * capture's first second begins 1 s after the first subscription, so that the others can follow
 * without missing a packet; from there time runs on, and a packet whose sensor is not subscribed
 * (EEG: or not started) is not delivered. A disconnect that was asked for ends the performance: the
 * next one begins at the start, as a band switched on anew. `link down` rows lose the link, and the
 * band is back in the air at the next `link up`.
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
#include <uv.h>

#include "base/error.h"
#include "ble/backend.h"

struct replay_options {
    const char *path;
    bool loop;
};

/* NULL, and *failure says why: no such file, no capture, no packet in it. Reads its head. */
struct backend *replay_create(uv_loop_t *loop, const struct replay_options *options,
                              struct failure *failure);

#endif
