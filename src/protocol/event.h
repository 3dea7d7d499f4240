/* Events: each goes to one client, or to all where client is TO_ALL. */
#ifndef PROTOCOL_EVENT_H
#define PROTOCOL_EVENT_H

#include "protocol/json.h"
#include "protocol/protocol.h"

/*
 * Every event there is: its name, and whether a page of the origin `null`, which may be a
 * stranger's, hears it when it goes to all. What names sessions, paths or markers is UNHEARD. What
 * answers such a page alone is not asked.
 */
#define EVENTS(EVENT)                                                                              \
    EVENT(DEVICE_INFO, "device_info", HEARD)                                                       \
    EVENT(SCAN_RESULT, "scan_result", HEARD)                                                       \
    EVENT(DEVICE_CONNECTED, "device_connected", HEARD)                                             \
    EVENT(DEVICE_DISCONNECTED, "device_disconnected", HEARD)                                       \
    EVENT(STREAM_STARTED, "stream_started", HEARD)                                                 \
    EVENT(STREAM_STOPPED, "stream_stopped", HEARD)                                                 \
    EVENT(SENSOR_STATUS, "sensor_status", HEARD)                                                   \
    EVENT(CLOCK_STEPPED, "clock_stepped", HEARD)                                                   \
    EVENT(DEVICE_CONNECTION_FAILED, "device_connection_failed", HEARD)                             \
    EVENT(RECORDING_STARTED, "recording_started", UNHEARD)                                         \
    EVENT(RECORDING_STOPPED, "recording_stopped", UNHEARD)                                         \
    EVENT(RECORDING_FILE, "recording_file", UNHEARD)                                               \
    EVENT(STORAGE_LOW, "storage_low", UNHEARD)                                                     \
    EVENT(MARKER, "marker", UNHEARD)                                                               \
    EVENT(CLIENT_LAGGING, "client_lagging", UNHEARD)                                               \
    EVENT(BLUETOOTH_STATUS, "bluetooth_status", HEARD)                                             \
    EVENT(ERROR, "error", UNHEARD) /* what goes to all may name a recording's path */

#define EVENT_ENUMERATOR(id, name, null_page) EVENT_##id,
enum event { EVENTS(EVENT_ENUMERATOR) EVENT_COUNT };
#undef EVENT_ENUMERATOR

const char *event_name(enum event event);
/* Begins {"type":"event","event_type":…,"data":{ in protocol->json; event_send ends and sends it.
 */
struct json *event_begin(struct protocol *protocol, enum event event);
void event_send(struct protocol *protocol, uint64_t client);
void event_device_info(struct protocol *protocol, uint64_t client, unsigned device);
void event_bluetooth_status(struct protocol *protocol, uint64_t client);
void event_device_connected(struct protocol *protocol, uint64_t client, unsigned device,
                            bool resumed, double clock_step_ms);
void event_device_disconnected(struct protocol *protocol, uint64_t client,
                               const struct band_identity *band, enum disconnect_reason reason,
                               bool will_reconnect);
void event_stream_started(struct protocol *protocol, uint64_t client, unsigned device,
                          bool resumed);
void event_stream_stopped(struct protocol *protocol, uint64_t client,
                          const struct band_identity *band, sensor_set sensors,
                          enum stream_end reason, bool will_resume);
void event_scan_result(struct protocol *protocol, enum scan_status scan);
/* `details` is an object as JSON text, or NULL. */
void event_error(struct protocol *protocol, uint64_t client, const struct failure *failure,
                 const char *details);
/* device_info goes to all, of one band at most once a second. */
void device_info_changed(struct protocol *protocol, unsigned device);
void device_infos_changed(struct protocol *protocol); /* of each */
void event_second(struct protocol *protocol);

#endif
