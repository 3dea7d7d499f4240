#include "doctor_spool.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "app/directory.h"
#include "doctor_places.h"
#include "doctor_report.h"
#include "doctor_service.h"
#include "spool/survey.h"

#define SERVICE_USER  "linkbandd"
#define SERVICE_STATE "/var/lib/linkbandd"
/* A reader that is further behind doesn't keep up. */
#define LAG_MOST_S 600
/* Hours of eight bands. */
#define ROOM_LEAST (UINT64_C(1) << 30)

#define WORDS 32

static const char *say_bytes(uint64_t bytes, char words[WORDS])
{
    if (bytes < UINT64_C(1000000000))
        snprintf(words, WORDS, "%.1f MB", (double)bytes / 1e6);
    else
        snprintf(words, WORDS, "%.1f GB", (double)bytes / 1e9);
    return words;
}

static const char *say_span(int64_t seconds, char words[WORDS])
{
    if (seconds < 120)
        snprintf(words, WORDS, "%d s", (int)seconds);
    else if (seconds < 7200)
        snprintf(words, WORDS, "%d min", (int)(seconds / 60));
    else
        snprintf(words, WORDS, "%d h", (int)(seconds / 3600));
    return words;
}

/* ---- its place */

/* The daemon makes the folder itself, not those above it. False, and it was told. */
static bool is_above_there(const char *path, bool service)
{
    char above[DIRECTORY_PATH_MAX], command[DIRECTORY_PATH_MAX + 32];

    snprintf(above, sizeof(above), "%s", path);
    const char *parent = dirname(above);
    if (access(path, F_OK) == 0 || errno != ENOENT || access(parent, F_OK) == 0 ||
        (service && strcmp(parent, SERVICE_STATE) == 0))
        return true;
    snprintf(command, sizeof(command), "mkdir -p '%s'", parent);
    report_wrong("spool", command, "%s can't be made: there is no %s", path, parent);
    return false;
}

static bool look_at_place(const char *path, bool service)
{
    const struct doctor_place place = {
        .what = "spool",
        .path = path,
        .option = "spool",
        .is_made = strncmp(path, SERVICE_STATE "/", strlen(SERVICE_STATE "/")) == 0,
        .is_one = true,
    };

    return is_above_there(path, service) && doctor_place_is_well(&place, service);
}

/* linkband-uplink is another user, of the group. */
static void look_at_cursors(const char *path)
{
    const struct passwd *daemon = getpwnam(SERVICE_USER);
    char cursors[DIRECTORY_PATH_MAX], command[2 * DIRECTORY_PATH_MAX + 64];
    struct stat info;

    snprintf(cursors, sizeof(cursors), "%.*s/cursors", DIRECTORY_PATH_MAX - 16, path);
    if (!daemon || stat(cursors, &info) != 0)
        return;
    if (info.st_gid == daemon->pw_gid && (info.st_mode & S_IRWXG) == S_IRWXG)
        return;
    snprintf(command, sizeof(command), "sudo chgrp " SERVICE_USER " '%s' && sudo chmod 770 '%s'",
             cursors, cursors);
    report_wrong("cursors", command,
                 "linkband-uplink can't write to %s: it is of the group " SERVICE_USER, cursors);
}

/* ---- its size, and the disk */

static void look_at_size(const struct options *options, const struct spool_usage *usage)
{
    const uint64_t most = (uint64_t)options_spool_megabytes(options) << 20;
    char bytes[WORDS], of[WORDS];

    if (usage->unread.bytes > most / 4 * 3)
        report_wrong("spool", "see to its readers, below; or give it more: spool-size",
                     "%s of %s are unread in %s: once it is full the oldest goes, unread",
                     say_bytes(usage->unread.bytes, bytes), say_bytes(most, of), options->spool);
    else
        report_ok("spool", "%s of %s in %s", say_bytes(usage->bytes, bytes), say_bytes(most, of),
                  options->spool);
}

static void look_at_room(const struct options *options, uint64_t bytes)
{
    const uint64_t most = (uint64_t)options_spool_megabytes(options) << 20;
    const uint64_t more = most > bytes ? most - bytes : 0;
    char room[WORDS], least[WORDS];
    struct statvfs disk;

    if (statvfs(options->spool, &disk) != 0)
        return;
    const uint64_t free = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (free < SPOOL_FREE_MIN + ROOM_LEAST && free < SPOOL_FREE_MIN + more)
        report_wrong("disk", "df -h    # then make room, or name another place with spool",
                     "only %s are free at %s; below %s the oldest of the spool goes, unread or not",
                     say_bytes(free, room), options->spool, say_bytes(SPOOL_FREE_MIN, least));
}

/* ---- its readers */

static const char *say_moment(int64_t utc_s, char words[WORDS])
{
    const time_t at = (time_t)utc_s;
    struct tm local;

    words[0] = '\0';
    if (localtime_r(&at, &local))
        strftime(words, WORDS, "%Y-%m-%d %H:%M", &local);
    return words;
}

static void look_at_lag(const struct spool_reader *reader, const char *cursor)
{
    const int64_t lag = spool_lag(&reader->unread, time(NULL));
    char command[DIRECTORY_PATH_MAX + 200], bytes[WORDS], span[WORDS], since[WORDS];

    say_span(lag, span);
    snprintf(command, sizeof(command),
             "journalctl -u linkband-uplink -n 20    # says what it waits for; of a reader that is "
             "gone for good: rm '%s'",
             cursor);
    if (lag > LAG_MOST_S)
        report_wrong("reader", command, "%s is %s behind: %s since %s are unread", reader->name,
                     span, say_bytes(reader->unread.bytes, bytes),
                     say_moment(reader->unread.oldest_s, since));
    else if (reader->unread.bytes > 0)
        report_ok("reader", "%s keeps up: it is %s behind", reader->name, span);
    else
        report_ok("reader", "%s has had all", reader->name);
}

/* By the daemon's user, or else by this one. */
static bool is_readable(const struct spool_reader *reader, const char *cursor, bool service)
{
    const struct passwd *daemon = service ? getpwnam(SERVICE_USER) : NULL;
    struct stat info;

    return daemon && stat(cursor, &info) == 0 ? doctor_may(&info, daemon, S_IROTH)
                                              : reader->is_readable;
}

static void look_at_reader(const char *path, const struct spool_reader *reader, bool service)
{
    char cursor[DIRECTORY_PATH_MAX], command[2 * DIRECTORY_PATH_MAX + 64];

    snprintf(cursor, sizeof(cursor), "%.*s/cursors/%s", DIRECTORY_PATH_MAX - 64, path,
             reader->name);
    if (!is_readable(reader, cursor, service)) {
        snprintf(command, sizeof(command), "sudo chgrp %s '%s' && sudo chmod 640 '%s'",
                 service ? SERVICE_USER : "$(id -g)", cursor, cursor);
        report_wrong("reader", command, "%s counts as having nothing: %s may not be read",
                     reader->name, cursor);
    } else if (reader->is_readable) {
        look_at_lag(reader, cursor);
    } else {
        report_ok("reader", "%s is not this user's to read; ask again with sudo", cursor);
    }
}

static void look_at_readers(const struct options *options, const struct spool_usage *usage,
                            bool service)
{
    if (!usage->is_read)
        report_ok("reader", "nobody reads the spool yet: what is older than %d h goes",
                  options_spool_hours(options));
    for (size_t i = 0; i < usage->reader_count; i++)
        look_at_reader(options->spool, &usage->readers[i], service);
}

void doctor_look_at_spool(const struct options *options)
{
    const bool service = service_is_meant(options);
    struct spool_usage usage;

    if (!options->spool) {
        report_ok("spool", "none is kept");
        return;
    }
    if (!look_at_place(options->spool, service))
        return;
    if (service)
        look_at_cursors(options->spool);
    if (spool_survey(options->spool, &usage)) {
        look_at_size(options, &usage);
        look_at_readers(options, &usage, service);
        look_at_room(options, usage.bytes);
    } else if (errno == ENOENT) {
        report_ok("spool", "it will be in %s", options->spool);
    } else {
        report_wrong("spool", "ask again with sudo", "%s can't be read: %s", options->spool,
                     strerror(errno));
    }
}
