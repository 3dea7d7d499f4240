/* Numbers in a packet's bytes: for the models' decoders. */
#ifndef BAND_BYTES_H
#define BAND_BYTES_H

#include <stdint.h>

static inline uint32_t read_u24_be(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static inline int32_t read_s24_be(const uint8_t *p)
{
    const int32_t value = (int32_t)read_u24_be(p);

    return value >= 0x800000 ? value - 0x1000000 : value;
}

static inline int16_t read_s16_le(const uint8_t *p)
{
    const int32_t value = p[0] | p[1] << 8;

    return (int16_t)(value >= 0x8000 ? value - 0x10000 : value);
}

static inline uint32_t read_u32_le(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void write_u24_be(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 16);
    p[1] = (uint8_t)(value >> 8);
    p[2] = (uint8_t)value;
}

static inline void write_s16_le(uint8_t *p, int16_t value)
{
    p[0] = (uint8_t)((uint16_t)value & 0xff);
    p[1] = (uint8_t)((uint16_t)value >> 8);
}

static inline void write_u32_le(uint8_t *p, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

#endif
