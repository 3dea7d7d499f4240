#include "record/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "columns.h"
#include "csv.h"
#include "folder.h"
#include "gather.h"
#include "record/bdf.h"
#include "record/disk.h"
#include "record/playback.h"
#include "record/session.h"
#include "rows.h"

/* Rows are handed to the file once this many bytes are together. */
#define CHUNK (64 * 1024)
/* Those before: columns.json is the last that an export of CSV makes. */
#define EXPORTED (FILE_COLUMNS + 1)

struct csv_export {
    int out_dir;
    const struct session_info *info;
    struct rows *eeg;
    int files[EXPORTED];
    struct buffer rows[EXPORTED];
    const struct band_model *model;
    bool began;   /* the headers are there */
    bool repairs; /* files of that name are there, and shorter */
    int error;
};

/* Under its own name only once it is whole: what a full disk or a kill leaves passes for no CSV. */
static int create_file(int out_dir, enum session_file file, bool repairs)
{
    struct stat stat;

    if (repairs || fstatat(out_dir, session_file_name(file), &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return disk_begin_part(out_dir, session_file_name(file));
    errno = EEXIST;
    return -1;
}

static void write_rows(struct csv_export *export, int file)
{
    struct buffer *rows = &export->rows[file];

    for (size_t at = 0; at < rows->len && !export->error;) {
        ssize_t n = write(export->files[file], rows->data + at, rows->len - at);

        if (n < 0 && errno != EINTR)
            export->error = errno;
        at += n > 0 ? (size_t)n : 0;
    }
    if (rows->failed)
        export->error = ENOMEM;
    rows->len = 0;
}

/* Once the capture's head has told the kind of band. */
static void begin_rows(struct csv_export *export)
{
    if (export->began)
        return;
    export->began = true;
    for (int i = 0; i < EXPORTED; i++) {
        if (export->files[i] >= 0)
            csv_header(&export->rows[i], (enum session_file)i, export->model);
    }
    columns_write(&export->rows[FILE_COLUMNS], export->model);
}

static struct buffer *rows_of(struct csv_export *export, int file)
{
    begin_rows(export);
    if (export->rows[file].len > CHUNK)
        write_rows(export, file);
    return &export->rows[file];
}

static void take_row(void *user, const struct eeg_row *row)
{
    csv_eeg(rows_of(user, FILE_EEG), row);
}

static void take_block(void *user, const struct sample_block *block)
{
    struct csv_export *export = user;

    if (!(export->info->sensors & SENSOR_BIT(block->samples.sensor)))
        return;
    if (block->samples.sensor != SENSOR_EEG)
        csv_block(rows_of(export, csv_file(block->samples.sensor)), block);
    else if (!rows_push(export->eeg, block, export->info->sample_rate))
        export->error = ENOMEM;
}

static void take_record(void *user, const struct capture_record *record)
{
    struct csv_export *export = user;

    if (record->kind == CAPTURE_MODEL && record->model)
        export->model = record->model;
    if (record->kind == CAPTURE_MARKER && export->files[FILE_MARKERS] >= 0)
        csv_marker(rows_of(user, FILE_MARKERS), record->marker_ms, record->label);
}

static void cannot_write(enum session_file file, struct failure *failure)
{
    failure_set(failure, ERROR_RECORDING, "Can't write %s: %s; %s", session_file_name(file),
                strerror(errno),
                errno == EEXIST ? "nothing is overwritten, name another folder with --out"
                                : "see whether the folder may be written and has room");
}

/* columns.json is the same for all sessions of a kind of band: one that is there already stays. */
static bool is_wanted(const struct csv_export *export, enum session_file file)
{
    /* Of several bands it is the session's. */
    bool wanted = file == FILE_MARKERS && !export->info->folder[0];

    for (int sensor = 0; sensor < SENSOR_COUNT; sensor++)
        wanted |= csv_file(sensor) == file && (export->info->sensors & SENSOR_BIT(sensor));
    if (file == FILE_COLUMNS)
        wanted = !export->repairs && faccessat(export->out_dir, session_file_name(file), F_OK,
                                               AT_SYMLINK_NOFOLLOW) != 0;
    return wanted;
}

static bool open_csv(struct csv_export *export, struct failure *failure)
{
    for (int i = 0; i < EXPORTED; i++) {
        if (!is_wanted(export, (enum session_file)i))
            continue;
        export->files[i] = create_file(export->out_dir, i, export->repairs);
        if (export->files[i] < 0) {
            cannot_write((enum session_file)i, failure);
            return false;
        }
    }
    return true;
}

static bool is_longer_now(const struct csv_export *export, int file)
{
    struct stat made, there;
    const char *name = session_file_name((enum session_file)file);

    return fstatat(export->out_dir, name, &there, AT_SYMLINK_NOFOLLOW) != 0 ||
           (S_ISREG(there.st_mode) && fstat(export->files[file], &made) == 0 &&
            made.st_size > there.st_size);
}

/* Each by itself: what has its name is whole. */
static bool replace_csv(struct csv_export *export, struct failure *failure)
{
    for (int i = 0; i < EXPORTED; i++) {
        if (export->files[i] < 0)
            continue;
        const char *name = session_file_name((enum session_file)i);
        if (!is_longer_now(export, i))
            disk_drop_part(export->out_dir, name);
        else if (!disk_replace_by_part(export->out_dir, name, export->files[i])) {
            cannot_write((enum session_file)i, failure);
            return false;
        }
    }
    return true;
}

/* All of them or none: those that have their names already go again. */
static bool keep_csv(struct csv_export *export, struct failure *failure)
{
    for (int i = 0; i < EXPORTED; i++) {
        if (export->files[i] < 0)
            continue;
        if (disk_keep_part(export->out_dir, session_file_name(i), export->files[i]))
            continue;
        cannot_write((enum session_file)i, failure);
        while (i-- > 0) {
            if (export->files[i] >= 0)
                unlinkat(export->out_dir, session_file_name(i), 0);
        }
        return false;
    }
    return true;
}

static void close_csv(struct csv_export *export, bool kept)
{
    for (int i = 0; i < EXPORTED; i++) {
        if (export->files[i] >= 0) {
            close(export->files[i]);
            if (!kept)
                disk_drop_part(export->out_dir, session_file_name(i));
        }
        buffer_finish(&export->rows[i]);
    }
}

static bool write_csv(struct csv_export *export, struct failure *failure)
{
    rows_finish(export->eeg);
    begin_rows(export);
    for (int i = 0; i < EXPORTED; i++) {
        if (export->files[i] >= 0)
            write_rows(export, i);
    }
    if (!export->error)
        return export->repairs ? replace_csv(export, failure) : keep_csv(export, failure);
    failure_set(failure, ERROR_RECORDING,
                "Can't write the CSV files: %s; none is left, see whether the folder has room",
                strerror(export->error));
    return false;
}

static bool export_csv(FILE *packets, int out_dir, const struct session_info *info, bool repairs,
                       struct failure *failure)
{
    struct csv_export export = {
        .out_dir = out_dir, .info = info, .model = model_default(), .repairs = repairs};
    export.eeg = rows_create(session_mains_hz(info), take_row, &export);
    struct playback_listener listener = {.pipeline = {.user = &export, .samples = take_block},
                                         .record = take_record,
                                         .user = &export};
    struct pipeline_config config = {.mains_hz = 50, .with_features = false};
    struct playback_summary summary;

    memset(export.files, -1, sizeof(export.files));
    if (!export.eeg) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
        return false;
    }
    bool kept = open_csv(&export, failure) &&
                playback_run(packets, &config, &listener, CAPTURE_DEFAULT_START_UTC_US, &summary,
                             failure) &&
                write_csv(&export, failure);
    if (kept)
        playback_warn(&summary, info->id);
    rows_destroy(export.eeg);
    close_csv(&export, kept);
    return kept;
}

bool export_csv_whole(int dir, const struct session_info *info, struct failure *failure)
{
    const int fd = session_open_in(dir, session_file_name(FILE_PACKETS), O_RDONLY);
    FILE *packets = fd < 0 ? NULL : fdopen(fd, "r");

    if (!packets) {
        failure_set(failure, ERROR_RECORDING, "Can't read the packets: %s", strerror(errno));
        return false;
    }
    const bool done = export_csv(packets, dir, info, true, failure);
    fclose(packets);
    return done;
}

static bool export_jsonl(FILE *packets, int out_dir, const struct session_info *info,
                         const struct export_lines *lines, struct failure *failure)
{
    struct pipeline_config config = {.mains_hz = lines->mains_hz, .with_features = true};
    struct playback_summary summary;
    int fd = create_file(out_dir, FILE_PROCESSED, false);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

    if (!out) {
        cannot_write(FILE_PROCESSED, failure);
        return false;
    }
    struct playback_listener listener = {.pipeline = lines->begin(lines->user, out, info)};
    bool played =
        playback_run(packets, &config, &listener, CAPTURE_DEFAULT_START_UTC_US, &summary, failure);
    bool kept = played && fflush(out) == 0 && !ferror(out) &&
                disk_keep_part(out_dir, session_file_name(FILE_PROCESSED), fd);
    if (kept)
        playback_warn(&summary, info->id);
    else {
        if (played)
            cannot_write(FILE_PROCESSED, failure);
        disk_drop_part(out_dir, session_file_name(FILE_PROCESSED));
    }
    fclose(out);
    return kept;
}

static bool export_bdf(int dir, int out_dir, const struct session_info *info,
                       const struct bdf_span *span, struct failure *failure)
{
    struct bdf_result result;

    if (!bdf_make(dir, out_dir, info, span, &result, failure))
        return false;
    playback_warn(&result.played, info->id);
    return true;
}

/* What is exported, and how. */
struct order {
    const char *format;
    const struct bdf_span *span; /* NULL: its own */
    const struct export_lines *lines;
};

static bool export_format(int dir, int out_dir, FILE *packets, const struct order *order,
                          const struct session_info *info, struct failure *failure)
{
    if (strcmp(order->format, "csv") == 0)
        return export_csv(packets, out_dir, info, false, failure);
    if (strcmp(order->format, "bdf") == 0)
        return export_bdf(dir, out_dir, info, order->span, failure);
    if (strcmp(order->format, "jsonl") == 0 && order->lines)
        return export_jsonl(packets, out_dir, info, order->lines, failure);
    failure_set(failure, ERROR_INVALID_PARAMETERS, "There is no format %.20s: csv, bdf or jsonl",
                order->format);
    return false;
}

static bool export_one(int dir, int out_dir, const struct order *order,
                       const struct session_info *info, struct failure *failure)
{
    const int fd = session_open_in(dir, session_file_name(FILE_PACKETS), O_RDONLY);
    FILE *packets = fd < 0 ? NULL : fdopen(fd, "r");

    if (!packets) {
        failure_set(failure, ERROR_RECORDING,
                    "Can't open %s%spackets.lbcap: %s; name a recording's "
                    "folder",
                    info->folder, info->folder[0] ? "/" : "", strerror(errno));
        return false;
    }
    const bool done = export_format(dir, out_dir, packets, order, info, failure);
    fclose(packets);
    return done;
}

/* ---- of several bands: a folder for each */

static bool export_band(int dir, int out_dir, const struct order *order,
                        const struct session_info *band, struct failure *failure)
{
    const int within = folder_open(dir, band->folder);
    const int out = within < 0 ? -1 : gather_folder(out_dir, band->folder);
    bool done = false;

    if (out < 0)
        failure_set(failure, ERROR_RECORDING, "Can't open the folder %s: %s", band->folder,
                    strerror(errno));
    else
        done = export_one(within, out, order, band, failure);
    if (within >= 0)
        close(within);
    if (out >= 0)
        close(out);
    return done;
}

/* The one markers.csv is not made of packets: as it is. */
static bool copy_markers(int dir, int out_dir, struct failure *failure)
{
    const char *name = session_file_name(FILE_MARKERS);
    const int from = session_open_in(dir, name, O_RDONLY);
    struct buffer text = {0};

    if (from < 0)
        return true;
    const int to = buffer_read(&text, from) ? create_file(out_dir, FILE_MARKERS, false) : -1;
    bool done = to >= 0 && write(to, text.data, text.len) == (ssize_t)text.len &&
                disk_keep_part(out_dir, name, to);
    if (!done)
        cannot_write(FILE_MARKERS, failure);
    if (to >= 0) {
        close(to);
        if (!done)
            disk_drop_part(out_dir, name);
    }
    close(from);
    buffer_finish(&text);
    return done;
}

static bool export_bands(int dir, int out_dir, struct order order, const struct session *session,
                         struct failure *failure)
{
    struct bdf_span span;

    if (strcmp(order.format, "bdf") == 0 && bdf_span_of_bands(dir, session, &span))
        order.span = &span;
    if (strcmp(order.format, "csv") == 0 && !copy_markers(dir, out_dir, failure))
        return false;
    for (size_t i = 0; i < session->band_count; i++) {
        if (!export_band(dir, out_dir, &order, session->bands[i], failure))
            return false;
    }
    return true;
}

static bool export_folder(int dir, int out_dir, const char *path, const struct order *order,
                          struct failure *failure)
{
    struct session *session = session_new();
    bool done;

    if (!session) {
        failure_set(failure, ERROR_INTERNAL, "Out of memory");
        return false;
    }
    if (!session_load_whole(dir, session)) {
        log_warning("%s/session.json: can't be read (%s): all sensors are exported, at the "
                    "band's own rate",
                    path, strerror(errno));
        session->info.sensors = SENSOR_SET_ALL;
    }
    done = session->band_count ? export_bands(dir, out_dir, *order, session, failure)
                               : export_one(dir, out_dir, order, &session->info, failure);
    session_free(session);
    return done;
}

bool export_session(const char *path, const char *format, const char *out_dir,
                    const struct export_lines *lines, struct failure *failure)
{
    const struct order order = {.format = format, .lines = lines};
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int out = open(out_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = false;

    if (dir < 0 || out < 0)
        failure_set(failure, ERROR_RECORDING, "Can't open %s: %s; %s", out < 0 ? out_dir : path,
                    strerror(errno),
                    out < 0 ? "--out names a folder that is there" : "name a recording's folder");
    else
        done = export_folder(dir, out, path, &order, failure);
    if (dir >= 0)
        close(dir);
    if (out >= 0)
        close(out);
    return done;
}
