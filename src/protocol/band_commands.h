/* The commands that are about bands: rows of the table in commands.c. */
#ifndef PROTOCOL_BAND_COMMANDS_H
#define PROTOCOL_BAND_COMMANDS_H

#include "command_row.h"

void connect_device(struct request *request, const struct value *values);
void put_connect(struct protocol *protocol, struct json *json,
                 const struct manager_outcome *outcome);
void tell_connected(struct protocol *protocol, uint64_t client,
                    const struct manager_outcome *outcome);
void disconnect_device(struct request *request, const struct value *values);
void put_disconnect(struct protocol *protocol, struct json *json,
                    const struct manager_outcome *outcome);
void tell_disconnected(struct protocol *protocol, uint64_t client,
                       const struct manager_outcome *outcome);
void check_device_connection(struct request *request, const struct value *values);
void put_check(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome);
void put_list(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome);
void start_streaming(struct request *request, const struct value *values);
void put_start(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome);
void tell_started(struct protocol *protocol, uint64_t client,
                  const struct manager_outcome *outcome);
void stop_streaming(struct request *request, const struct value *values);
void put_stop(struct protocol *protocol, struct json *json, const struct manager_outcome *outcome);
void tell_stopped(struct protocol *protocol, uint64_t client,
                  const struct manager_outcome *outcome);
void get_streaming_status(struct request *request, const struct value *values);
void put_status(struct protocol *protocol, struct json *json,
                const struct manager_outcome *outcome);

#endif
