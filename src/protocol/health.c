/* How the daemon is: what health_check and GET /health both tell. */
#include <math.h>

#include "bands.h"
#include "base/now.h"
#include "info.h"
#include "protocol_internal.h"

#define PROBLEMS_MAX 3 /* of Bluetooth, of recordings, of the spool */

/* Sentences for what needs a person; returns how many. */
static size_t find_problems(const struct protocol *protocol, const char *problems[PROBLEMS_MAX])
{
    size_t count = 0;

    if (!protocol->manager) {
        problems[count++] = "linkbandd is stopping";
        return count;
    }
    const struct manager_ground *ground = manager_ground(protocol->manager);
    if (!ground->bluetooth_available || !ground->bluetooth_powered)
        problems[count++] =
            ground->bluetooth_message ? ground->bluetooth_message : "there is no Bluetooth";
    if (!protocol->recorder)
        problems[count++] = "nothing can be recorded: the log says why";
    else if (recorder_status(protocol->recorder)->problem)
        problems[count++] = recorder_status(protocol->recorder)->problem;
    if (protocol->spool && protocol->spool->problem)
        problems[count++] = protocol->spool->problem;
    return count;
}

static void put_problems(struct json *json, const char *const *problems, size_t count)
{
    json_key(json, "problems");
    json_begin_array(json);
    for (size_t i = 0; i < count; i++)
        json_string(json, problems[i]);
    json_end_array(json);
}

/* How many bands. */
struct band_counts {
    int connected, streaming;
};

static struct band_counts look_at_bands(const struct protocol *protocol)
{
    const struct bands all = protocol->manager ? bands_all(protocol) : (struct bands){.count = 0};
    struct band_counts counts = {0};

    for (size_t i = 0; i < all.count; i++) {
        const struct manager_status *status = manager_status(protocol->manager, all.places[i]);
        counts.connected += status->link == LINK_CONNECTED;
        counts.streaming += status->stream == STREAM_STREAMING;
    }
    return counts;
}

/* Where nobody reads there is no lag. */
static void put_unread(struct json *json, bool is_read, const struct spool_unread *unread)
{
    json_put_integer(json, "unread_bytes", (int64_t)unread->bytes);
    json_put_iso(json, "oldest_unread",
                 unread->oldest_s ? (double)unread->oldest_s * 1000 : (double)NAN);
    json_put_real(json, "lag",
                  is_read ? (double)spool_lag(unread, now_utc_us() / 1000000) : (double)NAN);
}

static void put_readers(struct json *json, const struct spool_usage *usage)
{
    json_key(json, "readers");
    json_begin_array(json);
    for (size_t i = 0; i < usage->reader_count; i++) {
        json_begin_object(json);
        json_put_string(json, "name", usage->readers[i].name);
        json_put_bool(json, "is_readable", usage->readers[i].is_readable);
        put_unread(json, true, &usage->readers[i].unread);
        json_end_object(json);
    }
    json_end_array(json);
}

static void put_spool(struct json *json, const struct spool_usage *usage)
{
    json_key(json, "spool");
    if (!usage) {
        json_null(json);
        return;
    }
    json_begin_object(json);
    json_put_integer(json, "bytes", (int64_t)usage->bytes);
    put_unread(json, usage->is_read, &usage->unread);
    json_put_integer(json, "lost_segments", (int64_t)usage->lost_segments);
    json_put_integer(json, "lost_records", (int64_t)usage->lost_records);
    put_readers(json, usage);
    json_end_object(json);
}

bool protocol_put_health(struct protocol *protocol, struct json *json)
{
    const char *problems[PROBLEMS_MAX];
    const size_t count = find_problems(protocol, problems);
    const struct band_counts counts = look_at_bands(protocol);

    json_put_string(json, "status", count ? "degraded" : "ok");
    put_problems(json, problems, count);
    json_put_fixed(json, "uptime", (double)(now_boot_us() - protocol->started_us) / 1e6, 3);
    json_put_integer(json, "clients_connected",
                     (int64_t)protocol->out.client_count(protocol->out.user));
    json_put_bool(json, "device_connected", counts.connected > 0);
    json_put_bool(json, "is_streaming", counts.streaming > 0);
    json_put_bool(json, "is_recording", recording_runs(protocol));
    json_put_string(json, "version", LINKBANDD_VERSION);
    json_put_integer(json, "devices_connected", counts.connected);
    put_spool(json, protocol->spool);
    return count == 0;
}
