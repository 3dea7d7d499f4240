#include "app/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/mounted.h"

struct kind {
    const char *option;
    const char *below_state; /* of $STATE_DIRECTORY */
    const char *variable;
    const char *below_home;
};

static bool is_path(const char *value)
{
    return value && value[0] == '/';
}

/* Clients are told paths: they know nothing of the daemon's working directory. */
static int absolute(const char *given, char *path)
{
    char here[DIRECTORY_PATH_MAX];

    if (given[0] == '/' || !getcwd(here, sizeof(here)))
        return snprintf(path, DIRECTORY_PATH_MAX, "%s", given);
    return snprintf(path, DIRECTORY_PATH_MAX, "%s/%s", here, given);
}

/* $STATE_DIRECTORY may list several, parted by colons: the first is meant. */
static int find_directory(const struct kind *kind, const char *given, char *path)
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *base = getenv(kind->variable);
    const char *home = getenv("HOME");

    if (given)
        return absolute(given, path);
    if (is_path(state))
        return snprintf(path, DIRECTORY_PATH_MAX, "%.*s%s", (int)strcspn(state, ":"), state,
                        kind->below_state);
    if (is_path(base))
        return snprintf(path, DIRECTORY_PATH_MAX, "%s/linkbandd", base);
    if (is_path(home))
        return snprintf(path, DIRECTORY_PATH_MAX, "%s/%s/linkbandd", home, kind->below_home);
    return 0;
}

static bool make(const struct kind *kind, const char *path, struct failure *failure)
{
    if (mkdir(path, 0750) == 0 || errno == EEXIST)
        return true;
    failure_set(failure, ERROR_RECORDING,
                "The directory %.120s can't be made (%s): name another with --%s.", path,
                strerror(errno), kind->option);
    return false;
}

static bool make_all(const struct kind *kind, char *path, struct failure *failure)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool made = make(kind, path, failure);
        *slash = '/';
        if (!made)
            return false;
    }
    return make(kind, path, failure);
}

static bool find_kind(const struct kind *kind, const char *given, char *path,
                      struct failure *failure)
{
    const int len = find_directory(kind, given, path);

    if (len > 0 && len < DIRECTORY_PATH_MAX)
        return true;
    failure_set(failure, ERROR_RECORDING, "%s: name a directory with --%s.",
                len <= 0 ? "HOME is not set" : "The path is too long", kind->option);
    return false;
}

/* The disk beneath would be written to instead, and nobody would find that. */
static bool refuse_unmounted(const char *path, struct failure *failure)
{
    char place[200];
    struct stat info;

    if (mounted_is_missing(path, place, sizeof(place)))
        failure_set(failure, ERROR_RECORDING,
                    "Nothing is mounted at %.80s, where %.80s is to be: mount it, then restart "
                    "linkbandd.",
                    place, path);
    else if (stat(path, &info) != 0 && mounted_seems_missing(path))
        failure_set(failure, ERROR_RECORDING,
                    "%.100s is not there, nor is anything mounted above it: plug it in and mount "
                    "it, or make the directory, then restart linkbandd.",
                    path);
    else
        return false;
    return true;
}

bool directory_for_data(const char *given, bool make, char path[DIRECTORY_PATH_MAX],
                        struct failure *failure)
{
    static const struct kind data = {"data-dir", "/recordings", "XDG_DATA_HOME", ".local/share"};

    return find_kind(&data, given, path, failure) &&
           (!make ||
            (!(given && refuse_unmounted(path, failure)) && make_all(&data, path, failure)));
}

bool directory_for_state(const char *given, bool make, char path[DIRECTORY_PATH_MAX],
                         struct failure *failure)
{
    static const struct kind state = {"state-dir", "", "XDG_STATE_HOME", ".local/state"};

    return find_kind(&state, given, path, failure) && (!make || make_all(&state, path, failure));
}
