/*
 * What a band of one kind is: its names on the air, its counter, where its samples come from and
 * how they are read, and the order in which it is started. All static: a model is a constant of its
 * own file, and has one row in the table of models. A fact about a kind of band stands there and
 * nowhere else; who wants it asks the model. Pure.
 */
#ifndef BAND_MODEL_H
#define BAND_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "band/sensor.h"

/* Longest notification at the ATT MTU of 517 that BlueZ negotiates; no packet can be longer. */
#define BAND_PACKET_MAX 514

/* The most that a full packet of all lanes of a sensor has together. */
#define BAND_WHOLE_MAX (4 * BAND_PACKET_MAX)

/* Most samples that one packet may bring: 6-byte samples behind a 4-byte tick. */
#define BAND_SAMPLES_MAX ((BAND_PACKET_MAX - 4) / 6)

/* Those that Bluetooth has given numbers. */
#define BATTERY_SERVICE_UUID    "0000180f-0000-1000-8000-00805f9b34fb"
#define BATTERY_LEVEL_UUID      "00002a19-0000-1000-8000-00805f9b34fb"
#define DEVICE_INFORMATION_UUID "0000180a-0000-1000-8000-00805f9b34fb"
#define FIRMWARE_REVISION_UUID  "00002a26-0000-1000-8000-00805f9b34fb"

/* Most of each that a model may have. */
#define MODEL_SOURCES_MAX  12
#define MODEL_CHANNELS_MAX 8
#define MODEL_LANES_MAX    8

struct packet;
struct samples;

/* The counter that stamps packets, from the band's boot on. All its sensors share it. */
struct model_counter {
    double hz;
    int bits; /* 16 to 32: it wraps there */
};

/* A characteristic. `uuid` NULL: the band has none such. 128 bits, lower case, with hyphens. */
struct model_characteristic {
    const char *service, *uuid;
};

/*
 * A characteristic that notifies. The samples of a sensor come from one source, or are put together
 * of several, a lane each: lane 0 to `lanes` − 1 of its sensor.
 */
struct model_source {
    struct model_characteristic at;
    enum sensor sensor;
    unsigned lane;
    const char *label; /* for people: "EEG", "accelerometer" */
};

/*
 * A column of samples: its name in messages and files, its unit in ASCII, and the name that its
 * lead-off has there, NULL where the band doesn't tell. EEG's are ch1 to chN, in order; PPG has red
 * and ir, ACC x, y and z: what samples have room for.
 */
struct model_channel {
    const char *name, *unit, *leadoff;
};

/* The widest range that samples have, at its ends in counts, of which there are 2^24 at most, and
 * in the channel's unit: these have at most 8 characters each, as EDF's header wants them. */
struct model_range {
    int32_t low_count, high_count;
    double low, high;
};

/* A sensor. `channel_count` 0: the band has none of that kind. */
struct model_sensor {
    size_t channel_count;
    struct model_channel channels[MODEL_CHANNELS_MAX];
    double unit_per_count;
    double gain; /* of its amplifier; 0 where the maker doesn't tell */
    /* Where on the head its electrodes sit, by the 10-20 system; NULL where the maker doesn't tell.
     */
    const char *sites[MODEL_CHANNELS_MAX], *reference, *ground;
    int32_t full_scale; /* counts: what a converter gives that is at its end, of either sign */
    struct model_range range;
    unsigned lanes;        /* sources; 1 where all comes from one */
    size_t head_size;      /* bytes before the first sample of a packet: where its tick is */
    size_t sample_size;    /* bytes, in one lane; 0 for the battery: neither tick nor samples */
    size_t packet_samples; /* in a full packet; at most BAND_SAMPLES_MAX */
    int nominal_rates[3];  /* Hz, ends with 0; the first is assumed until a packet says otherwise */
    double initial_rates[2]; /* Hz inside a packet as seen on real bands, for each nominal rate */
    int64_t silent_us;       /* nothing for so long: it is silent, told and tried again */
    /* Its counter's stamp. Needed only where there are more lanes than one. */
    uint32_t (*tick)(const uint8_t *packet);
    /* Reads a packet that packet_check() has approved: tick, count and samples. Of several lanes it
     * is given the packets of one tick as one, packet->len / lanes bytes each, lane by lane. */
    void (*decode)(const struct packet *packet, struct samples *out);
    /* The reverse, one lane's bytes into BAND_PACKET_MAX: for simulation and tests. May be NULL.
     * Returns their number. */
    size_t (*encode)(const struct samples *samples, unsigned lane, uint8_t *out);
};

/* What is written before the notifications of `for_sensor` are turned on, and after they are off.
 * ASCII, with response. */
struct model_control {
    struct model_characteristic at; /* uuid NULL: nothing needs to be written */
    enum sensor for_sensor;
    const char *start, *stop;
    const char *label; /* for people: "EEG control" */
};

/* The one order known to work: all off, quiet, then one sensor after the other. */
struct model_order {
    size_t sensor_count;
    enum sensor sensors[SENSOR_COUNT]; /* each that the band has, once */
    int64_t quiet_us;                  /* between the last off and the first on */
    int64_t pause_us;                  /* between two that go on */
};

struct band_model {
    const char *name;        /* the kind's own, one word: in captures and recordings */
    const char *title;       /* for people */
    const char *name_prefix; /* of what it advertises */
    struct model_counter counter;
    size_t source_count;
    struct model_source sources[MODEL_SOURCES_MAX];
    struct model_sensor sensors[SENSOR_COUNT];
    struct model_characteristic battery;  /* one byte, %: read at each connection */
    struct model_characteristic firmware; /* text: the same; may be missing from a band */
    struct model_control control;
    struct model_order order;
    int mtu; /* ATT's, that lets each packet through whole */
};

/* The table: each model once, then NULL. The first is what a capture that names none is of. */
extern const struct band_model *const models[];

/* The kind of band that advertises this name; NULL: none of ours. */
const struct band_model *model_of_band(const char *band_name);

/* By the model's own name, of `len` bytes; NULL: unknown here. */
const struct band_model *model_from_name(const char *name, size_t len);

/* The first of the table. */
const struct band_model *model_default(void);

/* The source of a sensor's lane, its place in `sources`; −1: none such. */
int model_source(const struct band_model *model, enum sensor sensor, unsigned lane);

/* Those that the band has. */
sensor_set model_sensors(const struct band_model *model);

/* From one stamp of the counter to another, across a wrap: what is nearest, of either sign. */
int32_t model_step(const struct band_model *model, uint32_t from, uint32_t to);

#endif
