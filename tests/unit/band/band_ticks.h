/*
 * A band's packets with the truth about them: ticks and arrivals as real bands make them, from a
 * seed. A second here is a second of the host; the band's crystal is `drift_ppm` slow.
 */
#ifndef BAND_TICKS_H
#define BAND_TICKS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "band/block.h"
#include "band/packet.h"

struct ticks {
    uint64_t random;
    double drift_ppm;
    double delay_us;                  /* most that the radio adds to a packet, at random */
    double boot_tick;                 /* at boot time 0 */
    double eeg_rate;                  /* in a packet, on the band's counter */
    int skip_one_in;                  /* EEG packets with a sample skipped before them; 0: none */
    double position[SENSOR_STREAMED]; /* samples since boot time 0 */
    int packets[SENSOR_STREAMED];
};

/* What the next packet of a sensor is. */
struct tick_packet {
    struct samples samples;
    int64_t arrival_us;
    double true_us;   /* boot time of its first sample, on the line of the ticks for PPG and ACC */
    double on_line;   /* its tick without the stamp's jitter */
    double delay_us;  /* what the radio added */
    uint32_t skipped; /* samples before it that were never made */
};

static inline double ticks_random(struct ticks *ticks)
{
    ticks->random = ticks->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(ticks->random >> 11) / 9007199254740992.0;
}

static inline struct ticks ticks_of(uint64_t seed)
{
    return (struct ticks){
        .random = seed * 2654435761u + 1, .boot_tick = 467605, .eeg_rate = 250.2, .skip_one_in = 6};
}

static inline double ticks_rate(const struct ticks *ticks, enum sensor sensor)
{
    static const double rates[] = {0, 49.88, 25.22};

    return sensor == SENSOR_EEG ? ticks->eeg_rate : rates[sensor];
}

/* EEG stamps wobble in pairs by 1.3 ms, some PPG stamps are 4 ms off, ACC's a little. */
static inline double ticks_jitter_us(struct ticks *ticks, enum sensor sensor)
{
    const double chance = ticks_random(ticks), at = ticks_random(ticks) * 2 - 1;

    if (sensor == SENSOR_EEG)
        return chance < 0.05 ? -1300 * 250.2 / ticks->eeg_rate : 0;
    if (sensor == SENSOR_PPG)
        return chance < 0.15 ? 4000 * (at < 0 ? -1 : 1) : 30 * at;
    return 200 * at;
}

/* Boot time µs of an instant of the band's counter. */
static inline double ticks_boot_us(const struct ticks *ticks, double tick)
{
    return (tick - ticks->boot_tick) / BLOCK_TICK_HZ * 1e6 * (1 + ticks->drift_ppm * 1e-6);
}

static inline void ticks_skip(struct ticks *ticks, enum sensor sensor, double samples)
{
    ticks->position[sensor] += samples;
}

static inline void ticks_next(struct ticks *ticks, enum sensor sensor, struct tick_packet *out)
{
    const double rate = ticks_rate(ticks, sensor);
    const size_t count = model_default()->sensors[sensor].packet_samples;
    const int number = ticks->packets[sensor]++;

    out->skipped = sensor == SENSOR_EEG && ticks->skip_one_in > 0 && number > 0 &&
                   number % ticks->skip_one_in == 0;
    ticks->position[sensor] += out->skipped;
    const double on_line = ticks->boot_tick + ticks->position[sensor] / rate * BLOCK_TICK_HZ;

    out->on_line = on_line;
    const double stamped = round(on_line + ticks_jitter_us(ticks, sensor) * BLOCK_TICK_HZ / 1e6);
    out->true_us = ticks_boot_us(ticks, sensor == SENSOR_EEG ? stamped : on_line);
    ticks->position[sensor] += (double)count;
    out->delay_us = ticks->delay_us * ticks_random(ticks);
    out->arrival_us = llround(
        ticks_boot_us(ticks, ticks->boot_tick + ticks->position[sensor] / rate * BLOCK_TICK_HZ) +
        out->delay_us);

    memset(&out->samples, 0, sizeof(out->samples));
    out->samples.sensor = sensor;
    out->samples.tick = (uint32_t)(uint64_t)stamped;
    out->samples.count = count;
}

/* The sensor whose next packet is complete first, delays aside. */
static inline enum sensor ticks_turn(const struct ticks *ticks)
{
    enum sensor first = SENSOR_EEG;
    double least = INFINITY;

    for (int i = 0; i < SENSOR_STREAMED; i++) {
        const enum sensor sensor = (enum sensor)i;
        const double end =
            (ticks->position[i] + (double)model_default()->sensors[sensor].packet_samples) /
            ticks_rate(ticks, sensor);
        if (end < least) {
            least = end;
            first = sensor;
        }
    }
    return first;
}

#endif
