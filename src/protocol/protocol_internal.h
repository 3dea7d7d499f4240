/* The protocol as its files know it. What is in a struct of theirs they alone write. */
#ifndef PROTOCOL_INTERNAL_H
#define PROTOCOL_INTERNAL_H

#include "feed.h"
#include "protocol/json.h"
#include "protocol/protocol.h"
#include "record/recorder.h"
#include "recorded.h"
#include "sinks.h"

/* In the place of a client's number, which is from 1. */
#define TO_ALL 0

struct event_row;

struct protocol {
    struct protocol_out out;
    struct sinks sinks;
    struct protocol_limits limits;
    const struct command *commands; /* the table of commands.c */
    char instance[40], backend[16];
    int64_t started_us; /* boot time */
    struct manager *manager;
    struct recorder *recorder; /* NULL: */
    struct failure no_recorder;
    const struct spool_usage *spool;  /* NULL: nothing is spooled */
    enum recording_end recording_end; /* of the last recording */
    struct json json;                 /* events and replies are written here */
    const struct event_row *event;    /* the one being written */
    struct feed feed;
    struct recorded recorded;
    struct request *pending;
    double marker_ms; /* of the marker being answered */
    struct told_info {
        bool due;
        int age; /* s since the last broadcast of it */
    } device_info[MANAGER_DEVICES_MAX];
};

#endif
