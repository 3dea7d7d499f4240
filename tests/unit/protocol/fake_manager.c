#include "fake_manager.h"
#include "../assert_that.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

struct fake_manager fake;

void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    for (unsigned device = 0; device < FAKE_BANDS; device++)
        fake_nobody(device);
}

void fake_nobody(unsigned device)
{
    fake.bands[device] = (struct manager_status){
        .device = {.rssi = RSSI_UNKNOWN, .battery_level = BATTERY_UNKNOWN},
        .remaining = NAN,
        .utc_error_ms = NAN,
        .silent_for = {NAN, NAN, NAN, NAN},
    };
}

void fake_band(unsigned device, const char *name, enum manager_link link)
{
    fake_nobody(device);
    struct band_link *band = &fake.bands[device].device;
    snprintf(band->band.name, sizeof(band->band.name), "%s", name);
    snprintf(band->band.address, sizeof(band->band.address), "AA:BB:CC:DD:EE:0%u", device);
    band->battery_level = 80;
    fake.bands[device].link = link;
}

void fake_done(size_t number, const struct manager_outcome *outcome)
{
    const struct fake_asked *asked = &fake.asked[number];

    assert_that(number, <, fake.asked_count);
    if (!asked->forgotten)
        asked->reply.done(asked->reply.user, outcome);
}

void fake_refused(size_t number, enum error_code code, const char *message)
{
    struct manager_outcome outcome = {.sensor = -1};

    failure_set(&outcome.failure, code, "%s", message);
    fake_done(number, &outcome);
}

/* ---- the manager's functions, those that the protocol calls */

static struct fake_asked *ask(int kind, unsigned device, struct manager_reply reply)
{
    struct fake_asked *asked = &fake.asked[fake.asked_count++];

    assert_that(fake.asked_count, <=, sizeof(fake.asked) / sizeof(fake.asked[0]));
    *asked = (struct fake_asked){.kind = kind, .device = device, .reply = reply};
    return asked;
}

void manager_connect(struct manager *manager, const char *address, const char *device_id,
                     struct manager_reply reply)
{
    struct fake_asked *asked = ask(FAKE_CONNECT, 0, reply);

    (void)manager;
    snprintf(asked->name, sizeof(asked->name), "%s", device_id ? device_id : "");
    snprintf(asked->address, sizeof(asked->address), "%s", address ? address : "");
}

void manager_disconnect(struct manager *manager, unsigned device, struct manager_reply reply)
{
    (void)manager;
    ask(FAKE_DISCONNECT, device, reply);
}

void manager_start_streaming(struct manager *manager, unsigned device, sensor_set sensors,
                             double rate, double seconds, struct manager_reply reply)
{
    (void)manager;
    (void)rate;
    (void)seconds;
    fake.bands[device].sensors = sensors;
    ask(FAKE_START, device, reply);
}

void manager_stop_streaming(struct manager *manager, unsigned device, struct manager_reply reply)
{
    (void)manager;
    ask(FAKE_STOP, device, reply);
}

void manager_forget(struct manager *manager, const void *user)
{
    (void)manager;
    for (size_t i = 0; i < fake.asked_count; i++)
        fake.asked[i].forgotten |= fake.asked[i].reply.user == user;
}

size_t manager_devices(const struct manager *manager, unsigned places[MANAGER_DEVICES_MAX])
{
    size_t count = 0;

    (void)manager;
    for (unsigned device = 0; device < FAKE_BANDS; device++) {
        if (fake.bands[device].link != LINK_IDLE)
            places[count++] = device;
    }
    return count;
}

bool manager_is_named(const struct manager *manager, unsigned device, const char *device_id)
{
    (void)manager;
    return strcasecmp(fake.bands[device].device.band.name, device_id) == 0;
}

const struct manager_ground *manager_ground(struct manager *manager)
{
    static const struct manager_ground ground = {
        .max_bands = FAKE_BANDS, .bluetooth_available = true, .bluetooth_powered = true};

    (void)manager;
    return &ground;
}

const struct manager_status *manager_status(struct manager *manager, unsigned device)
{
    (void)manager;
    assert_that(device, <, FAKE_BANDS);
    return &fake.bands[device];
}

struct manager_streamed manager_streamed(const struct manager *manager, unsigned device)
{
    const struct manager_status *of = &fake.bands[device];

    (void)manager;
    return (struct manager_streamed){of->device.band.name,
                                     of->stream == STREAM_IDLE ? 0 : of->sensors, of->sample_rate};
}

const struct pipeline_counts *manager_counts(struct manager *manager, unsigned device,
                                             enum sensor sensor)
{
    static const struct pipeline_counts none;

    (void)manager;
    (void)device;
    (void)sensor;
    return &none;
}

unsigned manager_bad_packets(const struct manager *manager, unsigned device, enum sensor sensor,
                             struct failure *failure)
{
    (void)manager;
    (void)device;
    (void)sensor;
    (void)failure;
    return 0;
}

double manager_utc_ms(struct manager *manager, unsigned device, int64_t boot_us)
{
    (void)manager;
    (void)device;
    return (double)boot_us / 1000.0;
}

bool manager_rate_fits(struct manager *manager, unsigned device, sensor_set sensors, double rate,
                       struct manager_outcome *outcome)
{
    (void)manager;
    (void)device;
    (void)sensors;
    (void)rate;
    (void)outcome;
    return true;
}

void manager_want_for_recording(struct manager *manager, unsigned device, sensor_set sensors)
{
    (void)manager;
    fake.recorded[device] = sensors;
}

int manager_mains_hz(const struct manager *manager)
{
    (void)manager;
    return 50;
}

size_t manager_scan_devices(const struct manager *manager, const struct band_sighting **devices)
{
    (void)manager;
    (void)devices;
    return 0;
}

void manager_scan(struct manager *manager, double seconds, struct manager_reply reply)
{
    (void)manager;
    (void)seconds;
    (void)reply;
    fail_msg("no test scans");
}

void manager_stop_scan(struct manager *manager, struct manager_reply reply)
{
    (void)manager;
    (void)reply;
    fail_msg("no test scans");
}
