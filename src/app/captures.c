#include "app/captures.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "app/recorded.h"
#include "ble/replay.h"

_Static_assert(OPTIONS_LIST_MAX <= REPLAY_CAPTURES_MAX, "each --capture is played");

/* The session.json above a band's folder; false: the capture lies in none. */
static bool look_at_session(const char *capture, struct stat *session)
{
    const char *slash = strrchr(capture, '/');
    const int len = slash ? (int)(slash - capture) : 0;
    char path[DIRECTORY_PATH_MAX + 32];

    snprintf(path, sizeof(path), "%.*s/../%s", slash ? len : 1, slash ? capture : ".",
             session_file_name(FILE_JSON));
    return stat(path, session) == 0;
}

/* The first of its session. */
static unsigned session_of(char (*paths)[DIRECTORY_PATH_MAX], size_t which)
{
    struct stat mine, other;

    for (size_t i = 0; i < which && look_at_session(paths[which], &mine); i++) {
        if (look_at_session(paths[i], &other) && mine.st_dev == other.st_dev &&
            mine.st_ino == other.st_ino)
            return (unsigned)i;
    }
    return (unsigned)which;
}

struct backend *captures_open(const struct options *options, uv_loop_t *loop,
                              struct failure *failure)
{
    const struct option_list *given = &options->captures;
    char paths[REPLAY_CAPTURES_MAX][DIRECTORY_PATH_MAX];
    const char *list[REPLAY_CAPTURES_MAX];
    unsigned sessions[REPLAY_CAPTURES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < given->count && count < REPLAY_CAPTURES_MAX; i++)
        count +=
            recorded_captures(options, given->items[i], paths + count, REPLAY_CAPTURES_MAX - count);
    for (size_t i = 0; i < count; i++) {
        list[i] = paths[i];
        sessions[i] = session_of(paths, i);
    }
    const struct replay_options replay = {list, count, sessions, options->loop};
    return replay_create(loop, &replay, failure);
}
