/* Sensors whose packets come, but can't be read: which, and why. */
#include "sensors.h"

#define ATT_HEADER 3

bool sensors_only_bad(const struct sensors *sensors, sensor_set set)
{
    bool any = false;

    for (int i = 0; i < SENSOR_STREAMED; i++) {
        if (!(set & SENSOR_BIT(i)))
            continue;
        if (sensors->of[i].sound)
            return false;
        any = any || sensors->of[i].bad > 0;
    }
    return any;
}

enum sensor sensors_to_blame(const struct sensors *sensors, sensor_set set)
{
    int first = SENSOR_COUNT;

    for (int i = SENSOR_COUNT - 1; i >= 0; i--) {
        bool worse = sensors->of[i].bad > 0 || first == SENSOR_COUNT || sensors->of[first].bad == 0;
        if ((set & SENSOR_BIT(i)) && worse)
            first = i;
    }
    return (enum sensor)first;
}

/* A notification is cut to the link's MTU less ATT's own bytes. */
unsigned sensors_bad(const struct sensors *sensors, enum sensor sensor, struct failure *failure)
{
    const struct notification *it = &sensors->of[sensor];
    const size_t mtu = it->bad_len + ATT_HEADER;

    if (it->bad == 0)
        return 0;
    if (it->bad_len > 0 && mtu < (size_t)sensors->model->mtu)
        failure_set(failure, ERROR_STREAMING,
                    "The band's %s packets come cut to %zu bytes, as by an MTU of %zu; they need "
                    "%d. Switch the band off and on, then connect again",
                    sensor_name(sensor), it->bad_len, mtu, sensors->model->mtu);
    else
        failure_set(failure, ERROR_STREAMING,
                    "The band's %s packets can't be read: switch it off and on, then connect again",
                    sensor_name(sensor));
    return it->bad;
}
