/* What the recorder does of keep_recent: it hands on to keep.c. */
#include "record_internal.h"

static bool on_asked(void *user, unsigned device, struct recording_band *band)
{
    struct recorder *recorder = user;

    return recorder->listener.band &&
           recorder->listener.band(recorder->listener.user, device, band);
}

bool recorder_begin_to_keep(struct recorder *recorder, const struct recorder_config *config,
                            void (*done)(void *user))
{
    const struct keep_owner owner = {
        .user = recorder, .make_messages = config->make_messages, .band = on_asked, .done = done};

    recorder->keep_minutes = config->keep_minutes;
    if (config->keep_minutes == 0)
        return true;
    recorder->keep = keep_create(recorder->loop, recorder->data_dir, recorder->backend,
                                 config->keep_minutes, &owner);
    return recorder->keep;
}

bool recorder_keep(struct recorder *recorder, const struct keep_request *request,
                   recorder_kept kept, void *user, struct failure *failure)
{
    if (recorder->keep && !recorder->shutting_down)
        return keep_make(recorder->keep, request, kept, user, failure);
    failure_set(failure, ERROR_RECORDING,
                "Nothing of what bands send is kept: --keep-minutes tells how much is");
    return false;
}

int recorder_keep_minutes(const struct recorder *recorder)
{
    return recorder->keep_minutes;
}
