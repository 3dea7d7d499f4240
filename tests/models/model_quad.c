/*
 * A made-up band, which shows what a model is (docs/adding-a-band.md): four EEG channels at 256 Hz,
 * a characteristic each, and a battery. A packet is a 24-bit tick of a 10 kHz counter, a byte that
 * is 1 while its electrode is off, and 12 samples of 16 bits, all big-endian. There is no light and
 * no motion.
 */
#include "band/model.h"
#include "band/packet.h"

#define CHANNELS     4
#define HEAD_SIZE    4
#define STATUS       3
#define SAMPLE_SIZE  2
#define UV_PER_COUNT 0.5
#define SECOND       INT64_C(1000000)

#define EEG_SERVICE UUID(1)
#define UUID(n)     "9c7e000" #n "-3d5a-4f1b-8b2e-5e6f7a8b9c0d"

static uint32_t tick(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static int16_t count_at(const uint8_t *p)
{
    return (int16_t)(uint16_t)((unsigned)p[0] << 8 | p[1]);
}

/* The packets of one tick as one: lane by lane, all of one length. */
static void decode(const struct packet *packet, struct samples *out)
{
    const size_t each = packet->len / CHANNELS;
    uint16_t off = 0;

    out->tick = tick(packet->bytes);
    out->count = (each - HEAD_SIZE) / SAMPLE_SIZE;
    for (size_t c = 0; c < CHANNELS; c++) {
        const uint8_t *lane = packet->bytes + c * each;
        if (lane[STATUS])
            off |= EEG_LEADOFF_MASK(c);
        for (size_t i = 0; i < out->count; i++)
            out->eeg[i].uv[c] = count_at(lane + HEAD_SIZE + i * SAMPLE_SIZE) * UV_PER_COUNT;
    }
    for (size_t i = 0; i < out->count; i++)
        out->eeg[i].leadoff = off;
}

extern const struct band_model model_quad;

const struct band_model model_quad = {
    .name = "quad",
    .title = "Quad",
    .name_prefix = "QUAD-",
    .counter = {.hz = 10000, .bits = 24},
    .source_count = 5,
    .sources =
        {
            {{EEG_SERVICE, UUID(3)}, SENSOR_EEG, 0, "EEG 1"},
            {{EEG_SERVICE, UUID(4)}, SENSOR_EEG, 1, "EEG 2"},
            {{EEG_SERVICE, UUID(5)}, SENSOR_EEG, 2, "EEG 3"},
            {{EEG_SERVICE, UUID(6)}, SENSOR_EEG, 3, "EEG 4"},
            {{BATTERY_SERVICE_UUID, BATTERY_LEVEL_UUID}, SENSOR_BAT, 0, "battery"},
        },
    .sensors =
        {
            [SENSOR_EEG] =
                {
                    .channel_count = CHANNELS,
                    .channels = {{"ch1", "uV", "leadoff_ch1"},
                                 {"ch2", "uV", "leadoff_ch2"},
                                 {"ch3", "uV", "leadoff_ch3"},
                                 {"ch4", "uV", "leadoff_ch4"}},
                    .sites = {"TP9", "AF7", "AF8", "TP10"},
                    .unit_per_count = UV_PER_COUNT,
                    .full_scale = 32767,
                    .range = {-32768, 32767, -16384, 16383.5},
                    .lanes = CHANNELS,
                    .head_size = HEAD_SIZE,
                    .sample_size = SAMPLE_SIZE,
                    .packet_samples = 12,
                    .nominal_rates = {256, 0},
                    .initial_rates = {256},
                    .silent_us = 3 * SECOND,
                    .tick = tick,
                    .decode = decode,
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
    .control =
        {
            .at = {EEG_SERVICE, UUID(2)},
            .for_sensor = SENSOR_EEG,
            .start = "go",
            .stop = "halt",
            .label = "control",
        },
    .order =
        {
            .sensor_count = 2,
            .sensors = {SENSOR_BAT, SENSOR_EEG},
            .quiet_us = SECOND / 10,
            .pause_us = SECOND / 20,
        },
    .mtu = 31, /* 4 and 12 times 2 bytes, and ATT's own 3 */
};
