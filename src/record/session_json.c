/* session.json: struct session_info as JSON and back. */
#include "session_json.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "band/iso.h"
#include "record/disk.h"
#include "signals.h"

/* Lists are bounded, so is the file; beyond this it is none of ours. */
#define JSON_MAX   (2 * 1024 * 1024)
#define SUFFIX_MAX 99

static void add_iso(cJSON *object, const char *key, int64_t utc_us)
{
    char text[ISO_TEXT_SIZE];

    iso_format_ms(utc_us, text);
    cJSON_AddStringToObject(object, key, text);
}

static void add_text(cJSON *object, const char *key, const char *text)
{
    if (text[0])
        cJSON_AddStringToObject(object, key, text);
    else
        cJSON_AddNullToObject(object, key);
}

static void add_number(cJSON *object, const char *key, double number)
{
    /* cJSON prints NaN as null, too; said here so that no one has to know. */
    if (isfinite(number))
        cJSON_AddNumberToObject(object, key, number);
    else
        cJSON_AddNullToObject(object, key);
}

static void add_sensors(cJSON *root, const struct session_info *info)
{
    cJSON *names = cJSON_AddArrayToObject(root, "sensors");
    cJSON *counts = cJSON_AddObjectToObject(root, "counts");

    for (int i = 0; i < SENSOR_COUNT; i++) {
        const struct session_counts *count = &info->counts[i];

        if (info->sensors & SENSOR_BIT(i))
            cJSON_AddItemToArray(names, cJSON_CreateString(sensor_name(i)));
        cJSON *one = cJSON_AddObjectToObject(counts, sensor_name(i));
        cJSON_AddNumberToObject(one, "packets", (double)count->packets);
        cJSON_AddNumberToObject(one, "samples", (double)count->samples);
        cJSON_AddNumberToObject(one, "skipped_by_band", (double)count->skipped_by_band);
        cJSON_AddNumberToObject(one, "lost_link", (double)count->lost_link);
        add_number(one, "sample_rate_measured",
                   info->rate_measured[i] > 0 ? info->rate_measured[i] : NAN);
    }
}

static void add_formats(cJSON *root, unsigned formats)
{
    cJSON *names = cJSON_AddArrayToObject(root, "formats");

    if (formats & FORMAT_CSV)
        cJSON_AddItemToArray(names, cJSON_CreateString("csv"));
    if (formats & FORMAT_BDF)
        cJSON_AddItemToArray(names, cJSON_CreateString("bdf"));
    if (formats & FORMAT_JSONL)
        cJSON_AddItemToArray(names, cJSON_CreateString("jsonl"));
}

static void add_gaps(cJSON *root, const struct session_info *info)
{
    cJSON *gaps = cJSON_AddObjectToObject(root, "gaps");
    cJSON *list = cJSON_AddArrayToObject(gaps, "list");

    cJSON_AddNumberToObject(gaps, "total", (double)info->gap_total);
    for (size_t i = 0; i < info->gap_count; i++) {
        cJSON *one = cJSON_CreateObject();

        cJSON_AddStringToObject(one, "sensor", sensor_name(info->gaps[i].sensor));
        add_number(one, "from", info->gaps[i].from_ms > 0 ? info->gaps[i].from_ms : NAN);
        cJSON_AddNumberToObject(one, "until", info->gaps[i].until_ms);
        cJSON_AddNumberToObject(one, "lost", info->gaps[i].lost);
        cJSON_AddItemToArray(list, one);
    }
}

static void add_markers(cJSON *root, const struct session_info *info)
{
    cJSON *markers = cJSON_AddObjectToObject(root, "markers");
    cJSON *list = cJSON_AddArrayToObject(markers, "list");

    cJSON_AddNumberToObject(markers, "total", (double)info->marker_total);
    for (size_t i = 0; i < info->marker_count; i++) {
        cJSON *one = cJSON_CreateObject();

        cJSON_AddNumberToObject(one, "timestamp", info->markers[i].ms);
        cJSON_AddStringToObject(one, "label", info->markers[i].label);
        cJSON_AddItemToArray(list, one);
    }
}

static void add_ntp_state(cJSON *clock, const char *key, const struct ntp_state *state)
{
    if (!state->known) {
        cJSON_AddNullToObject(clock, key);
        return;
    }
    cJSON *one = cJSON_AddObjectToObject(clock, key);
    cJSON_AddBoolToObject(one, "synchronized", state->synchronized);
    cJSON_AddNumberToObject(one, "offset_ms", state->offset_ms);
    cJSON_AddNumberToObject(one, "max_error_ms", state->max_error_ms);
}

static void add_clock(cJSON *root, const struct session_info *info)
{
    cJSON *clock = cJSON_AddObjectToObject(root, "ntp");
    cJSON *steps = cJSON_AddArrayToObject(clock, "steps");

    add_ntp_state(clock, "start", &info->ntp_start);
    add_ntp_state(clock, "end", &info->ntp_end);
    cJSON_AddNumberToObject(clock, "steps_total", (double)info->step_total);
    for (size_t i = 0; i < info->step_count; i++) {
        cJSON *one = cJSON_CreateObject();

        cJSON_AddNumberToObject(one, "timestamp", info->steps[i].at_ms);
        cJSON_AddNumberToObject(one, "step_ms", info->steps[i].step_ms);
        cJSON_AddItemToArray(steps, one);
    }
}

static void add_files(cJSON *root, const struct session_info *info)
{
    cJSON *files = cJSON_AddObjectToObject(root, "files");

    for (int i = 0; i < FILE_COUNT; i++) {
        if (!info->files[i].present || i == FILE_JSON)
            continue;
        cJSON *one = cJSON_AddObjectToObject(files, session_file_name(i));
        cJSON_AddNumberToObject(one, "bytes", (double)info->files[i].bytes);
        add_text(one, "sha256", info->files[i].sha256);
    }
}

cJSON *session_to_json(const struct session_info *info)
{
    cJSON *root = cJSON_CreateObject();

    cJSON_AddStringToObject(root, "session_id", info->id);
    cJSON_AddStringToObject(root, "session_name", info->name);
    cJSON_AddStringToObject(root, "state", session_state_name(info->state));
    add_text(root, "reason", info->reason);
    add_text(root, "problem", info->problem);
    add_iso(root, "start", info->start_utc_us);
    cJSON_AddNumberToObject(root, "start_us", (double)info->start_utc_us);
    cJSON_AddNumberToObject(root, "duration", info->duration);
    cJSON *device = cJSON_AddObjectToObject(root, "device");
    add_text(device, "device_id", info->device);
    add_text(device, "address", info->address);
    add_text(device, "firmware_version", info->firmware);
    if (session_model(info) != model_default())
        cJSON_AddStringToObject(device, "model", info->model);
    add_text(root, "backend", info->backend);
    add_text(root, "participant", info->participant);
    add_text(root, "task", info->task);
    add_text(root, "notes", info->notes);
    cJSON *host = cJSON_AddObjectToObject(root, "host");
    add_text(host, "name", info->host);
    add_text(host, "kernel", info->kernel);
    add_text(host, "linkbandd", info->version);
    add_formats(root, info->formats);
    add_number(root, "sample_rate", info->sample_rate > 0 ? info->sample_rate : NAN);
    add_number(root, "eeg_rate", info->eeg_rate ? info->eeg_rate : NAN);
    add_number(root, "mains", info->mains_hz ? info->mains_hz : NAN);
    signals_add(root, info);
    add_sensors(root, info);
    add_gaps(root, info);
    add_markers(root, info);
    add_clock(root, info);
    add_files(root, info);
    return root;
}

bool session_write_json(int dir, const cJSON *root)
{
    char *text = cJSON_Print(root);
    bool saved = text && session_replace(dir, session_file_name(FILE_JSON), text, strlen(text));
    int error = text ? errno : ENOMEM;

    cJSON_free(text);
    errno = error;
    return saved;
}

bool session_save(int dir, const struct session_info *info)
{
    cJSON *root = session_to_json(info);
    bool saved = session_write_json(dir, root);
    int error = errno;

    cJSON_Delete(root);
    errno = error;
    return saved;
}

static void get_text(const cJSON *object, const char *key, char *out, size_t size)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

    session_copy_text(out, size, text ? text : "");
}

/* 2^52, the year 2112 in µs: cJSON takes 15 digits for enough where they are within 2^-52. */
#define EXACT_MAX 4503599627370496.0

/* Someone may have edited the file: only numbers that fit are believed. */
static double get_number(const cJSON *object, const char *key, double most)
{
    double number = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));

    return number >= 0 && number <= most ? number : 0;
}

static bool find_state(const cJSON *root, enum session_state *state)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "state"));

    for (int i = SESSION_RECORDING; name && i <= SESSION_INTERRUPTED; i++) {
        if (strcmp(name, session_state_name(i)) == 0) {
            *state = i;
            return true;
        }
    }
    return false;
}

static void get_sensors(const cJSON *root, struct session_info *info)
{
    const cJSON *one;
    const cJSON *counts = cJSON_GetObjectItemCaseSensitive(root, "counts");

    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(root, "sensors"))
    {
        const char *name = cJSON_GetStringValue(one);
        enum sensor sensor;

        if (name && sensor_from_name(name, strlen(name), &sensor))
            info->sensors |= SENSOR_BIT(sensor);
    }
    for (int i = 0; i < SENSOR_COUNT; i++) {
        one = cJSON_GetObjectItemCaseSensitive(counts, sensor_name(i));
        info->counts[i].packets = (uint64_t)get_number(one, "packets", 1e15);
        info->counts[i].samples = (uint64_t)get_number(one, "samples", 1e15);
        info->counts[i].skipped_by_band = (uint64_t)get_number(one, "skipped_by_band", 1e15);
        info->counts[i].lost_link = (uint64_t)get_number(one, "lost_link", 1e15);
        info->rate_measured[i] = get_number(one, "sample_rate_measured", 1e4);
    }
}

static void get_formats(const cJSON *root, struct session_info *info)
{
    const cJSON *one;

    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(root, "formats"))
    {
        const char *name = cJSON_GetStringValue(one);

        if (!name)
            continue;
        info->formats |= strcmp(name, "csv") == 0     ? FORMAT_CSV
                         : strcmp(name, "bdf") == 0   ? FORMAT_BDF
                         : strcmp(name, "jsonl") == 0 ? FORMAT_JSONL
                                                      : 0;
    }
}

static void get_gaps(const cJSON *root, struct session_info *info)
{
    const cJSON *gaps = cJSON_GetObjectItemCaseSensitive(root, "gaps");
    const cJSON *one;

    info->gap_total = (uint64_t)get_number(gaps, "total", 1e12);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(gaps, "list"))
    {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "sensor"));
        struct session_gap *gap = &info->gaps[info->gap_count];

        if (info->gap_count == SESSION_GAPS_MAX || !name ||
            !sensor_from_name(name, strlen(name), &gap->sensor))
            continue;
        gap->from_ms = get_number(one, "from", 1e15);
        gap->until_ms = get_number(one, "until", 1e15);
        gap->lost = (uint32_t)get_number(one, "lost", UINT32_MAX);
        info->gap_count++;
    }
}

static void get_markers(const cJSON *root, struct session_info *info)
{
    const cJSON *markers = cJSON_GetObjectItemCaseSensitive(root, "markers");
    const cJSON *one;

    info->marker_total = (uint64_t)get_number(markers, "total", 1e12);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(markers, "list"))
    {
        struct session_marker *marker = &info->markers[info->marker_count];

        if (info->marker_count == SESSION_MARKERS_MAX)
            break;
        marker->ms = get_number(one, "timestamp", 1e15);
        get_text(one, "label", marker->label, sizeof(marker->label));
        info->marker_count++;
    }
}

static void get_ntp_state(const cJSON *clock, const char *key, struct ntp_state *state)
{
    const cJSON *one = cJSON_GetObjectItemCaseSensitive(clock, key);

    state->known = cJSON_IsObject(one);
    state->synchronized = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(one, "synchronized"));
    const cJSON *offset = cJSON_GetObjectItemCaseSensitive(one, "offset_ms");
    state->offset_ms = cJSON_IsNumber(offset) ? offset->valuedouble : 0;
    state->max_error_ms = get_number(one, "max_error_ms", 1e15);
}

static void get_clock(const cJSON *root, struct session_info *info)
{
    const cJSON *clock = cJSON_GetObjectItemCaseSensitive(root, "ntp");
    const cJSON *one;

    get_ntp_state(clock, "start", &info->ntp_start);
    get_ntp_state(clock, "end", &info->ntp_end);
    info->step_total = (uint64_t)get_number(clock, "steps_total", 1e12);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(clock, "steps"))
    {
        const cJSON *step = cJSON_GetObjectItemCaseSensitive(one, "step_ms");

        if (info->step_count == SESSION_STEPS_MAX || !cJSON_IsNumber(step))
            continue;
        info->steps[info->step_count].at_ms = get_number(one, "timestamp", 1e15);
        info->steps[info->step_count++].step_ms = step->valuedouble;
    }
}

void session_band_from_json(const cJSON *root, struct session_info *info)
{
    const cJSON *device = cJSON_GetObjectItemCaseSensitive(root, "device");
    const cJSON *host = cJSON_GetObjectItemCaseSensitive(root, "host");

    memset(info, 0, sizeof(*info));
    get_text(root, "session_id", info->id, sizeof(info->id));
    get_text(root, "session_name", info->name, sizeof(info->name));
    get_text(root, "reason", info->reason, sizeof(info->reason));
    get_text(root, "problem", info->problem, sizeof(info->problem));
    get_text(device, "device_id", info->device, sizeof(info->device));
    get_text(device, "address", info->address, sizeof(info->address));
    get_text(device, "firmware_version", info->firmware, sizeof(info->firmware));
    get_text(device, "model", info->model, sizeof(info->model));
    get_text(root, "backend", info->backend, sizeof(info->backend));
    get_text(root, "participant", info->participant, sizeof(info->participant));
    get_text(root, "task", info->task, sizeof(info->task));
    get_text(root, "notes", info->notes, sizeof(info->notes));
    get_text(host, "name", info->host, sizeof(info->host));
    get_text(host, "kernel", info->kernel, sizeof(info->kernel));
    get_text(host, "linkbandd", info->version, sizeof(info->version));
    info->start_utc_us = (int64_t)get_number(root, "start_us", EXACT_MAX);
    info->duration = get_number(root, "duration", 1e12);
    info->sample_rate = get_number(root, "sample_rate", 1e4);
    info->eeg_rate = (int)get_number(root, "eeg_rate", 1e4);
    info->mains_hz = (int)get_number(root, "mains", 1e3);
    get_formats(root, info);
    get_sensors(root, info);
    get_gaps(root, info);
    get_markers(root, info);
    get_clock(root, info);
}

bool session_from_json(const cJSON *root, struct session_info *info)
{
    session_band_from_json(root, info);
    return find_state(root, &info->state);
}

static char *read_text(int dir, const char *name)
{
    struct stat stat;
    char *text = NULL;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    errno = EBADMSG;
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size <= JSON_MAX)
        text = calloc(1, (size_t)stat.st_size + 1);
    if (text && read(fd, text, (size_t)stat.st_size) != stat.st_size) {
        free(text);
        text = NULL;
    }
    int error = errno;
    close(fd);
    errno = error;
    return text;
}

cJSON *session_read_json(int dir)
{
    char *text = read_text(dir, session_file_name(FILE_JSON));

    if (!text)
        return NULL;
    cJSON *root = cJSON_Parse(text);
    free(text);
    if (!root)
        errno = EBADMSG;
    return root;
}

bool session_load(int dir, struct session_info *info)
{
    cJSON *root = session_read_json(dir);

    if (!root)
        return false;
    bool loaded = session_from_json(root, info);
    cJSON_Delete(root);
    if (!loaded)
        errno = EBADMSG;
    return loaded;
}

bool session_keep_unreadable(int dir, char kept[SESSION_KEPT_SIZE])
{
    const char *name = session_file_name(FILE_JSON);

    snprintf(kept, SESSION_KEPT_SIZE, "%s.bad", name);
    for (int n = 2; !disk_rename_new(dir, name, kept); n++) {
        if (errno != EEXIST || n > SUFFIX_MAX)
            return false;
        snprintf(kept, SESSION_KEPT_SIZE, "%s.bad_%d", name, n);
    }
    return true;
}
