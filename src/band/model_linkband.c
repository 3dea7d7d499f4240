/*
 * The Link Band 2.0; docs/band.md tells where each of these is known from. Each packet begins with
 * the 32 768 Hz counter's tick, u32 little-endian, which stamps its first sample.
 */
#include <math.h>

#include "band/model.h"
#include "band/packet.h"
#include "bytes.h"

#define TICK_SIZE 4
#define EEG_SIZE  7
#define PPG_SIZE  6
#define ACC_SIZE  6
#define SECOND    INT64_C(1000000)

/* One count of EEG in µV: Vref 4.033 V, gain 12, 24 bits; and the largest magnitude. */
#define EEG_CHANNELS     2
#define EEG_UV_PER_COUNT (4.033 / 12.0 / 8388607.0 * 1e6)
#define EEG_COUNT_MAX    8388607

#define ACC_COUNTS_PER_G 16384.0

#define EEG_SERVICE "df7b5d95-3afe-00a1-084c-b50895ef4f95"

static uint8_t *sample_at(uint8_t *packet, size_t i, size_t size)
{
    return packet + TICK_SIZE + i * size;
}

static void begin(const struct packet *packet, size_t size, struct samples *out)
{
    out->tick = read_u32_le(packet->bytes);
    out->count = (packet->len - TICK_SIZE) / size;
}

static void decode_eeg(const struct packet *packet, struct samples *out)
{
    const uint8_t *p = packet->bytes + TICK_SIZE;

    begin(packet, EEG_SIZE, out);
    for (size_t i = 0; i < out->count; i++, p += EEG_SIZE) {
        out->eeg[i].leadoff = p[0];
        for (int ch = 0; ch < EEG_CHANNELS; ch++)
            out->eeg[i].uv[ch] = read_s24_be(p + 1 + 3 * ch) * EEG_UV_PER_COUNT;
    }
}

static void decode_ppg(const struct packet *packet, struct samples *out)
{
    const uint8_t *p = packet->bytes + TICK_SIZE;

    begin(packet, PPG_SIZE, out);
    for (size_t i = 0; i < out->count; i++, p += PPG_SIZE)
        out->ppg[i] = (struct ppg_sample){read_u24_be(p), read_u24_be(p + 3)};
}

static void decode_acc(const struct packet *packet, struct samples *out)
{
    const uint8_t *p = packet->bytes + TICK_SIZE;

    begin(packet, ACC_SIZE, out);
    for (size_t i = 0; i < out->count; i++, p += ACC_SIZE)
        out->acc[i] = (struct acc_sample){read_s16_le(p), read_s16_le(p + 2), read_s16_le(p + 4)};
}

/* Beyond full scale it saturates at raw ±0x7FFFFF, as in the band. */
static uint32_t eeg_count(double uv)
{
    double count = round(uv / EEG_UV_PER_COUNT);

    if (!(count > -EEG_COUNT_MAX))
        count = -EEG_COUNT_MAX;
    if (count > EEG_COUNT_MAX)
        count = EEG_COUNT_MAX;
    return (uint32_t)(int32_t)count;
}

static size_t encode_eeg(const struct samples *samples, unsigned lane, uint8_t *out)
{
    (void)lane;
    write_u32_le(out, samples->tick);
    for (size_t i = 0; i < samples->count; i++) {
        uint8_t *p = sample_at(out, i, EEG_SIZE);
        p[0] = (uint8_t)samples->eeg[i].leadoff;
        for (int ch = 0; ch < EEG_CHANNELS; ch++)
            write_u24_be(p + 1 + 3 * ch, eeg_count(samples->eeg[i].uv[ch]));
    }
    return TICK_SIZE + samples->count * EEG_SIZE;
}

static size_t encode_ppg(const struct samples *samples, unsigned lane, uint8_t *out)
{
    (void)lane;
    write_u32_le(out, samples->tick);
    for (size_t i = 0; i < samples->count; i++) {
        uint8_t *p = sample_at(out, i, PPG_SIZE);
        write_u24_be(p, samples->ppg[i].red);
        write_u24_be(p + 3, samples->ppg[i].ir);
    }
    return TICK_SIZE + samples->count * PPG_SIZE;
}

static size_t encode_acc(const struct samples *samples, unsigned lane, uint8_t *out)
{
    (void)lane;
    write_u32_le(out, samples->tick);
    for (size_t i = 0; i < samples->count; i++) {
        uint8_t *p = sample_at(out, i, ACC_SIZE);
        write_s16_le(p, samples->acc[i].x);
        write_s16_le(p + 2, samples->acc[i].y);
        write_s16_le(p + 4, samples->acc[i].z);
    }
    return TICK_SIZE + samples->count * ACC_SIZE;
}

/* Rates inside a packet as measured on recordings of real bands; the 500 Hz unit is known from one
 * report only, so its rate is the 250 Hz one doubled. Silent is who missed about 30 packets of EEG
 * (0.1 s each), 9 of PPG (0.56 s), 5 of ACC (1.19 s). */
const struct band_model model_linkband =
    {
        .name = "linkband",
        .title = "Link Band",
        .name_prefix = "LXB-",
        .counter = {.hz = 32768, .bits = 32},
        .source_count = 4,
        .sources =
            {
                {{EEG_SERVICE, "00ab4d15-66b4-0d8a-824f-8d6f8966c6e5"}, SENSOR_EEG, 0, "EEG"},
                {{"1cc50ec0-6967-9d84-a243-c2267f924d1f", "6c739642-23ba-818b-2045-bfe8970263f6"},
                 SENSOR_PPG,
                 0,
                 "PPG"},
                {{"75c276c3-8f97-20bc-a143-b354244886d4", "d3d46a35-4394-e9aa-5a43-e7921120aaed"},
                 SENSOR_ACC,
                 0,
                 "accelerometer"},
                {{BATTERY_SERVICE_UUID, BATTERY_LEVEL_UUID}, SENSOR_BAT, 0, "battery"},
            },
        .sensors =
            {
                [SENSOR_EEG] =
                    {
                        .channel_count = 2,
                        .channels = {{"ch1", "uV", "leadoff_ch1"}, {"ch2", "uV", "leadoff_ch2"}},
                        .unit_per_count = EEG_UV_PER_COUNT,
                        .gain = 12,
                        .full_scale = EEG_COUNT_MAX,
                        /* The widest within ±336 083.3 µV that both ends can say, 8 counts short of
                         * saturation: so a BDF's digital value is the band's count to 4e-8. */
                        .range = {-8388599, 8388599, -336083.0, 336083.0},
                        .lanes = 1,
                        .head_size = TICK_SIZE,
                        .sample_size = EEG_SIZE,
                        .packet_samples = 25,
                        .nominal_rates = {250, 500, 0},
                        .initial_rates = {250.2, 500.4},
                        .silent_us = 3 * SECOND,
                        .decode = decode_eeg,
                        .encode = encode_eeg,
                    },
                [SENSOR_PPG] =
                    {
                        .channel_count = 2,
                        .channels = {{.name = "red", .unit = "counts"},
                                     {.name = "ir", .unit = "counts"}},
                        .unit_per_count = 1,
                        .full_scale = 16777215,
                        .range = {0, 16777215, 0, 16777215},
                        .lanes = 1,
                        .head_size = TICK_SIZE,
                        .sample_size = PPG_SIZE,
                        .packet_samples = 28,
                        .nominal_rates = {50, 0},
                        .initial_rates = {49.88},
                        .silent_us = 5 * SECOND,
                        .decode = decode_ppg,
                        .encode = encode_ppg,
                    },
                [SENSOR_ACC] =
                    {
                        .channel_count = 3,
                        .channels = {{.name = "x", .unit = "g"},
                                     {.name = "y", .unit = "g"},
                                     {.name = "z", .unit = "g"}},
                        .unit_per_count = 1 / ACC_COUNTS_PER_G,
                        .full_scale = 32768,
                        .range = {-32768, 32768, -2, 2},
                        .lanes = 1,
                        .head_size = TICK_SIZE,
                        .sample_size = ACC_SIZE,
                        .packet_samples = 30,
                        .nominal_rates = {25, 0},
                        .initial_rates = {25.22},
                        .silent_us = 6 * SECOND,
                        .decode = decode_acc,
                        .encode = encode_acc,
                    },
                [SENSOR_BAT] =
                    {
                        .channel_count = 1,
                        .channels = {{.name = "level", .unit = "%"}},
                        .unit_per_count = 1,
                        .full_scale = 100,
                        .range = {0, 100, 0, 100},
                        .lanes = 1,
                    },
            },
        .battery = {BATTERY_SERVICE_UUID, BATTERY_LEVEL_UUID},
        .firmware = {DEVICE_INFORMATION_UUID, FIRMWARE_REVISION_UUID},
        .control =
            {
                .at = {EEG_SERVICE, "0065cacb-9e52-21bf-a849-99a80d83830e"},
                .for_sensor = SENSOR_EEG,
                .start = "start",
                .stop = "stop",
                .label = "EEG control",
            },
        .order =
            {
                .sensor_count = 4,
                .sensors = {SENSOR_BAT, SENSOR_EEG, SENSOR_ACC, SENSOR_PPG},
                .quiet_us = SECOND * 12 / 10,
                .pause_us = SECOND * 3 / 10,
            },
        .mtu = 187, /* ACC's 184 bytes, and ATT's own 3 */
};
