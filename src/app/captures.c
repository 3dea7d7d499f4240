#include "app/captures.h"

#include "app/recorded.h"
#include "ble/replay.h"

_Static_assert(OPTIONS_LIST_MAX <= REPLAY_CAPTURES_MAX, "each --capture is played");

struct backend *captures_open(const struct options *options, uv_loop_t *loop,
                              struct failure *failure)
{
    const struct option_list *given = &options->captures;
    char paths[OPTIONS_LIST_MAX][DIRECTORY_PATH_MAX];
    const char *list[OPTIONS_LIST_MAX];

    for (size_t i = 0; i < given->count; i++) {
        recorded_capture(options, given->items[i], paths[i]);
        list[i] = paths[i];
    }
    const struct replay_options replay = {list, given->count, options->loop};
    return replay_create(loop, &replay, failure);
}
