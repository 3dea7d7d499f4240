#include "keeping.h"

#include "parameters.h"
#include "protocol_internal.h"
#include "recording.h"
#include "reply.h"

static void on_kept(void *user, const struct recorder_status *status, const struct failure *failure)
{
    struct request *request = user;

    if (failure) {
        request_fail(request, failure);
        return;
    }
    put_recording_of(request_begin(request, ""), status);
    request_end(request);
}

void keep_recent(struct request *request, const struct value *values)
{
    const struct keep_request wanted = {
        .minutes = value_of(values, "minutes")->number,
        .device_ids = value_of(values, "device_id")->devices,
        .device_count = value_of(values, "device_id")->device_count,
        .sensors = value_of(values, "sensors")->set,
        .formats = value_of(values, "formats")->set,
        .about = about_of(values),
    };
    struct failure failure;

    if (recorder_keep(request->protocol->recorder, &wanted, on_kept, request, &failure))
        request->lent = true;
    else
        request_fail(request, &failure);
}
