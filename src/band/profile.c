#include "band/profile.h"

/* Rates inside a packet as measured on recordings of real bands; the 500 Hz unit is known from one
 * report only, so its rate is the 250 Hz one doubled. */
static const struct sensor_profile profiles[SENSOR_COUNT] = {
    [SENSOR_EEG] =
        {
            .service_uuid = "df7b5d95-3afe-00a1-084c-b50895ef4f95",
            .data_uuid = "00ab4d15-66b4-0d8a-824f-8d6f8966c6e5",
            .sample_size = 7,
            .packet_samples = 25,
            .nominal_rates = {250, 500, 0},
            .initial_rates = {250.2, 500.4},
        },
    [SENSOR_PPG] =
        {
            .service_uuid = "1cc50ec0-6967-9d84-a243-c2267f924d1f",
            .data_uuid = "6c739642-23ba-818b-2045-bfe8970263f6",
            .sample_size = 6,
            .packet_samples = 28,
            .nominal_rates = {50, 0},
            .initial_rates = {49.88},
        },
    [SENSOR_ACC] =
        {
            .service_uuid = "75c276c3-8f97-20bc-a143-b354244886d4",
            .data_uuid = "d3d46a35-4394-e9aa-5a43-e7921120aaed",
            .sample_size = 6,
            .packet_samples = 30,
            .nominal_rates = {25, 0},
            .initial_rates = {25.22},
        },
    [SENSOR_BAT] =
        {
            .service_uuid = "0000180f-0000-1000-8000-00805f9b34fb",
            .data_uuid = "00002a19-0000-1000-8000-00805f9b34fb",
        },
};

const struct sensor_profile *sensor_profile(enum sensor sensor)
{
    return &profiles[sensor];
}
