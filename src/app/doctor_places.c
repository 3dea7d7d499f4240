#include "doctor_places.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/directory.h"
#include "app/mounted.h"
#include "doctor_report.h"
#include "doctor_service.h"

#define SERVICE_USER       "linkbandd"
#define SERVICE_RECORDINGS "/var/lib/linkbandd/recordings"
/* A day of all sensors, raw and exported. */
#define DISK_LEAST (UINT64_C(2) << 30)

/* The path, or what is there of what is above it. */
static void find_above(const char *path, char above[DIRECTORY_PATH_MAX])
{
    struct stat info;

    snprintf(above, DIRECTORY_PATH_MAX, "%s", path);
    while (above[1] && stat(above, &info) != 0) {
        char *slash = strrchr(above, '/');
        if (!slash) {
            snprintf(above, DIRECTORY_PATH_MAX, ".");
            return;
        }
        slash[slash == above] = '\0';
    }
}

static void look_at_disk(const char *path)
{
    char above[DIRECTORY_PATH_MAX];
    struct statvfs disk;

    find_above(path, above);
    if (statvfs(above, &disk) != 0) {
        report_wrong("disk", "df -h", "%s: %s", above, strerror(errno));
        return;
    }
    uint64_t available = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (available < DISK_LEAST)
        report_wrong("disk", "df -h    # then make room, or name another place with data-dir",
                     "only %.1f GB are free at %s", (double)available / 1e9, above);
    else
        report_ok("disk", "%.1f GB are free at %s", (double)available / 1e9, above);
}

/* False, and it was told. */
static bool is_there(const char *path)
{
    char place[200], command[300];

    if (mounted_is_missing(path, place, sizeof(place))) {
        snprintf(command, sizeof(command), "sudo mount '%s'    # then restart linkbandd", place);
        report_wrong("recordings", command, "nothing is mounted at %s, where they are to go",
                     place);
        return false;
    }
    if (mounted_seems_missing(path) && access(path, F_OK) != 0) {
        report_wrong("recordings", "lsblk -f    # plug it in and mount it, then restart linkbandd",
                     "%s is not there, nor is anything mounted above it", path);
        return false;
    }
    return true;
}

static bool is_writable_for(const struct stat *info, const struct passwd *user)
{
    const mode_t both = info->st_uid == user->pw_uid   ? S_IWUSR | S_IXUSR
                        : info->st_gid == user->pw_gid ? S_IWGRP | S_IXGRP
                                                       : S_IWOTH | S_IXOTH;

    return (info->st_mode & both) == both;
}

static void look_at_owner(const char *path, const struct stat *info)
{
    const struct passwd *user = getpwnam(SERVICE_USER);
    char command[DIRECTORY_PATH_MAX + 64];

    snprintf(command, sizeof(command), "sudo chown " SERVICE_USER ": '%s'", path);
    if (!user)
        report_wrong("recordings", "sudo systemd-sysusers", "there is no user " SERVICE_USER);
    else if (!is_writable_for(info, user))
        report_wrong("recordings", command, "the service can't write to %s: it is not its own",
                     path);
    else if (access(path, R_OK | X_OK) != 0)
        report_wrong("recordings", "sudo usermod -aG " SERVICE_USER " $USER    # then log in anew",
                     "this user can't read those of the service in %s", path);
    else
        report_ok("recordings", "the service's are in %s", path);
}

/* False, and it was told. */
static bool unit_lets_it(const char *path)
{
    char command[DIRECTORY_PATH_MAX + 120];
    struct service service;

    service_ask(&service);
    if (!service.known || service_may_write(&service, path))
        return true;
    if (strncmp(path, "/home/", 6) == 0 && strcmp(service.protect_home, "no") != 0)
        snprintf(command, sizeof(command),
                 "sudo systemctl edit linkbandd    # [Service] ProtectHome=tmpfs BindPaths=%s",
                 path);
    else
        snprintf(command, sizeof(command),
                 "sudo systemctl edit linkbandd    # [Service] ReadWritePaths=%s", path);
    report_wrong("recordings", command, "the unit doesn't let the service write to %s", path);
    return false;
}

static void look_at_service(const char *path, bool given)
{
    char command[DIRECTORY_PATH_MAX + 80];
    struct stat info;

    snprintf(command, sizeof(command),
             "sudo install -d -o " SERVICE_USER " -g " SERVICE_USER " -m 750 '%s'", path);
    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
        if (unit_lets_it(path))
            look_at_owner(path, &info);
    } else if (errno == EACCES) {
        report_wrong("recordings", "sudo usermod -aG " SERVICE_USER " $USER    # then log in anew",
                     "this user can't read those of the service in %s", path);
    } else if (given) {
        report_wrong("recordings", command, "there is no directory %s", path);
    } else {
        report_ok("recordings", "the service's will be in %s", path);
    }
}

static void look_at_own(const char *path)
{
    char above[DIRECTORY_PATH_MAX], command[DIRECTORY_PATH_MAX + 80];
    struct stat info;

    find_above(path, above);
    snprintf(command, sizeof(command), "sudo chown $USER '%s'    # or name another with data-dir",
             above);
    if (stat(above, &info) != 0 || !S_ISDIR(info.st_mode))
        report_wrong("recordings", "mkdir -p DIRECTORY    # and name it with data-dir",
                     "%s can't be made: %s is no directory", path, above);
    else if (access(above, W_OK | X_OK) != 0 && strcmp(above, path) == 0)
        report_wrong("recordings", command, "this user can't write to %s", path);
    else if (access(above, W_OK | X_OK) != 0)
        report_wrong("recordings", "mkdir -p DIRECTORY    # and name it with data-dir",
                     "%s can't be made: this user can't write to %s", path, above);
    else
        report_ok("recordings", "they %s in %s", strcmp(above, path) == 0 ? "are" : "will be",
                  path);
}

void doctor_look_at_recordings(const struct options *options)
{
    char path[DIRECTORY_PATH_MAX];
    struct failure failure;
    const bool service = service_is_meant(options);

    if (service && !options->data_dir)
        snprintf(path, sizeof(path), SERVICE_RECORDINGS);
    else if (!directory_for_data(options->data_dir, false, path, &failure)) {
        report_wrong("recordings", "mkdir -p DIRECTORY    # and name it with data-dir", "%s",
                     failure.message);
        return;
    }
    if (!is_there(path))
        return;
    if (service)
        look_at_service(path, options->data_dir);
    else
        look_at_own(path);
    look_at_disk(path);
}
