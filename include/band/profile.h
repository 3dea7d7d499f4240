/* What is fixed about the band: its GATT characteristics, packet layouts and rates. */
#ifndef BAND_PROFILE_H
#define BAND_PROFILE_H

#include <stddef.h>

#include "band/sensor.h"

/* The band's counter that stamps packets: 32 768 Hz from boot, 32 bits, wraps after 36.4 h. */
#define BAND_TICK_HZ 32768

#define BAND_NAME_PREFIX "LXB-"

/* Written in ASCII to the EEG control characteristic. */
#define BAND_EEG_START "start"
#define BAND_EEG_STOP  "stop"

#define BAND_EEG_CONTROL_UUID "0065cacb-9e52-21bf-a849-99a80d83830e"
#define BAND_FIRMWARE_UUID    "00002a26-0000-1000-8000-00805f9b34fb"

/* Longest notification at the ATT MTU of 517 that BlueZ negotiates; no packet can be longer. */
#define BAND_PACKET_MAX 514

/* The ATT MTU that lets each packet through whole: the longest, ACC's 184 bytes, and ATT's own 3.
 */
#define BAND_MTU_MIN 187

/* Most samples one packet can hold: 6-byte samples behind the 4-byte tick. */
#define BAND_SAMPLES_MAX ((BAND_PACKET_MAX - 4) / 6)

#define EEG_CHANNELS 2

/* One count in µV: Vref 4.033 V, gain 12, 24 bits; and the largest magnitude, raw ±0x7FFFFF. */
#define EEG_UV_PER_COUNT (4.033 / 12.0 / 8388607.0 * 1e6)
#define EEG_COUNT_MAX    8388607

/* Lead-off bits of the status byte that an EEG channel needs clear: its P and its N electrode. */
#define EEG_LEADOFF_MASK(channel) (3u << (2 * (channel)))

#define ACC_COUNTS_PER_G 16384.0

struct sensor_profile {
    const char *service_uuid;
    const char *data_uuid; /* the characteristic that notifies */
    size_t sample_size;    /* bytes; 0 for the battery, which has neither tick nor samples */
    size_t packet_samples; /* in a full packet */
    int nominal_rates[3];  /* Hz, ends with 0; the first is assumed until a packet says otherwise */
    double initial_rates[2]; /* Hz inside a packet as seen on real bands, for each nominal rate */
};

/* The profile of a sensor; static, never NULL. */
const struct sensor_profile *sensor_profile(enum sensor sensor);

#endif
