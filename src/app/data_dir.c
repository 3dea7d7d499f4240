#include "app/data_dir.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_set(const char *value)
{
    return value && value[0] == '/';
}

/* $STATE_DIRECTORY may list several, parted by colons: the first is meant. */
static int find(const char *given, char *path, size_t size)
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");

    if (given)
        return snprintf(path, size, "%s", given);
    if (is_set(state))
        return snprintf(path, size, "%.*s/recordings", (int)strcspn(state, ":"), state);
    if (is_set(data))
        return snprintf(path, size, "%s/linkbandd", data);
    if (is_set(home))
        return snprintf(path, size, "%s/.local/share/linkbandd", home);
    return 0;
}

static bool make(const char *path, struct failure *failure)
{
    if (mkdir(path, 0750) == 0 || errno == EEXIST)
        return true;
    failure_set(failure, ERROR_RECORDING,
                "The directory for recordings, %s, can't be made (%s): name another with "
                "--data-dir.",
                path, strerror(errno));
    return false;
}

bool data_dir_make(const char *given, char *path, size_t size, struct failure *failure)
{
    const int len = find(given, path, size);

    if (len <= 0 || (size_t)len >= size) {
        failure_set(failure, ERROR_RECORDING,
                    "Where to record is not known (HOME is not set): name it with --data-dir.");
        return false;
    }
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool made = make(path, failure);
        *slash = '/';
        if (!made)
            return false;
    }
    return make(path, failure);
}
