/* A client of a backend for the tests: its listener notes what it is told, in order. */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "ble/backend.h"

struct noted_packet {
    enum sensor sensor;
    int64_t arrival_us;
    size_t len;
    uint8_t bytes[BAND_PACKET_MAX];
};

#define CLIENT_PACKETS_MAX 4000

struct client {
    uv_loop_t loop;
    struct backend *backend;
    struct ble_link *handle; /* NULL: none is open */
    bool inside;             /* an operation is under way: the listener must not be called */
    bool available, powered;
    int told_bluetooth, scans_ended, connected, failed, lost, controls, notified[SENSOR_COUNT];
    int refused[SENSOR_COUNT], controls_refused, destroyed;
    enum error_code scan_error, connect_error;
    enum link_end end;
    struct band_link link;
    struct band_sighting seen[200];
    size_t sightings;
    struct noted_packet *packets;
    size_t count, counts[SENSOR_COUNT];
    unsigned slow_us; /* what each packet keeps its listener busy for */
    void (*on_connected)(struct client *client);
};

void client_init(struct client *client);
/* The backend is the client's from here on. */
void client_listen(struct client *client, struct backend *backend);
/* Another link of the first's backend, on its loop: what runs is the first. */
void client_join(struct client *client, const struct client *first);
/* Once the first is finished. */
void client_leave(struct client *client);
/* Destroys the backend and checks that nothing of it is left on the loop. */
void client_finish(struct client *client);

/* Runs the loop until *what is at least `least`; fails the test after 20 s. */
void client_until(struct client *client, const int *what, int least);
void client_until_packets(struct client *client, size_t least);
void client_run_ms(struct client *client, unsigned ms);

/* The operations, with the check that none calls back before it returned; nothing where the link is
 * gone. */
void client_scan(struct client *client, bool on);
void client_connect(struct client *client, const char *name, const char *address);
void client_disconnect(struct client *client);
void client_notify(struct client *client, enum sensor sensor, bool on);
void client_control(struct client *client, const char *text);
/* Connects to AA:BB:CC:DD:EE:FF, starts EEG, subscribes everything, unless the link goes. */
void client_start(struct client *client);

#endif
