#include "band/packet.h"

#include <math.h>

#define TICK_SIZE 4
#define LEVEL_MAX 100

static uint32_t read_u24_be(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static int32_t read_s24_be(const uint8_t *p)
{
    int32_t value = (int32_t)read_u24_be(p);

    return value >= 0x800000 ? value - 0x1000000 : value;
}

static int16_t read_s16_le(const uint8_t *p)
{
    int32_t value = p[0] | p[1] << 8;

    return (int16_t)(value >= 0x8000 ? value - 0x10000 : value);
}

static uint32_t read_u32_le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void write_u24_be(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 16);
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)value;
}

static void write_s16_le(uint8_t *p, int16_t value)
{
    p[0] = (uint8_t)((uint16_t)value & 0xff);
    p[1] = (uint8_t)((uint16_t)value >> 8);
}

static void write_u32_le(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < TICK_SIZE; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static void decode_sample(struct samples *out, size_t i, const uint8_t *p)
{
    switch (out->sensor) {
    case SENSOR_EEG:
        out->eeg[i].leadoff = p[0];
        for (int ch = 0; ch < EEG_CHANNELS; ch++)
            out->eeg[i].uv[ch] = read_s24_be(p + 1 + 3 * ch) * EEG_UV_PER_COUNT;
        break;
    case SENSOR_PPG:
        out->ppg[i] = (struct ppg_sample){read_u24_be(p), read_u24_be(p + 3)};
        break;
    case SENSOR_ACC:
        out->acc[i] = (struct acc_sample){read_s16_le(p), read_s16_le(p + 2), read_s16_le(p + 4)};
        break;
    case SENSOR_BAT: /* a level, no samples */
    case SENSOR_COUNT:
        break;
    }
}

static enum packet_fault check_level(const struct packet *packet)
{
    if (packet->len == 0)
        return PACKET_TOO_SHORT;
    if (packet->len > 1)
        return PACKET_REMAINDER;
    return packet->bytes[0] > LEVEL_MAX ? PACKET_LEVEL : PACKET_OK;
}

enum packet_fault packet_check(const struct packet *packet)
{
    const size_t size = sensor_profile(packet->sensor)->sample_size;

    if (packet->sensor == SENSOR_BAT)
        return check_level(packet);
    if (packet->len < TICK_SIZE + size)
        return PACKET_TOO_SHORT;
    if (packet->len > BAND_PACKET_MAX)
        return PACKET_TOO_LONG;
    return (packet->len - TICK_SIZE) % size == 0 ? PACKET_OK : PACKET_REMAINDER;
}

static void decode_level(const struct packet *packet, struct samples *out)
{
    out->tick = 0;
    out->count = 1;
    out->level = packet->bytes[0];
}

enum packet_fault packet_decode(const struct packet *packet, struct samples *out)
{
    const size_t size = sensor_profile(packet->sensor)->sample_size;
    const enum packet_fault fault = packet_check(packet);

    out->sensor = packet->sensor;
    if (fault != PACKET_OK)
        return fault;
    if (packet->sensor == SENSOR_BAT) {
        decode_level(packet, out);
        return PACKET_OK;
    }
    out->tick = read_u32_le(packet->bytes);
    out->count = (packet->len - TICK_SIZE) / size;
    for (size_t i = 0; i < out->count; i++)
        decode_sample(out, i, packet->bytes + TICK_SIZE + i * size);
    return PACKET_OK;
}

const char *packet_fault_text(enum packet_fault fault)
{
    switch (fault) {
    case PACKET_TOO_SHORT:
        return "the packet is too short for one sample";
    case PACKET_TOO_LONG:
        return "the packet is longer than any notification";
    case PACKET_REMAINDER:
        return "the packet does not hold a whole number of samples";
    case PACKET_LEVEL:
        return "the battery level is not within 0 to 100";
    case PACKET_OK:
        break;
    }
    return "the packet is sound";
}

static uint32_t eeg_count(double uv)
{
    double count = round(uv / EEG_UV_PER_COUNT);

    if (!(count > -EEG_COUNT_MAX))
        count = -EEG_COUNT_MAX;
    if (count > EEG_COUNT_MAX)
        count = EEG_COUNT_MAX;
    return (uint32_t)(int32_t)count;
}

static void encode_sample(const struct samples *samples, size_t i, uint8_t *p)
{
    switch (samples->sensor) {
    case SENSOR_EEG:
        p[0] = samples->eeg[i].leadoff;
        for (int ch = 0; ch < EEG_CHANNELS; ch++)
            write_u24_be(p + 1 + 3 * ch, eeg_count(samples->eeg[i].uv[ch]));
        break;
    case SENSOR_PPG:
        write_u24_be(p, samples->ppg[i].red);
        write_u24_be(p + 3, samples->ppg[i].ir);
        break;
    case SENSOR_ACC:
        write_s16_le(p, samples->acc[i].x);
        write_s16_le(p + 2, samples->acc[i].y);
        write_s16_le(p + 4, samples->acc[i].z);
        break;
    case SENSOR_BAT:
    case SENSOR_COUNT:
        break;
    }
}

size_t packet_encode(const struct samples *samples, uint8_t *out)
{
    const size_t size = sensor_profile(samples->sensor)->sample_size;

    if (samples->sensor == SENSOR_BAT) {
        out[0] = samples->level;
        return 1;
    }
    write_u32_le(out, samples->tick);
    for (size_t i = 0; i < samples->count; i++)
        encode_sample(samples, i, out + TICK_SIZE + i * size);
    return TICK_SIZE + samples->count * size;
}
