/* Packets: the bytes of one notification, and the samples in them. Pure. */
#ifndef BAND_PACKET_H
#define BAND_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/model.h"
#include "band/sensor.h"

/* The bits of `leadoff` that an EEG channel needs clear: its P and its N electrode. */
#define EEG_LEADOFF_MASK(channel) (3u << (2 * (channel)))

/*
 * A packet as it came. Borrowed: `bytes` is valid during the call that hands it over.
 * `arrival_us` is CLOCK_BOOTTIME in µs, when the notification was complete at this host;
 * offline it is read back from the capture, so that everything downstream is the same.
 */
struct packet {
    enum sensor sensor;
    int64_t arrival_us;
    const uint8_t *bytes;
    size_t len;
    unsigned lane; /* of its sensor: 0 where that has one source */
};

struct eeg_sample {
    double uv[MODEL_CHANNELS_MAX]; /* µV; as many as the band has */
    uint16_t leadoff; /* bit 0 IN1P, 1 IN1N, 2 IN2P, 3 IN2N and so on; 1 = electrode off */
};

struct ppg_sample {
    uint32_t red, ir; /* counts, 24 bits */
};

struct acc_sample {
    int16_t x, y, z; /* counts */
};

/* The samples of one packet, decoded. */
struct samples {
    enum sensor sensor;
    const struct model_sensor *as; /* how the band has it: channels, units */
    uint32_t tick;                 /* of the first sample; 0 for the battery */
    size_t count;
    union {
        struct eeg_sample eeg[BAND_SAMPLES_MAX];
        struct ppg_sample ppg[BAND_SAMPLES_MAX];
        struct acc_sample acc[BAND_SAMPLES_MAX];
        uint8_t level; /* %, 0..100; count is 1 */
    };
};

/* Why a packet was refused. */
enum packet_fault {
    PACKET_OK,
    PACKET_TOO_SHORT, /* not even the tick and one sample */
    PACKET_TOO_LONG,  /* longer than any notification */
    PACKET_REMAINDER, /* not a whole number of samples */
    PACKET_LANE,      /* of a source that the band has not got */
    PACKET_LEVEL,     /* a battery level that isn't 0..100 */
};

/* Whether the band may send such a one. */
enum packet_fault packet_check(const struct band_model *model, const struct packet *packet);

/* Decodes the packet, of a sensor with several lanes what lanes_join() made of theirs, into *out;
 * on a fault *out is unspecified. */
enum packet_fault packet_decode(const struct band_model *model, const struct packet *packet,
                                struct samples *out);

/* A sentence for the log, without full stop. */
const char *packet_fault_text(enum packet_fault fault);

/*
 * The reverse of packet_decode, for the simulator and the tests: writes the bytes of a packet into
 * `out` of at least BAND_PACKET_MAX bytes and returns their number. Values beyond full scale
 * saturate as in the band.
 */
size_t packet_encode(const struct band_model *model, const struct samples *samples, uint8_t *out);

#endif
