#include "bluez_sources.h"

#include <string.h>

static bool is_of(const struct notify *notify, enum sensor sensor)
{
    return notify->source && notify->source->sensor == sensor;
}

/* Not all of them would have: none is to be on. */
static void turn_off_quietly(struct sources *sources, enum sensor sensor)
{
    for (int i = 0; i < MODEL_SOURCES_MAX; i++) {
        if (is_of(&sources->of[i], sensor) && sources->of[i].state == NOTIFY_ON)
            notify_turn_off_quietly(&sources->of[i]);
    }
}

static void on_turned(void *user, const struct notify *notify, bool on,
                      const struct failure *failure)
{
    struct sources *sources = user;
    const enum sensor sensor = notify->source->sensor;
    struct sources_turn *turn = &sources->turns[sensor];
    const struct link_listener *up = sources->ground.up;

    if (failure && turn->failure.code == ERROR_NONE)
        turn->failure = *failure;
    if (turn->open > 0 && --turn->open > 0)
        return;
    if (on && turn->failure.code != ERROR_NONE)
        turn_off_quietly(sources, sensor);
    up->notified(up->user, sensor, on, turn->failure.code == ERROR_NONE ? NULL : &turn->failure);
}

void sources_init(struct sources *sources, const struct notify_ground *ground)
{
    sources->ground = *ground;
    sources->ground.sources = sources;
    sources->ground.turned = on_turned;
    for (int i = 0; i < MODEL_SOURCES_MAX; i++)
        notify_init(&sources->of[i], &sources->ground);
}

void sources_begin(struct sources *sources, const struct band_model *model,
                   const struct objects *objects, const char *device)
{
    sources->model = model;
    for (size_t i = 0; i < model->source_count; i++)
        notify_begin(&sources->of[i], &model->sources[i],
                     objects_characteristic(objects, device, &model->sources[i].at));
}

void sources_turn(struct sources *sources, enum sensor sensor, bool on)
{
    struct sources_turn *turn = &sources->turns[sensor];

    *turn = (struct sources_turn){.open = sources->model->sensors[sensor].lanes};
    for (size_t i = 0; i < sources->model->source_count; i++) {
        if (is_of(&sources->of[i], sensor))
            notify_turn(&sources->of[i], on);
    }
}

bool sources_value(struct sources *sources, const char *path, const uint8_t *bytes, size_t len,
                   int64_t arrival_us)
{
    for (int i = 0; i < MODEL_SOURCES_MAX; i++) {
        if (sources->of[i].path[0] && strcmp(sources->of[i].path, path) == 0) {
            notify_value(&sources->of[i], bytes, len, arrival_us);
            return true;
        }
    }
    return false;
}

struct notify *sources_pathless_battery(struct sources *sources)
{
    const int at = model_source(sources->model, SENSOR_BAT, 0);
    struct notify *battery = at < 0 ? NULL : &sources->of[at];

    return battery && !battery->path[0] && battery->state == NOTIFY_ON ? battery : NULL;
}

void sources_void(struct sources *sources)
{
    for (int i = 0; i < MODEL_SOURCES_MAX; i++)
        notify_void(&sources->of[i]);
}

void sources_close(struct sources *sources)
{
    for (int i = 0; i < MODEL_SOURCES_MAX; i++)
        notify_close(&sources->of[i]);
}
