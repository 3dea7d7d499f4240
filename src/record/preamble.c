#include "record/preamble.h"

#include "band/model.h"
#include "record/session.h"

const char preamble_title[] = "# linkband capture v2\n";

static void describe(const struct preamble *preamble, struct capture_record *record)
{
    record->kind = CAPTURE_DEVICE;
    session_copy_text(record->device.name, sizeof(record->device.name), preamble->name);
    session_copy_text(record->device.address, sizeof(record->device.address), preamble->address);
    session_copy_text(record->device.firmware, sizeof(record->device.firmware), preamble->firmware);
}

void preamble_make(const struct preamble *preamble, struct capture_record *record,
                   void (*take)(void *user), void *user)
{
    record->kind = CAPTURE_START;
    record->utc_us = preamble->start_utc_us;
    take(user);
    /* A capture that tells no model is of the first of the table. */
    if (preamble->model != model_default()) {
        record->kind = CAPTURE_MODEL;
        record->model = preamble->model;
        take(user);
    }
    describe(preamble, record);
    take(user);
    record->kind = CAPTURE_LINK_UP;
    record->at_us = 0;
    record->anchor = preamble->anchor;
    record->anchor.boot_us -= preamble->origin_us;
    take(user);
    record->kind = CAPTURE_CLOCK;
    record->clock = preamble->clock;
    take(user);
    record->clock = NULL;
    record->kind = CAPTURE_STREAM;
    record->sensors = preamble->flowing;
    take(user);
}
