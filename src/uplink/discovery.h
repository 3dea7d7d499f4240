/*
 * Home Assistant's MQTT discovery: a message for each thing that it shows of a band, kept by the
 * server (home-assistant.io/integrations/mqtt, single components). Pure.
 */
#ifndef UPLINK_DISCOVERY_H
#define UPLINK_DISCOVERY_H

#include "message.h"

#define DISCOVERY_TEXT_SIZE 2048
/* A state that was not told for so long holds no more. */
#define DISCOVERY_EXPIRE_S 120

struct discovery_message {
    char topic[TOPIC_SIZE];
    char text[DISCOVERY_TEXT_SIZE];
};

/* How many there are of a band; more where contact and beats are computed. */
size_t discovery_count(bool computed);
/* The n-th of them. */
void discovery_write(struct discovery_message *out, size_t n, const char *prefix,
                     const struct message_names *names);

#endif
