/* The commands: at whom each is aimed, and what can be answered without a band. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "linking.h"
#include "places.h"
#include "streaming.h"
#include "told.h"

/* A command's way in: answered here once the manager is shutting down. */
static bool command_enter(struct manager *m, struct manager_reply reply)
{
    manager_enter(m);
    if (!m->closing)
        return true;
    const struct manager_outcome cancelled = ground_cancelled();
    reply_now(reply, 0, &cancelled);
    manager_leave(m);
    return false;
}

void manager_forget(struct manager *m, const void *user)
{
    replies_forget(&m->ground.scans, user);
    for (size_t i = 0; i < m->count; i++)
        device_forget(&m->devices[i], user);
}

/* ---- The scan */

static bool any_connecting(const struct manager *m)
{
    size_t i = 0;

    while (i < m->count && m->devices[i].reach.state != LINK_CONNECTING)
        i++;
    return i < m->count;
}

void manager_scan(struct manager *m, double seconds, struct manager_reply reply)
{
    struct ground *ground = &m->ground;
    struct manager_outcome outcome;

    if (!command_enter(m, reply))
        return;
    if (ground->scan.wanted) {
        replies_add(&ground->scans, reply);
    } else if (ground_bluetooth_is_off(ground)) {
        outcome = ground_bluetooth_outcome(ground);
        reply_now(reply, 0, &outcome);
        ground->listener.scan_result(ground->listener.user, SCAN_FAILED);
    } else if (any_connecting(m)) {
        outcome =
            outcome_failure(ERROR_BUSY, "A connection is being made; scan when it is through");
        reply_now(reply, 0, &outcome);
    } else {
        ground_begin_scan(ground, seconds, reply);
    }
    manager_leave(m);
}

void manager_stop_scan(struct manager *m, struct manager_reply reply)
{
    if (!command_enter(m, reply))
        return;
    ground_stop_scan(&m->ground, reply);
    manager_leave(m);
}

/* ---- The band */

static void copy_upper(char *to, size_t size, const char *from)
{
    size_t i = 0;

    for (; from && from[i] && i + 1 < size; i++)
        to[i] = (char)toupper((unsigned char)from[i]);
    to[i] = '\0';
}

/* Fills in what scan and devices know of the band; false if they say that it can't be. */
static bool complete(const struct manager *m, struct band_identity *band)
{
    bool agree = sightings_complete(&m->ground.scan.seen, band);

    for (size_t i = 0; i < m->count && agree; i++) {
        const struct reach *reach = &m->devices[i].reach;
        agree = !reach->known || band_complete(band, &reach->device.band);
    }
    return agree;
}

/* Who is meant; false, and *outcome says why, if that can't be. */
static bool name_band(const struct manager *m, const char *address, const char *device_id,
                      struct band_identity *band, struct manager_outcome *outcome)
{
    copy_upper(band->address, sizeof(band->address), address);
    snprintf(band->name, sizeof(band->name), "%s", device_id ? device_id : "");
    if (!band->address[0] && !band->name[0]) {
        *outcome = outcome_failure(ERROR_INVALID_PARAMETERS, "Give the address or the device_id");
        outcome->parameter = "address";
        return false;
    }
    if (complete(m, band))
        return true;
    *outcome = outcome_failure(ERROR_INVALID_PARAMETERS,
                               "Address and device_id belong to different bands");
    outcome->parameter = "device_id";
    outcome->allowed = TOLD_NAME_ALLOWED;
    outcome->band = *band;
    return false;
}

static void connect_in_place(struct manager *m, const struct band_identity *band,
                             struct manager_reply reply)
{
    /* Where there is one place its band says what it is at. */
    struct device *d = m->count == 1 ? &m->devices[0] : place_for(m, band);
    struct manager_outcome outcome;

    if (d && device_provide(d)) {
        device_connect(d, band, reply);
        return;
    }
    outcome = d ? outcome_failure(ERROR_INTERNAL, "There is no memory for another band")
                : places_outcome(m);
    reply_now(reply, 0, &outcome);
}

void manager_connect(struct manager *m, const char *address, const char *device_id,
                     struct manager_reply reply)
{
    struct band_identity band;
    struct manager_outcome outcome;

    if (!command_enter(m, reply))
        return;
    if (name_band(m, address, device_id, &band, &outcome))
        connect_in_place(m, &band, reply);
    else
        reply_now(reply, 0, &outcome);
    manager_leave(m);
}

void manager_disconnect(struct manager *m, unsigned device, struct manager_reply reply)
{
    if (!command_enter(m, reply))
        return;
    device_disconnect(manager_device(m, device), reply);
    manager_leave(m);
}

static void expect(struct manager *m, const struct manager_wants *wants, bool resumes)
{
    struct device *d = place_for(m, &wants->band);

    if (d && d->reach.state == LINK_IDLE && device_provide(d))
        device_expect(d, wants, resumes);
    else if (!d)
        log_warning("%s: not waited for: --max-bands is %zu", band_label(&wants->band), m->count);
}

void manager_restore(struct manager *m, const struct manager_wants *wants)
{
    manager_enter(m);
    if (wants->band.name[0] || wants->band.address[0])
        expect(m, wants, true);
    manager_leave(m);
}

void manager_auto_connect(struct manager *m, const char *name_or_address)
{
    struct manager_wants wants = {.sensors = SENSOR_SET_ALL};
    bool is_address = strlen(name_or_address) == BAND_ADDRESS_SIZE - 1 && name_or_address[2] == ':';

    manager_enter(m);
    if (is_address)
        snprintf(wants.band.address, sizeof(wants.band.address), "%s", name_or_address);
    else
        snprintf(wants.band.name, sizeof(wants.band.name), "%s", name_or_address);
    expect(m, &wants, false);
    manager_leave(m);
}

/* ---- The stream */

void manager_start_streaming(struct manager *m, unsigned device, sensor_set sensors, double rate,
                             double seconds, struct manager_reply reply)
{
    const struct demand demand = {.sensors = sensors, .rate = rate, .seconds = seconds};

    if (!command_enter(m, reply))
        return;
    device_start(manager_device(m, device), &demand, reply);
    manager_leave(m);
}

void manager_stop_streaming(struct manager *m, unsigned device, struct manager_reply reply)
{
    if (!command_enter(m, reply))
        return;
    told_stop(manager_device(m, device), reply);
    manager_leave(m);
}

bool manager_rate_fits(struct manager *m, unsigned device, sensor_set sensors, double rate,
                       struct manager_outcome *outcome)
{
    const struct demand demand = {.sensors = sensors, .rate = rate};

    return device_rate_fits(manager_device(m, device), &demand, outcome);
}

void manager_want_for_recording(struct manager *m, unsigned device, sensor_set sensors)
{
    manager_enter(m);
    device_record(manager_device(m, device), sensors);
    manager_leave(m);
}
