#include "app/captures.h"

#include "app/recorded.h"
#include "ble/replay.h"

_Static_assert(OPTIONS_LIST_MAX <= REPLAY_CAPTURES_MAX, "each --capture is played");

struct backend *captures_open(const struct options *options, uv_loop_t *loop,
                              struct failure *failure)
{
    const struct option_list *given = &options->captures;
    char paths[REPLAY_CAPTURES_MAX][DIRECTORY_PATH_MAX];
    const char *list[REPLAY_CAPTURES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < given->count && count < REPLAY_CAPTURES_MAX; i++)
        count +=
            recorded_captures(options, given->items[i], paths + count, REPLAY_CAPTURES_MAX - count);
    for (size_t i = 0; i < count; i++)
        list[i] = paths[i];
    const struct replay_options replay = {list, count, options->loop};
    return replay_create(loop, &replay, failure);
}
