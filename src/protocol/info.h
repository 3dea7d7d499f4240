/* Members of objects: what replies and events tell. */
#ifndef PROTOCOL_INFO_H
#define PROTOCOL_INFO_H

#include "protocol/json.h"
#include "protocol/protocol.h"

bool recording_runs(const struct protocol *protocol);
void put_integer_or_null(struct json *json, const char *key, int64_t value, bool known);
void put_band(struct json *json, const struct band_identity *band);
/* Of the band in a place, where one is; client_id only where it goes to one client. */
void put_device_info(struct protocol *protocol, struct json *json, unsigned device,
                     uint64_t client);
void put_devices(struct protocol *protocol, struct json *json);
void put_sensors(struct json *json, const char *key, sensor_set sensors);
/* Those of `names`, ended by NULL, whose bit is in the set. */
void put_names(struct json *json, const char *key, const char *const *names, unsigned set);
void put_counts(struct json *json, const char *key, const uint64_t counts[SENSOR_COUNT],
                sensor_set sensors);
void put_streaming_status(struct protocol *protocol, struct json *json, unsigned device);
void put_server_info(struct protocol *protocol, struct json *json);
bool is_streaming(const struct manager_status *status);

#endif
