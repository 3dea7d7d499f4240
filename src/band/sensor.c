#include "band/sensor.h"

#include "base/length.h"
#include <string.h>

static const char *const names[] = {
    [SENSOR_EEG] = "eeg",
    [SENSOR_PPG] = "ppg",
    [SENSOR_ACC] = "acc",
    [SENSOR_BAT] = "bat",
};
ASSERT_GOES_TO(names, SENSOR_COUNT - 1);

const char *sensor_name(enum sensor sensor)
{
    return names[sensor];
}

bool sensor_from_name(const char *name, size_t len, enum sensor *sensor)
{
    for (int i = 0; i < SENSOR_COUNT; i++) {
        if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0) {
            *sensor = (enum sensor)i;
            return true;
        }
    }
    return false;
}

bool sensor_set_parse(const char *text, size_t len, char separator, sensor_set *set)
{
    sensor_set found = 0;

    for (size_t begin = 0, end; begin <= len; begin = end + 1) {
        enum sensor sensor;
        for (end = begin; end < len && text[end] != separator;)
            end++;
        if (!sensor_from_name(text + begin, end - begin, &sensor))
            return false;
        found |= SENSOR_BIT(sensor);
    }
    *set = found;
    return true;
}
