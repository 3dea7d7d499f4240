/*
 * The states that a band goes through, as messages and the log name them, and the steps between
 * them: the drawings of docs/state-machine.md, which a test holds against these tables.
 */
#include "states.h"

#include "base/length.h"
#include "base/log.h"
#include "base/must.h"

#define TO(state) (1U << (state))

static const char *const link_names[] = {
    [LINK_IDLE] = "idle",           [LINK_CONNECTING] = "connecting",
    [LINK_CONNECTED] = "connected", [LINK_DISCONNECTING] = "disconnecting",
    [LINK_WAITING] = "waiting",
};
static const unsigned link_steps[] = {
    [LINK_IDLE] = TO(LINK_CONNECTING) | TO(LINK_WAITING),
    [LINK_CONNECTING] = TO(LINK_CONNECTED) | TO(LINK_IDLE) | TO(LINK_DISCONNECTING),
    [LINK_CONNECTED] = TO(LINK_WAITING) | TO(LINK_DISCONNECTING) | TO(LINK_IDLE),
    [LINK_DISCONNECTING] = TO(LINK_IDLE),
    [LINK_WAITING] = TO(LINK_CONNECTED) | TO(LINK_DISCONNECTING) | TO(LINK_IDLE),
};

static const char *const radio_names[] = {
    [REACH_RADIO_FREE] = "free",     [REACH_RADIO_TRYING] = "trying",
    [REACH_RADIO_LINKED] = "linked", [REACH_RADIO_CLOSING] = "closing",
    [REACH_RADIO_STUCK] = "stuck",
};
static const unsigned radio_steps[] = {
    [REACH_RADIO_FREE] = TO(REACH_RADIO_TRYING),
    [REACH_RADIO_TRYING] = TO(REACH_RADIO_LINKED) | TO(REACH_RADIO_FREE) | TO(REACH_RADIO_CLOSING),
    [REACH_RADIO_LINKED] = TO(REACH_RADIO_CLOSING) | TO(REACH_RADIO_FREE),
    [REACH_RADIO_CLOSING] = TO(REACH_RADIO_FREE) | TO(REACH_RADIO_STUCK),
    [REACH_RADIO_STUCK] = TO(REACH_RADIO_FREE),
};

static const char *const stream_names[] = {
    [STREAM_IDLE] = "idle",
    [STREAM_STARTING] = "starting",
    [STREAM_STREAMING] = "streaming",
    [STREAM_WAITING] = "waiting",
};
static const unsigned stream_steps[] = {
    [STREAM_IDLE] = TO(STREAM_STARTING) | TO(STREAM_WAITING),
    [STREAM_STARTING] = TO(STREAM_STREAMING) | TO(STREAM_IDLE) | TO(STREAM_WAITING),
    [STREAM_STREAMING] = TO(STREAM_IDLE) | TO(STREAM_WAITING),
    [STREAM_WAITING] = TO(STREAM_STARTING) | TO(STREAM_IDLE),
};

static const struct states {
    const char *of;
    const char *const *names;
    const unsigned *steps;
    unsigned count;
} states[] = {
    [STATES_LINK] = {"link", link_names, link_steps, LENGTH(link_names)},
    [STATES_RADIO] = {"radio", radio_names, radio_steps, LENGTH(radio_names)},
    [STATES_STREAM] = {"stream", stream_names, stream_steps, LENGTH(stream_names)},
};

ASSERT_GOES_TO(link_names, LINK_WAITING);
ASSERT_GOES_TO(link_steps, LINK_WAITING);
ASSERT_GOES_TO(radio_names, REACH_RADIO_STUCK);
ASSERT_GOES_TO(radio_steps, REACH_RADIO_STUCK);
ASSERT_GOES_TO(stream_names, STREAM_WAITING);
ASSERT_GOES_TO(stream_steps, STREAM_WAITING);

const char *state_name(enum states_of of, unsigned state)
{
    return state < states[of].count ? states[of].names[state] : NULL;
}

bool state_leads_to(enum states_of of, unsigned from, unsigned to)
{
    return states[of].steps[from] & TO(to);
}

void state_told(const char *whose, enum states_of of, unsigned from, unsigned to)
{
    if (from == to)
        return;
    must(state_leads_to(of, from, to));
    log_debug("%s: %s %s, was %s", whose, states[of].of, states[of].names[to],
              states[of].names[from]);
}

/* ---- Names that messages have */

const char *manager_link_name(enum manager_link link)
{
    return link_names[link];
}

const char *manager_stream_name(enum manager_stream stream)
{
    return stream_names[stream];
}

const char *scan_status_name(enum scan_status status)
{
    static const char *const names[] = {
        [SCAN_SCANNING] = "scanning",
        [SCAN_COMPLETED] = "completed",
        [SCAN_STOPPED] = "stopped",
        [SCAN_FAILED] = "failed",
    };
    ASSERT_GOES_TO(names, SCAN_FAILED);
    return names[status];
}

const char *disconnect_reason_name(enum disconnect_reason reason)
{
    static const char *const names[] = {
        [DISCONNECT_USER_REQUEST] = "user_request",
        [DISCONNECT_LINK_LOST] = "link_lost",
        [DISCONNECT_SILENT] = "silent",
        [DISCONNECT_BLUETOOTH_OFF] = "bluetooth_off",
        [DISCONNECT_SHUTDOWN] = "shutdown",
    };
    ASSERT_GOES_TO(names, DISCONNECT_SHUTDOWN);
    return names[reason];
}

const char *stream_end_name(enum stream_end end)
{
    static const char *const names[] = {
        [STREAM_END_USER_REQUEST] = "user_request",
        [STREAM_END_DURATION] = "duration",
        [STREAM_END_DEVICE_DISCONNECTED] = "device_disconnected",
        [STREAM_END_ERROR] = "error",
    };
    ASSERT_GOES_TO(names, STREAM_END_ERROR);
    return names[end];
}

const char *sensor_state_name(enum sensor_state state)
{
    static const char *const names[] = {
        [SENSOR_IS_FLOWING] = "flowing",
        [SENSOR_IS_SILENT] = "silent",
        [SENSOR_IS_RETRYING] = "retrying",
    };
    ASSERT_GOES_TO(names, SENSOR_IS_RETRYING);
    return names[state];
}
