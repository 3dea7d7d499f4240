#include "by_band.h"

#include <stdio.h>
#include <stdlib.h>

#include "protocol_internal.h"

/* "; refused: " and each name with its code. */
#define REFUSED_SIZE (16 + MANAGER_DEVICES_MAX * (BAND_NAME_SIZE + 24))

static bool has_refused(const struct part *part)
{
    return part->outcome.failure.code != ERROR_NONE;
}

/* ---- the reply */

/* A member "device_id" only where the command's own data has none. */
static void put_done(struct json *json, const struct part *part)
{
    const struct json *data = &part->data;
    const char *value;
    size_t len;

    if (!json_member(data->text, data->len, "device_id", &value, &len))
        json_put_string_or_null(json, "device_id", part->device_id);
    json_put_bool(json, "success", true);
    if (data->len > 2)
        json_raw(json, data->text + 1, data->len - 2);
}

static void put_refused(struct json *json, const struct part *part)
{
    const struct failure *failure = &part->outcome.failure;

    json_put_string_or_null(json, "device_id", part->device_id);
    json_put_bool(json, "success", false);
    json_put_string(json, "error_code", error_code_name(failure->code));
    json_put_string(json, "message", failure->message);
}

/* What was asked where there is no band tells of none. */
static void write_bands(struct request *request)
{
    struct json *json = &request->bands;

    json_begin_array(json);
    for (size_t i = 0; i < request->part_count; i++) {
        const struct part *part = &request->parts[i];
        if (!part->device_id[0])
            continue;
        json_begin_object(json);
        if (has_refused(part))
            put_refused(json, part);
        else
            put_done(json, part);
        json_end_object(json);
    }
    json_end_array(json);
}

static void list_refused(const struct request *request, char text[REFUSED_SIZE])
{
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < request->part_count; i++) {
        const struct part *part = &request->parts[i];
        if (has_refused(part))
            len += (size_t)snprintf(text + len, REFUSED_SIZE - len, "%s%s (%s)",
                                    len ? ", " : "; refused: ", part->device_id,
                                    error_code_name(part->outcome.failure.code));
    }
}

static void tell_already(const struct request *request)
{
    const struct command *command = request->command;

    for (size_t i = 0; i < request->part_count && command->tell_already; i++) {
        const struct manager_outcome *outcome = &request->parts[i].outcome;
        if (!has_refused(&request->parts[i]) && outcome->already)
            command->tell_already(request->protocol, request->client, outcome);
    }
}

static void succeed(struct request *request, const struct part *first)
{
    char refused[REFUSED_SIZE];

    request->already = true;
    for (size_t i = 0; i < request->part_count; i++)
        request->already &= has_refused(&request->parts[i]) || request->parts[i].outcome.already;
    list_refused(request, refused);
    struct json *json = request_begin(request, refused);
    if (first->data.len > 2)
        json_raw(json, first->data.text + 1, first->data.len - 2);
    request_send(request);
    tell_already(request);
    request_destroy(request);
}

static void answer(struct request *request)
{
    const struct part *parts = request->parts;
    size_t first = 0;

    while (first < request->part_count && has_refused(&parts[first]))
        first++;
    if (request->part_count > 1 || first == 0)
        write_bands(request);
    if (first < request->part_count)
        succeed(request, &parts[first]);
    else
        request_done(request, &parts[0].outcome);
}

/* ---- its parts */

/* The data is written now: what is so may change before the last has ended. */
static void on_ended(void *user, const struct manager_outcome *outcome)
{
    struct part *part = user;
    struct request *request = part->request;
    const struct command *command = request->command;

    part->outcome = *outcome;
    if (part->has_place)
        part->outcome.device = part->place;
    if (!has_refused(part)) {
        json_begin_object(&part->data);
        if (command->put_data)
            command->put_data(request->protocol, &part->data, &part->outcome);
        json_end_object(&part->data);
    }
    if (--request->parts_open == 0)
        answer(request);
}

struct manager_reply by_band_reply(struct part *part)
{
    return (struct manager_reply){on_ended, part};
}

struct part *by_band_begin(struct request *request, size_t count)
{
    struct failure failure;

    request->parts = calloc(count, sizeof(*request->parts));
    if (!request->parts) {
        request_fail(request, failure_set(&failure, ERROR_INTERNAL, "Out of memory; try again."));
        return NULL;
    }
    request->part_count = request->parts_open = count;
    for (size_t i = 0; i < count; i++)
        request->parts[i].request = request;
    return request->parts;
}

static void refuse(struct request *request, const char *device_id)
{
    char known[BANDS_TEXT_SIZE], allowed[BANDS_TEXT_SIZE + 16];
    struct failure failure;
    struct json details;

    bands_text(request->protocol, known);
    snprintf(allowed, sizeof(allowed), "one of %s", known);
    failure_set(&failure, ERROR_NOT_CONNECTED, "%.40s is neither connected nor waited for: %s%s",
                device_id, known[0] ? "it must be " : "no band is, connect one first",
                known[0] ? allowed : "");
    json_init(&details);
    json_begin_object(&details);
    json_put_string(&details, "parameter", "device_id");
    json_put_string(&details, "given", device_id);
    json_put_string(&details, "allowed", known[0] ? allowed : "absent, while there is no band");
    json_end_object(&details);
    request_fail_with(request, &failure, details.text);
    json_finish(&details);
}

bool by_band_named(struct request *request, const struct value *device_id, struct bands *bands)
{
    const char *unknown = bands_named(request->protocol, device_id, bands);

    if (unknown)
        refuse(request, unknown);
    return !unknown;
}

void by_band(struct request *request, const struct value *device_id, by_band_ask *ask,
             const void *what)
{
    struct manager *manager = request->protocol->manager;
    struct bands bands;

    if (!by_band_named(request, device_id, &bands))
        return;
    struct part *parts = by_band_begin(request, bands.count);
    for (size_t i = 0; parts && i < bands.count; i++) {
        const struct band_identity *band = &manager_status(manager, bands.places[i])->device.band;
        snprintf(parts[i].device_id, sizeof(parts[i].device_id), "%s",
                 band->name[0] ? band->name : band->address);
        parts[i].place = bands.places[i];
        parts[i].has_place = true;
    }
    /* With the last of them the request may be answered and gone. */
    for (size_t i = 0; parts && i < bands.count; i++)
        ask(manager, bands.places[i], what, by_band_reply(&parts[i]));
}
