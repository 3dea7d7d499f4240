#include "app/mounted.h"

#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/length.h"

#define PATH_SIZE 4096

static bool is_place_above(const char *path, const char *place)
{
    const size_t len = strlen(place);

    return len > 1 && strncmp(path, place, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* By its device, not by the list of mounts: in a sandbox a directory that is let in is one, too. */
static bool is_mounted(const char *place)
{
    char above[PATH_SIZE];
    struct stat here, there;

    snprintf(above, sizeof(above), "%s/..", place);
    return stat(place, &here) == 0 && stat(above, &there) == 0 && here.st_dev != there.st_dev;
}

static bool is_bind(const struct mntent *entry)
{
    return hasmntopt(entry, "bind") || hasmntopt(entry, "rbind");
}

bool mounted_is_missing(const char *path, char *place, size_t size)
{
    struct mntent entry;
    char text[PATH_SIZE];
    bool missing = false;
    FILE *file = setmntent("/etc/fstab", "re");

    while (file && !missing && getmntent_r(file, &entry, text, sizeof(text))) {
        missing =
            is_place_above(path, entry.mnt_dir) && !is_bind(&entry) && !is_mounted(entry.mnt_dir);
        if (missing)
            snprintf(place, size, "%s", entry.mnt_dir);
    }
    if (file)
        endmntent(file);
    return missing;
}

/* Of what is there of the path. */
static bool find_device(const char *path, dev_t *device)
{
    char part[PATH_SIZE];
    struct stat info;

    snprintf(part, sizeof(part), "%s", path);
    while (stat(part, &info) != 0) {
        char *slash = strrchr(part, '/');
        if (!slash || slash == part)
            return false;
        *slash = '\0';
    }
    *device = info.st_dev;
    return true;
}

bool mounted_seems_missing(const char *path)
{
    static const char *const places[] = {"/mnt", "/media", "/run/media"};
    struct stat root;
    dev_t device;
    bool below = false;

    for (size_t i = 0; i < LENGTH(places); i++)
        below = below || is_place_above(path, places[i]);
    return below && stat("/", &root) == 0 && find_device(path, &device) && device == root.st_dev;
}
