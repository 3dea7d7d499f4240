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
static bool mount_is_there(const struct doctor_place *place)
{
    char mount[200], command[300];

    if (mounted_is_missing(place->path, mount, sizeof(mount))) {
        snprintf(command, sizeof(command), "sudo mount '%s'    # then restart linkbandd", mount);
        report_wrong(place->what, command, "nothing is mounted at %s, where %s to go", mount,
                     place->is_one ? "it is" : "they are");
        return false;
    }
    if (mounted_seems_missing(place->path) && access(place->path, F_OK) != 0) {
        report_wrong(place->what, "lsblk -f    # plug it in and mount it, then restart linkbandd",
                     "%s is not there, nor is anything mounted above it", place->path);
        return false;
    }
    return true;
}

bool doctor_may(const struct stat *info, const struct passwd *user, mode_t rights)
{
    const int shift = info->st_uid == user->pw_uid ? 6 : info->st_gid == user->pw_gid ? 3 : 0;

    return ((info->st_mode >> shift) & rights) == rights;
}

static void tell_unreadable(const struct doctor_place *place)
{
    report_wrong(place->what, "sudo usermod -aG " SERVICE_USER " $USER    # then log in anew",
                 "this user can't read %s of the service in %s", place->is_one ? "that" : "those",
                 place->path);
}

/* True: it is well, and not told. So below. */
static bool look_at_owner(const struct doctor_place *place, const struct stat *info)
{
    const char *path = place->path;
    const struct passwd *user = getpwnam(SERVICE_USER);
    char command[DIRECTORY_PATH_MAX + 64];

    snprintf(command, sizeof(command), "sudo chown " SERVICE_USER ": '%s'", path);
    if (!user)
        report_wrong(place->what, "sudo systemd-sysusers", "there is no user " SERVICE_USER);
    else if (!doctor_may(info, user, S_IWOTH | S_IXOTH))
        report_wrong(place->what, command, "the service can't write to %s: it is not its own",
                     path);
    else if (access(path, R_OK | X_OK) != 0)
        tell_unreadable(place);
    else
        return true;
    return false;
}

/* False, and it was told. */
static bool unit_lets_it(const struct doctor_place *place)
{
    const char *path = place->path;
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
    report_wrong(place->what, command, "the unit doesn't let the service write to %s", path);
    return false;
}

static bool look_at_service(const struct doctor_place *place)
{
    char command[DIRECTORY_PATH_MAX + 80];
    struct stat info;

    snprintf(command, sizeof(command),
             "sudo install -d -o " SERVICE_USER " -g " SERVICE_USER " -m 750 '%s'", place->path);
    if (stat(place->path, &info) == 0 && S_ISDIR(info.st_mode))
        return unit_lets_it(place) && look_at_owner(place, &info);
    if (errno == EACCES)
        tell_unreadable(place);
    else if (!place->is_made)
        report_wrong(place->what, command, "there is no directory %s", place->path);
    else
        return true;
    return false;
}

static bool look_at_own(const struct doctor_place *place)
{
    char above[DIRECTORY_PATH_MAX], chown[DIRECTORY_PATH_MAX + 80], mkdir[80];
    const char *path = place->path;
    struct stat info;

    find_above(path, above);
    snprintf(chown, sizeof(chown), "sudo chown $USER '%s'    # or name another with %s", above,
             place->option);
    snprintf(mkdir, sizeof(mkdir), "mkdir -p DIRECTORY    # and name it with %s", place->option);
    if (stat(above, &info) != 0 || !S_ISDIR(info.st_mode))
        report_wrong(place->what, mkdir, "%s can't be made: %s is no directory", path, above);
    else if (access(above, W_OK | X_OK) != 0 && strcmp(above, path) == 0)
        report_wrong(place->what, chown, "this user can't write to %s", path);
    else if (access(above, W_OK | X_OK) != 0)
        report_wrong(place->what, mkdir, "%s can't be made: this user can't write to %s", path,
                     above);
    else
        return true;
    return false;
}

bool doctor_place_is_well(const struct doctor_place *place, bool service)
{
    return mount_is_there(place) && (service ? look_at_service(place) : look_at_own(place));
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
    const struct doctor_place place = {
        .what = "recordings", .path = path, .option = "data-dir", .is_made = !options->data_dir};
    if (doctor_place_is_well(&place, service))
        report_ok("recordings", "%s %s in %s", service ? "the service's" : "they",
                  access(path, F_OK) == 0 ? "are" : "will be", path);
    look_at_disk(path);
}
