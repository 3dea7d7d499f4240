/*
 * What the manager tells, as events: for each its row, the function that writes it and its place in
 * the listener stand together in band_events.c. None of them names a session, a path or a marker,
 * so that a page of the origin `null` hears them all.
 */
#ifndef PROTOCOL_BAND_EVENTS_H
#define PROTOCOL_BAND_EVENTS_H

#include "event.h"

/* Ended by one without name. */
extern const struct event_row band_events[];

/* Fills in those functions of the listener that become events. */
void band_events_listen(struct manager_listener *listener);

/* To one client, or to all where client is TO_ALL. */
void event_device_info(struct protocol *protocol, uint64_t client, unsigned device);
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

/* device_info goes to all, of one band at most once a second. */
void device_infos_changed(struct protocol *protocol); /* of each */
void device_infos_second(struct protocol *protocol);

#endif
