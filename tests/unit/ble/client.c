#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "base/now.h"

static struct client *called(void *user)
{
    struct client *client = user;

    assert_false(client->inside);
    assert_int_equal(client->destroyed, 0);
    return client;
}

static void on_bluetooth(void *user, bool available, bool powered, const char *message)
{
    struct client *client = called(user);

    assert_that(strlen(message), >, 5);
    client->told_bluetooth++;
    client->available = available;
    client->powered = powered;
}

static void on_seen(void *user, const struct band_sighting *sighting)
{
    struct client *client = called(user);

    if (client->sightings < 200)
        client->seen[client->sightings++] = *sighting;
}

static void on_scan_ended(void *user, const struct failure *failure)
{
    struct client *client = called(user);

    client->scans_ended++;
    client->scan_error = failure ? failure->code : ERROR_NONE;
}

static void on_up(void *user, const struct band_link *made)
{
    struct client *client = called(user);

    client->connected++;
    client->link = *made;
    if (client->on_connected)
        client->on_connected(client);
}

static void on_down(void *user, enum link_end end, const struct failure *failure)
{
    struct client *client = called(user);

    client->handle = NULL;
    assert_int_equal(failure != NULL, end == LINK_END_FAILED);
    if (end == LINK_END_FAILED || end == LINK_END_CANCELLED) {
        client->failed++;
        client->connect_error = failure ? failure->code : ERROR_CANCELLED;
        return;
    }
    client->lost++;
    client->end = end;
}

static void on_notified(void *user, enum sensor sensor, bool on, const struct failure *failure)
{
    struct client *client = called(user);

    (void)on;
    client->notified[sensor]++;
    client->refused[sensor] += failure != NULL;
}

static void on_written(void *user, const struct failure *failure)
{
    struct client *client = called(user);

    client->controls++;
    client->controls_refused += failure != NULL;
}

static void on_packet(void *user, const struct packet *packet)
{
    struct client *client = called(user);

    client->counts[packet->sensor]++;
    usleep(client->slow_us);
    if (client->count == CLIENT_PACKETS_MAX)
        return;
    struct noted_packet *noted = &client->packets[client->count++];
    noted->sensor = packet->sensor;
    noted->arrival_us = packet->arrival_us;
    noted->len = packet->len;
    memcpy(noted->bytes, packet->bytes, packet->len);
}

static void on_probed(void *user, bool alive)
{
    (void)user;
    (void)alive;
}

void client_init(struct client *client)
{
    memset(client, 0, sizeof(*client));
    client->packets = calloc(CLIENT_PACKETS_MAX, sizeof(*client->packets));
    assert_non_null(client->packets);
    assert_int_equal(uv_loop_init(&client->loop), 0);
}

void client_listen(struct client *client, struct backend *backend)
{
    assert_non_null(backend);
    client->backend = backend;
    backend->listener = (struct backend_listener){client, on_bluetooth, on_seen, on_scan_ended};
}

void client_join(struct client *client, const struct client *first)
{
    memset(client, 0, sizeof(*client));
    client->packets = calloc(CLIENT_PACKETS_MAX, sizeof(*client->packets));
    assert_non_null(client->packets);
    client->backend = first->backend;
}

void client_leave(struct client *client)
{
    free(client->packets);
}

static void on_destroyed(void *user)
{
    struct client *client = user;

    assert_false(client->inside);
    client->destroyed++;
}

void client_finish(struct client *client)
{
    if (client->backend) {
        client->inside = true;
        client->backend->ops->destroy(client->backend, on_destroyed, client);
        client->inside = false;
        uv_run(&client->loop, UV_RUN_DEFAULT);
        assert_int_equal(client->destroyed, 1);
    }
    assert_int_equal(uv_loop_close(&client->loop), 0);
    free(client->packets);
}

static void turn(struct client *client, int64_t began_us)
{
    uv_run(&client->loop, UV_RUN_ONCE);
    if (now_monotonic_us() - began_us > INT64_C(90000000))
        fail_msg("waited for 90 s");
}

void client_until(struct client *client, const int *what, int least)
{
    int64_t began_us = now_monotonic_us();

    while (*what < least)
        turn(client, began_us);
}

void client_until_packets(struct client *client, size_t least)
{
    int64_t began_us = now_monotonic_us();

    while (client->count < least)
        turn(client, began_us);
}

static void stop(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

void client_run_ms(struct client *client, unsigned ms)
{
    uv_timer_t timer;

    uv_timer_init(&client->loop, &timer);
    uv_timer_start(&timer, stop, ms, 0);
    uv_run(&client->loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&client->loop, UV_RUN_NOWAIT);
}

void client_scan(struct client *client, bool on)
{
    client->inside = true;
    if (on)
        client->backend->ops->scan_start(client->backend);
    else
        client->backend->ops->scan_stop(client->backend);
    client->inside = false;
}

void client_connect(struct client *client, const char *name, const char *address)
{
    struct band_identity band = {"", ""};
    const struct link_listener listener = {client,    on_up,     on_notified, on_written,
                                           on_probed, on_packet, on_down};

    snprintf(band.name, sizeof(band.name), "%s", name);
    snprintf(band.address, sizeof(band.address), "%s", address);
    client->inside = true;
    client->handle = client->backend->ops->open(client->backend, &band, &listener);
    assert_non_null(client->handle);
    client->inside = false;
}

void client_disconnect(struct client *client)
{
    client->inside = true;
    if (client->handle)
        client->handle->ops->close(client->handle);
    client->inside = false;
}

void client_notify(struct client *client, enum sensor sensor, bool on)
{
    client->inside = true;
    if (client->handle)
        client->handle->ops->notify(client->handle, sensor, on);
    client->inside = false;
}

void client_control(struct client *client, const char *text)
{
    client->inside = true;
    if (client->handle)
        client->handle->ops->write(client->handle, text);
    client->inside = false;
}

/* The link may go at any time, and what is pending with it. */
static void until_notified(struct client *client, enum sensor sensor, int least)
{
    int64_t began_us = now_monotonic_us();

    while (client->handle && client->notified[sensor] < least)
        turn(client, began_us);
}

void client_start(struct client *client)
{
    int links = client->connected, notified[SENSOR_COUNT];

    memcpy(notified, client->notified, sizeof(notified));
    client_connect(client, "", "aa:bb:cc:dd:ee:ff");
    client_until(client, &client->connected, links + 1);
    client_control(client, model_default()->control.start);
    for (int i = 0; i < SENSOR_COUNT; i++)
        client_notify(client, (enum sensor)i, true);
    for (int i = 0; i < SENSOR_COUNT; i++)
        until_notified(client, (enum sensor)i, notified[i] + 1);
}
