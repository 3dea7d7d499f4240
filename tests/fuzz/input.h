/* The fuzzer's bytes, taken off one by one; behind their end everything is zero. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct input {
    const uint8_t *at, *end;
};

static inline uint8_t input_byte(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

static inline uint16_t input_16(struct input *input)
{
    uint16_t low = input_byte(input);

    return (uint16_t)(low | input_byte(input) << 8);
}

static inline uint64_t input_64(struct input *input)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value |= (uint64_t)input_byte(input) << (8 * i);
    return value;
}

/* A copy of the bytes up to the next newline, which is left out; zero-terminated, to be freed. */
static inline char *input_line(struct input *input, size_t *len)
{
    const uint8_t *newline = memchr(input->at, '\n', (size_t)(input->end - input->at));
    const uint8_t *end = newline ? newline : input->end;

    *len = (size_t)(end - input->at);
    char *line = strndup((const char *)input->at, *len);
    *len = line ? strlen(line) : 0;
    input->at = newline ? newline + 1 : end;
    return line;
}

#endif
