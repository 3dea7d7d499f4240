/* GET /metrics: the text format of Prometheus, version 0.0.4. Names end in their unit, s and bytes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

#include "app/observed.h"
#include "base/now.h"

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Begins a family: its lines follow. */
static void family(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(FILE *out, const char *name, const char *type, const char *help, double value)
{
    if (isnan(value))
        return;
    family(out, name, type, help);
    fprintf(out, "%s %.15g\n", name, value);
}

static void labelled(FILE *out, const char *name, const char *label, const char *is, double value)
{
    if (!isnan(value))
        fprintf(out, "%s{%s=\"%s\"} %.15g\n", name, label, is, value);
}

/* ---- the process */

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void put_process(FILE *out)
{
    size_t resident = 0;

    uv_resident_set_memory(&resident);
    family(out, "linkbandd_build_info", "gauge", "1, with the version.");
    labelled(out, "linkbandd_build_info", "version", LINKBANDD_VERSION, 1);
    single(out, "process_resident_memory_bytes", "gauge", "Memory in use.", (double)resident);
    single(out, "process_cpu_seconds_total", "counter", "Processor time used.", cpu_seconds());
}

/* ---- the band and its data */

enum count { PACKETS, SAMPLES, SKIPPED, LOST, LATE, BAD, COUNTS };

static double count_of(const struct pipeline_counts *counts, enum count which)
{
    const uint64_t values[COUNTS] = {
        [PACKETS] = counts->packets,         [SAMPLES] = counts->received,
        [SKIPPED] = counts->skipped_by_band, [LOST] = counts->lost_link,
        [LATE] = counts->late_packets,       [BAD] = counts->bad_packets,
    };

    return (double)values[which];
}

/* A family with a figure for each band, labelled by its place where there may be several; by name
 * the series would grow without end. */
static void sample(FILE *out, const struct manager_ground *ground, const char *name,
                   unsigned device, const char *sensor, double value)
{
    const char *comma = "{", *end = "";

    if (isnan(value))
        return;
    fputs(name, out);
    if (ground->max_bands > 1) {
        fprintf(out, "{device=\"%u\"", device + 1);
        comma = ",";
        end = "}";
    }
    if (sensor) {
        fprintf(out, "%ssensor=\"%s\"", comma, sensor);
        end = "}";
    }
    fprintf(out, "%s %.15g\n", end, value);
}

/* Of a band; NAN: it isn't known. */
typedef double band_figure(const struct manager_status *status);

static double is_connected(const struct manager_status *status)
{
    return status->link == LINK_CONNECTED;
}

static double is_streaming(const struct manager_status *status)
{
    return status->stream == STREAM_STREAMING;
}

static double reconnects(const struct manager_status *status)
{
    return (double)status->reconnects;
}

static double battery(const struct manager_status *status)
{
    const int level = status->device.battery_level;

    return is_connected(status) && level != BATTERY_UNKNOWN ? level / 100.0 : NAN;
}

static double signal_strength(const struct manager_status *status)
{
    const int rssi = status->device.rssi;

    return is_connected(status) && rssi != RSSI_UNKNOWN ? rssi : NAN;
}

static double utc_error(const struct manager_status *status)
{
    return status->utc_error_ms / 1000;
}

static void put_band_figures(FILE *out, struct manager *manager)
{
    static const struct {
        const char *name, *type, *help;
        band_figure *figure;
    } families[] = {
        {"linkbandd_band_connected", "gauge", "1 while a band is connected.", is_connected},
        {"linkbandd_streaming", "gauge", "1 while the band streams to the clients.", is_streaming},
        {"linkbandd_reconnects_total", "counter", "Times that a lost band came back.", reconnects},
        {"linkbandd_battery_ratio", "gauge", "The band's battery, 0 to 1.", battery},
        {"linkbandd_signal_dbm", "gauge", "The signal's strength when last heard.",
         signal_strength},
        {"linkbandd_utc_error_seconds", "gauge", "UTC less the UTC that samples are told in.",
         utc_error},
    };
    const struct manager_ground *ground = manager_ground(manager);

    for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
        bool begun = false;
        for (unsigned device = 0; device < ground->max_bands; device++) {
            const double value = families[f].figure(manager_status(manager, device));
            if (!isnan(value) && !begun)
                family(out, families[f].name, families[f].type, families[f].help);
            begun |= !isnan(value);
            sample(out, ground, families[f].name, device, NULL, value);
        }
    }
}

/* A figure of each sensor of each band. */
typedef double sensor_figure(struct manager *manager, unsigned device, enum sensor sensor,
                             int which);

static void put_sensors(FILE *out, struct manager *manager, const char *name, sensor_figure *figure,
                        int which)
{
    const struct manager_ground *ground = manager_ground(manager);

    for (unsigned device = 0; device < ground->max_bands; device++) {
        for (int s = 0; s < SENSOR_COUNT; s++)
            sample(out, ground, name, device, sensor_name((enum sensor)s),
                   figure(manager, device, (enum sensor)s, which));
    }
}

static double counted(struct manager *manager, unsigned device, enum sensor sensor, int which)
{
    return count_of(manager_counts(manager, device, sensor), (enum count)which);
}

static void put_counts(FILE *out, struct manager *manager)
{
    static const struct {
        const char *name, *help;
    } families[COUNTS] = {
        [PACKETS] = {"linkbandd_packets_total", "Packets taken, since the sensor was started."},
        [SAMPLES] = {"linkbandd_samples_total", "Samples received, since the sensor was started."},
        [SKIPPED] = {"linkbandd_samples_skipped_total",
                     "Samples that the band skipped: gaps under a packet."},
        [LOST] = {"linkbandd_samples_lost_total", "Samples lost on the link: longer gaps."},
        [LATE] = {"linkbandd_packets_late_total", "Packets that came twice or too late."},
        [BAD] = {"linkbandd_packets_bad_total", "Packets that could not be read."},
    };

    for (int f = 0; f < COUNTS; f++) {
        family(out, families[f].name, "counter", families[f].help);
        put_sensors(out, manager, families[f].name, counted, f);
    }
}

static double measured_rate(struct manager *manager, unsigned device, enum sensor sensor, int which)
{
    (void)which;
    return manager_counts(manager, device, sensor)->rate_measured;
}

static double silence(struct manager *manager, unsigned device, enum sensor sensor, int which)
{
    (void)which;
    return manager_status(manager, device)->silent_for[sensor];
}

static void put_data(FILE *out, struct manager *manager)
{
    static const char rate[] = "linkbandd_sample_rate_hertz";
    static const char silent[] = "linkbandd_sensor_silent_seconds";
    const struct manager_ground *ground = manager_ground(manager);

    single(out, "linkbandd_bluetooth_powered", "gauge", "1 where Bluetooth is on.",
           ground->bluetooth_available && ground->bluetooth_powered);
    put_band_figures(out, manager);
    put_counts(out, manager);
    family(out, rate, "gauge", "The rate as measured, where it is known.");
    put_sensors(out, manager, rate, measured_rate, 0);
    family(out, silent, "gauge", "Time since the last packet of a sensor that is subscribed to.");
    put_sensors(out, manager, silent, silence, 0);
}

/* ---- the clients */

static void put_latency(FILE *out, const struct latency *latency)
{
    static const char name[] = "linkbandd_latency_seconds";
    uint64_t below = 0;

    family(out, name, "histogram", "From a packet's arrival until a client's socket has its data.");
    for (int b = 0; b < LATENCY_BUCKETS; b++) {
        below += latency->buckets[b];
        fprintf(out, "%s_bucket{le=\"%g\"} %llu\n", name, latency_bounds[b],
                (unsigned long long)below);
    }
    fprintf(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.15g\n%s_count %llu\n", name,
            (unsigned long long)latency->count, name, latency->sum, name,
            (unsigned long long)latency->count);
}

static void put_refusals(FILE *out, const struct server_stats *stats)
{
    static const char *const refusals[REFUSED_COUNT] = {
        [REFUSED_HOST] = "host",   [REFUSED_ORIGIN] = "origin", [REFUSED_CROSS_SITE] = "cross_site",
        [REFUSED_TOKEN] = "token", [REFUSED_FULL] = "full",
    };
    static const char *const drops[DROPPED_COUNT] = {
        [DROPPED_SILENT] = "silent", [DROPPED_STUCK] = "stuck", [DROPPED_BEHIND] = "behind"};

    family(out, "linkbandd_refused_total", "counter", "Connections and requests refused.");
    for (int r = 0; r < REFUSED_COUNT; r++)
        labelled(out, "linkbandd_refused_total", "reason", refusals[r], (double)stats->refused[r]);
    family(out, "linkbandd_clients_dropped_total", "counter", "Clients that had to go.");
    for (int d = 0; d < DROPPED_COUNT; d++)
        labelled(out, "linkbandd_clients_dropped_total", "reason", drops[d],
                 (double)stats->clients_dropped[d]);
}

static void put_queues(FILE *out, struct server *server)
{
    static const char name[] = "linkbandd_client_queue_bytes";
    char id[24];

    /* By place, not by id: a series for each client ever seen would grow without end. */
    family(out, name, "gauge", "What waits to be sent to the client that has a place, 1 to 10.");
    for (size_t i = 0; i < server_client_count(server); i++) {
        struct client *client = server_client(server, i);
        snprintf(id, sizeof(id), "%u", client_place(client));
        labelled(out, name, "client", id, (double)client_queue_bytes(client));
    }
}

static void put_server(FILE *out, struct server *server)
{
    const struct server_stats *stats = server_stats(server);

    single(out, "linkbandd_clients", "gauge", "Clients that have a place.", (double)stats->clients);
    single(out, "linkbandd_clients_waiting", "gauge", "Clients that wait for a place.",
           (double)stats->waiting);
    single(out, "linkbandd_connections", "gauge", "TCP connections of all kinds.",
           (double)stats->connections);
    single(out, "linkbandd_connections_total", "counter", "TCP connections since the start.",
           (double)stats->accepted);
    single(out, "linkbandd_messages_received_total", "counter", "Messages from clients.",
           (double)stats->messages);
    single(out, "linkbandd_frames_sent_total", "counter", "Messages to clients.",
           (double)stats->frames);
    single(out, "linkbandd_sent_bytes_total", "counter", "Their text.", (double)stats->bytes);
    family(out, "linkbandd_frames_dropped_total", "counter",
           "Data messages dropped for clients that read too slowly.");
    for (int s = 0; s < SENSOR_COUNT; s++)
        labelled(out, "linkbandd_frames_dropped_total", "sensor", sensor_name((enum sensor)s),
                 (double)stats->frames_dropped[s]);
    put_refusals(out, stats);
    put_queues(out, server);
    put_latency(out, &stats->latency);
}

/* ---- recorder and spool */

static void put_recorder(FILE *out, struct recorder *recorder)
{
    const struct recorder_status *status = recorder_status(recorder);

    single(out, "linkbandd_recording", "gauge", "1 while a recording runs.", status->is_recording);
    single(out, "linkbandd_recording_seconds", "gauge", "Length of this or the last recording.",
           status->duration);
    single(out, "linkbandd_recording_bytes", "gauge", "Size of this or the last recording.",
           (double)status->bytes);
    single(out, "linkbandd_recording_queue_bytes", "gauge", "Of these, not on the disk yet.",
           (double)status->queued);
}

/* A family with a figure for each reader of the spool that is told by name. */
static void put_readers(FILE *out, const struct spool_usage *usage, const char *name,
                        const char *help, double (*figure)(const struct spool_unread *unread))
{
    if (usage->reader_count > 0)
        family(out, name, "gauge", help);
    for (size_t i = 0; i < usage->reader_count; i++)
        labelled(out, name, "reader", usage->readers[i].name, figure(&usage->readers[i].unread));
}

static double unread_bytes(const struct spool_unread *unread)
{
    return (double)unread->bytes;
}

static double lag(const struct spool_unread *unread)
{
    return (double)spool_lag(unread, now_utc_us() / 1000000);
}

static void put_spool(FILE *out, const struct spool *spool)
{
    const struct spool_usage *usage = spool_usage(spool);

    single(out, "linkbandd_spool_bytes", "gauge", "Size of the spool.", (double)usage->bytes);
    single(out, "linkbandd_spool_unread_bytes", "gauge",
           "Of these, what a reader has still to have.", (double)usage->unread.bytes);
    single(out, "linkbandd_spool_oldest_unread_timestamp_seconds", "gauge",
           "When the oldest of that was written; 0 where nothing is unread.",
           (double)usage->unread.oldest_s);
    if (usage->is_read)
        single(out, "linkbandd_spool_lag_seconds", "gauge",
               "How long ago that was; 0 where nothing is unread.", lag(&usage->unread));
    put_readers(out, usage, "linkbandd_spool_reader_unread_bytes",
                "What one reader has still to have: the first 8 by name.", unread_bytes);
    put_readers(out, usage, "linkbandd_spool_reader_lag_seconds",
                "How long ago the oldest of that was written; 0 where there is none.", lag);
    single(out, "linkbandd_spool_lost_segments_total", "counter",
           "Segments that went before all readers had them.", (double)usage->lost_segments);
    single(out, "linkbandd_spool_lost_records_total", "counter",
           "Records that never came to the disk.", (double)usage->lost_records);
    single(out, "linkbandd_spool_writable", "gauge", "0 while the disk takes nothing.",
           usage->problem == NULL);
}

void metrics_answer(void *user, const struct http_request *request, struct http_response *response)
{
    const struct observed *observed = user;
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    (void)request;
    if (!out)
        return;
    put_process(out);
    put_server(out, *observed->server);
    if (*observed->manager)
        put_data(out, *observed->manager);
    if (*observed->recorder)
        put_recorder(out, *observed->recorder);
    if (*observed->spool)
        put_spool(out, *observed->spool);
    if (fclose(out) == 0)
        http_reply_text(response, 200, CONTENT_TYPE, text, len);
    free(text);
}
