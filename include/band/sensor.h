/* The sensors of a Link Band, and sets of them. */
#ifndef BAND_SENSOR_H
#define BAND_SENSOR_H

#include <stdbool.h>
#include <stddef.h>

enum sensor {
    SENSOR_EEG, /* two-channel electroencephalogram */
    SENSOR_PPG, /* photoplethysmogram, red and infrared */
    SENSOR_ACC, /* three-axis accelerometer */
    SENSOR_BAT, /* battery level */
    SENSOR_COUNT
};

/* Those that send timed packets of samples; the battery only ever has a level. */
#define SENSOR_STREAMED 3

/* A set of sensors, one bit each. */
typedef unsigned sensor_set;
#define SENSOR_BIT(sensor)  (1u << (sensor))
#define SENSOR_SET_ALL      ((1u << SENSOR_COUNT) - 1)
#define SENSOR_SET_STREAMED ((1u << SENSOR_STREAMED) - 1)

/* "eeg", "ppg", "acc" or "bat": the names of the protocol and of the captures. */
const char *sensor_name(enum sensor sensor);

/* Finds a sensor by its name of `len` bytes; false, and *sensor untouched, if there is none such.
 */
bool sensor_from_name(const char *name, size_t len, enum sensor *sensor);

/* The sensors named in `len` bytes, a `separator` between two; false, and *set untouched, where one
 * is none. */
bool sensor_set_parse(const char *text, size_t len, char separator, sensor_set *set);

#endif
