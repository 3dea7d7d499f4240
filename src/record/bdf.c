#include "record/bdf.h"

#include <edflib.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bdf_plan.h"
#include "dsp/mend.h"
#include "folder.h"
#include "grid.h"
#include "marks.h"
#include "record/disk.h"
#include "record/playback.h"

/*
 * Seconds kept open for sensors to fill: their packets come up to 1.2 s apart and late. One that
 * is silent for longer is filled with what it last had.
 */
#define WINDOW_SECONDS 16
/* EDFlib's unit of a record's duration is 10 µs. */
#define SECOND 100000
/* EDFlib cuts a label there, also within a character. */
#define LABEL_MAX 40
/* EDFlib's tables of open files are shared and not locked. */
static pthread_mutex_t edf_tables = PTHREAD_MUTEX_INITIALIZER;

struct bdf_sensor {
    struct bdf *bdf;
    struct bdf_grid grid;
    enum sensor sensor;
    int first_signal;
    int per_record;
    struct bdf_signal signal[GRID_CHANNELS_MAX];
    int *window[GRID_CHANNELS_MAX]; /* WINDOW_SECONDS of samples, a ring by records */
};

struct bdf {
    int handle;
    const struct bdf_plan *plan;
    size_t sensor_count;
    struct bdf_sensor sensors[SENSOR_STREAMED];
    struct marks marks;
    struct mend mend; /* of the EEG */
    bool mending;
    double end_ms;         /* when its next sample is due */
    struct samples mended; /* the one on its way to the grid */
    int64_t written;       /* records */
    uint64_t annotated;
    bool failed;
};

static void annotate(void *user, double from_ms, double duration_ms, const char *text)
{
    struct bdf *bdf = user;
    char label[LABEL_MAX + 1];
    /* EDFlib counts in 100 µs; a marker's time may be any, readers want it within the file. */
    double after_ms =
        fmin(fmax(from_ms - bdf->plan->start_ms, 0), (double)bdf->plan->seconds * 1e3);
    long long onset = llround(after_ms * 10);

    session_copy_text(label, sizeof(label), text);
    if (edfwrite_annotation_utf8(bdf->handle, onset,
                                 duration_ms > 0 ? llround(duration_ms * 10) : -1, label) != 0)
        bdf->failed = true;
    bdf->annotated++;
}

/* MNE and others leave out what is marked BAD…: for all channels, so only the EEG's gaps are. */
static void tell_gap(void *user, double from_ms, double to_ms)
{
    struct bdf_sensor *one = user;
    char text[LABEL_MAX];

    snprintf(text, sizeof(text), "%s %s", one->sensor == SENSOR_EEG ? "BAD_gap" : "gap",
             sensor_name(one->sensor));
    annotate(one->bdf, from_ms, to_ms - from_ms, text);
}

/* The oldest record leaves the window. */
static void write_record(struct bdf *bdf)
{
    for (size_t s = 0; s < bdf->sensor_count; s++) {
        struct bdf_sensor *one = &bdf->sensors[s];
        int64_t first = bdf->written * one->per_record;

        grid_hold(&one->grid, first + one->per_record);
        for (size_t c = 0; c < one->grid.channels; c++) {
            int *record = one->window[c] + first % (WINDOW_SECONDS * one->grid.rate);

            if (edfwrite_digital_samples(bdf->handle, record) != 0)
                bdf->failed = true;
        }
    }
    bdf->written++;
}

static void take_point(void *user, int64_t index, const double *value)
{
    struct bdf_sensor *one = user;
    int rate = one->grid.rate;

    while (index / one->per_record >=
           one->bdf->written + (int64_t)WINDOW_SECONDS * one->bdf->plan->parts)
        write_record(one->bdf);
    for (size_t c = 0; c < one->grid.channels; c++) {
        const struct bdf_signal *signal = &one->signal[c];
        double digital = fmin(fmax(value[c], signal->dig_min), signal->dig_max);

        one->window[c][index % (WINDOW_SECONDS * (int64_t)rate)] = (int)lround(digital);
    }
}

static void take_mended(void *user, const struct mend_sample *sample)
{
    struct bdf_sensor *one = user;
    struct samples *mended = &one->bdf->mended;
    double value[GRID_CHANNELS_MAX];

    mended->eeg[0] = sample->eeg;
    bdf_values(mended, 0, value);
    grid_push(&one->grid, sample->time_ms, 1000.0 / one->grid.rate, value);
}

/* What the grid bridges, the mending may: beyond it the stretch ends. */
static void take_eeg(struct bdf_sensor *one, const struct sample_block *block)
{
    struct bdf *bdf = one->bdf;

    if (bdf->mending && (block->restart || block->first_ms - bdf->end_ms > GRID_BRIDGE_MS)) {
        mend_finish(&bdf->mend, take_mended, one);
        bdf->mending = false;
    }
    if (!bdf->mending)
        mend_begin(&bdf->mend, block);
    bdf->mending = true;
    bdf->mended.sensor = SENSOR_EEG;
    bdf->mended.as = block->samples.as;
    for (size_t i = 0; i < block->samples.count; i++) {
        const struct mend_sample sample = {block->first_ms + (double)i * block->step_ms, true,
                                           block->samples.eeg[i]};
        mend_take(&bdf->mend, &sample, take_mended, one);
    }
    bdf->end_ms = block->first_ms + (double)block->samples.count * block->step_ms;
}

static void take_others(struct bdf_sensor *one, const struct sample_block *block)
{
    for (size_t i = 0; i < block->samples.count; i++) {
        double value[GRID_CHANNELS_MAX];

        bdf_values(&block->samples, i, value);
        grid_push(&one->grid, block->first_ms + (double)i * block->step_ms, 1000.0 / block->rate,
                  value);
    }
}

static void take_bdf_block(void *user, const struct sample_block *block)
{
    struct bdf *bdf = user;

    for (size_t s = 0; s < bdf->sensor_count; s++) {
        struct bdf_sensor *one = &bdf->sensors[s];

        if (one->sensor != block->samples.sensor)
            continue;
        if (one->sensor == SENSOR_EEG) {
            marks_block(&bdf->marks, block);
            take_eeg(one, block);
        } else
            take_others(one, block);
    }
}

static void take_features(void *user, const struct eeg_features *features)
{
    struct bdf *bdf = user;

    if (bdf->plan->rate[SENSOR_EEG])
        marks_features(&bdf->marks, features);
}

static void take_bdf_record(void *user, const struct capture_record *record)
{
    if (record->kind == CAPTURE_MARKER)
        annotate(user, record->marker_ms, 0, record->label);
}

static bool describe_signal(int handle, int signal, const struct bdf_signal *as, int per_record)
{
    return edf_set_samplefrequency(handle, signal, per_record) == 0 &&
           edf_set_label(handle, signal, as->label) == 0 &&
           edf_set_physical_dimension(handle, signal, as->unit) == 0 &&
           edf_set_digital_minimum(handle, signal, as->dig_min) == 0 &&
           edf_set_digital_maximum(handle, signal, as->dig_max) == 0 &&
           edf_set_physical_minimum(handle, signal, as->phys_min) == 0 &&
           edf_set_physical_maximum(handle, signal, as->phys_max) == 0;
}

static bool describe_file(struct bdf *bdf, const struct session_info *info)
{
    const struct bdf_plan *plan = bdf->plan;
    time_t seconds = (time_t)(plan->start_ms / 1000.0);
    char equipment[80];
    struct tm utc;

    gmtime_r(&seconds, &utc);
    snprintf(equipment, sizeof(equipment), "%s %s", session_model(info)->title, info->device);
    return edf_set_datarecord_duration(bdf->handle, SECOND / plan->parts) == 0 &&
           edf_set_startdatetime(bdf->handle, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                                 utc.tm_hour, utc.tm_min, utc.tm_sec) == 0 &&
           edf_set_equipment(bdf->handle, equipment) == 0 &&
           edf_set_recording_additional(bdf->handle, info->id) == 0 &&
           edf_set_number_of_annotation_signals(bdf->handle, plan->annotation_signals) == 0;
}

static bool begin_sensor(struct bdf *bdf, enum sensor sensor, int first_signal)
{
    struct bdf_sensor *one = &bdf->sensors[bdf->sensor_count++];
    const struct model_sensor *as = bdf->plan->as[sensor];
    size_t channels = bdf_signals(sensor, as);
    int rate = bdf->plan->rate[sensor];

    *one = (struct bdf_sensor){.bdf = bdf,
                               .sensor = sensor,
                               .first_signal = first_signal,
                               .per_record = rate / bdf->plan->parts};
    one->grid = (struct bdf_grid){.rate = rate,
                                  .channels = channels,
                                  .stepwise = sensor == SENSOR_EEG ? 1u << as->channel_count : 0,
                                  .start_ms = bdf->plan->start_ms,
                                  .user = one,
                                  .emit = take_point,
                                  .gap = tell_gap};
    memcpy(one->grid.held, bdf->plan->first[sensor], sizeof(one->grid.held));
    for (size_t c = 0; c < channels; c++) {
        one->signal[c] = bdf_signal(sensor, as, c);
        one->window[c] = calloc((size_t)rate * WINDOW_SECONDS, sizeof(int));
        if (!one->window[c] ||
            !describe_signal(bdf->handle, first_signal + (int)c, &one->signal[c], one->per_record))
            return false;
    }
    return true;
}

static bool begin_bdf(struct bdf *bdf, const struct session_info *info)
{
    int signal = 0;

    if (!describe_file(bdf, info))
        return false;
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        if (!bdf->plan->rate[sensor])
            continue;
        if (!begin_sensor(bdf, sensor, signal))
            return false;
        signal += (int)bdf_signals((enum sensor)sensor, bdf->plan->as[sensor]);
    }
    return true;
}

static void finish_bdf(struct bdf *bdf)
{
    marks_finish(&bdf->marks);
    for (size_t s = 0; s < bdf->sensor_count; s++) {
        if (bdf->sensors[s].sensor == SENSOR_EEG && bdf->mending)
            mend_finish(&bdf->mend, take_mended, &bdf->sensors[s]);
    }
    for (size_t s = 0; s < bdf->sensor_count; s++)
        grid_finish(&bdf->sensors[s].grid, bdf->plan->seconds * bdf->sensors[s].grid.rate);
    while (bdf->written < bdf_plan_records(bdf->plan))
        write_record(bdf);
    if (bdf->annotated > bdf_plan_room(bdf->plan))
        bdf->failed = true;
}

static void release_bdf(struct bdf *bdf)
{
    for (size_t s = 0; s < bdf->sensor_count; s++) {
        for (size_t c = 0; c < GRID_CHANNELS_MAX; c++)
            free(bdf->sensors[s].window[c]);
    }
}

/* EDFlib doesn't tell of every write that failed: what is on disk must read back as a whole. */
static bool reads_back(const char *path, int64_t records)
{
    struct edf_hdr_struct *header = malloc(sizeof(*header));
    bool whole = false;

    if (!header)
        return false;
    pthread_mutex_lock(&edf_tables);
    if (edfopen_file_readonly(path, header, EDFLIB_DO_NOT_READ_ANNOTATIONS) == 0) {
        whole = header->datarecords_in_file == records;
        edfclose_file(header->handle);
    }
    pthread_mutex_unlock(&edf_tables);
    free(header);
    return whole;
}

static bool write_bdf(FILE *packets, const char *path, const struct bdf_plan *plan,
                      const struct session_info *info, struct bdf_result *result,
                      struct failure *failure)
{
    struct bdf bdf = {.plan = plan, .marks.tell = annotate};
    struct playback_listener listener = {
        .pipeline = {.user = &bdf, .samples = take_bdf_block, .eeg = take_features},
        .record = take_bdf_record,
        .user = &bdf};
    struct pipeline_config config = {.mains_hz = plan->mains_hz, .with_features = true};

    bdf.marks.user = &bdf;
    pthread_mutex_lock(&edf_tables);
    bdf.handle = edfopen_file_writeonly(path, EDFLIB_FILETYPE_BDFPLUS, plan->signals);
    pthread_mutex_unlock(&edf_tables);
    failure_set(failure, ERROR_RECORDING,
                "Can't write session.bdf as a whole: see whether the disk has room");
    if (bdf.handle < 0)
        return false;
    bool done = begin_bdf(&bdf, info) &&
                playback_run(packets, &config, &listener, CAPTURE_DEFAULT_START_UTC_US,
                             &result->played, failure);
    if (done)
        finish_bdf(&bdf);
    pthread_mutex_lock(&edf_tables);
    bool closed = edfclose_file(bdf.handle) == 0;
    pthread_mutex_unlock(&edf_tables);
    result->records = (uint64_t)bdf.written;
    result->annotated = bdf.annotated;
    for (size_t s = 0; s < bdf.sensor_count; s++)
        result->overlapped += bdf.sensors[s].grid.overlapped;
    release_bdf(&bdf);
    return done && closed && !bdf.failed && reads_back(path, bdf_plan_records(plan));
}

static bool put_bdf_in_place(int dir, int fd, struct failure *failure)
{
    if (disk_keep_part(dir, session_file_name(FILE_BDF), fd))
        return true;
    failure_set(failure, ERROR_RECORDING, "Can't write session.bdf: %s", strerror(errno));
    return false;
}

static FILE *open_packets(int dir, struct failure *failure)
{
    int fd = session_open_in(dir, session_file_name(FILE_PACKETS), O_RDONLY);
    FILE *packets = fd < 0 ? NULL : fdopen(fd, "r");

    if (!packets)
        failure_set(failure, ERROR_RECORDING, "Can't read packets.lbcap: %s", strerror(errno));
    return packets;
}

bool bdf_span_of(int dir, const struct session_info *info, struct bdf_span *span,
                 struct failure *failure)
{
    FILE *packets = open_packets(dir, failure);

    if (!packets)
        return false;
    const bool found = bdf_plan_span(packets, info->sensors, span, failure);
    fclose(packets);
    return found;
}

static struct bdf_span both(const struct bdf_span *a, const struct bdf_span *b)
{
    const double start_ms = fmin(a->start_ms, b->start_ms);
    const double end_ms =
        fmax(a->start_ms + 1e3 * (double)a->seconds, b->start_ms + 1e3 * (double)b->seconds);

    return (struct bdf_span){start_ms, llround((end_ms - start_ms) / 1e3)};
}

bool bdf_span_of_bands(int dir, const struct session *session, struct bdf_span *span)
{
    bool any = false;

    for (size_t i = 0; i < session->band_count; i++) {
        const int within = folder_open(dir, session->bands[i]->folder);
        struct failure failure;
        struct bdf_span one;

        if (within < 0)
            continue;
        if (bdf_span_of(within, session->bands[i], &one, &failure)) {
            *span = any ? both(span, &one) : one;
            any = true;
        }
        close(within);
    }
    return any;
}

bool bdf_make(int dir, int out_dir, const struct session_info *info, const struct bdf_span *span,
              struct bdf_result *result, struct failure *failure)
{
    char path[64];
    struct bdf_plan plan;
    FILE *packets = open_packets(dir, failure);

    memset(result, 0, sizeof(*result));
    if (!packets)
        return false;
    int part = disk_begin_part(out_dir, session_file_name(FILE_BDF));
    /* EDFlib opens by path only; through the folder's descriptor no one can put another there. */
    snprintf(path, sizeof(path), "/proc/self/fd/%d/session.bdf.part", out_dir);
    bool made = false;
    if (part < 0)
        failure_set(failure, ERROR_RECORDING, "Can't write session.bdf: %s", strerror(errno));
    else if (bdf_plan_make(packets, info->sensors, session_mains_hz(info), span, &plan, failure)) {
        rewind(packets);
        made = write_bdf(packets, path, &plan, info, result, failure) &&
               put_bdf_in_place(out_dir, part, failure);
    }
    if (part >= 0)
        close(part);
    if (!made)
        disk_drop_part(out_dir, session_file_name(FILE_BDF));
    fclose(packets);
    return made;
}
