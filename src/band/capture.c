#include "band/capture.h"

#include <stdlib.h>
#include <string.h>

#include "band/iso.h"
#include "base/digits.h"
#include "base/length.h"
#include "base/text.h"

/*
 * Bounds of what is read, far beyond any band's life and far enough inside an int64_t that a sum or
 * difference of two instants cannot overflow.
 */
#define SECONDS_DIGITS 10
#define INSTANT_MAX    (INT64_C(1) << 58)
#define MARKER_DIGITS  15

/* One word of a line. */
struct word {
    const char *text;
    size_t len;
};

/* What is left of the line. */
struct cursor {
    const char *at, *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct cursor cursor_over(const char *line)
{
    size_t len = strlen(line);

    if (len > 0 && line[len - 1] == '\n')
        len--;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    return (struct cursor){line, line + len};
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at))
        cursor->at++;
}

static struct word next_word(struct cursor *cursor)
{
    skip_blanks(cursor);
    const char *begin = cursor->at;
    while (cursor->at < cursor->end && !is_blank(*cursor->at))
        cursor->at++;
    return (struct word){begin, (size_t)(cursor->at - begin)};
}

static struct word rest_of_line(struct cursor *cursor)
{
    skip_blanks(cursor);
    struct word rest = {cursor->at, (size_t)(cursor->end - cursor->at)};
    cursor->at = cursor->end;
    return rest;
}

/* A text as it was written, behind the one blank that parts it from the word before. */
static struct word text_to_the_end(struct cursor *cursor)
{
    if (cursor->at < cursor->end)
        cursor->at++;
    struct word text = {cursor->at, (size_t)(cursor->end - cursor->at)};
    cursor->at = cursor->end;
    return text;
}

static bool at_end(struct cursor *cursor)
{
    skip_blanks(cursor);
    return cursor->at == cursor->end;
}

static bool word_is(struct word word, const char *text)
{
    return strlen(text) == word.len && memcmp(word.text, text, word.len) == 0;
}

/* Seconds with up to six decimals, as µs; in integers, so that what was written is what is read. */
static bool read_seconds(struct word word, int64_t *us)
{
    int64_t value = 0;
    size_t i = 0;

    for (; i < word.len && is_digit(word.text[i]); i++) {
        if (i == SECONDS_DIGITS)
            return false;
        value = value * 10 + (word.text[i] - '0');
    }
    if (i == 0)
        return false;
    value *= 1000000;
    if (i < word.len) {
        if (word.text[i] != '.' || i + 1 == word.len)
            return false;
        int64_t unit = 100000;
        for (i++; i < word.len; i++, unit /= 10) {
            if (!is_digit(word.text[i]) || unit == 0)
                return false;
            value += (word.text[i] - '0') * unit;
        }
    }
    *us = value;
    return true;
}

static bool read_integer(struct word word, int64_t *out)
{
    const bool negative = word.len > 0 && word.text[0] == '-';
    int64_t value = 0;

    if (word.len == (negative ? 1 : 0))
        return false;
    for (size_t i = negative; i < word.len; i++) {
        if (!is_digit(word.text[i]))
            return false;
        value = value * 10 + (word.text[i] - '0');
        if (value > INSTANT_MAX)
            return false;
    }
    *out = negative ? -value : value;
    return true;
}

/* A plain decimal number: strtod alone would take "nan", "0x1p9" and "1e300" too. */
static bool read_decimal(struct word word, double *out)
{
    char text[2 * MARKER_DIGITS];
    size_t digits = 0, points = 0;

    if (word.len == 0 || word.len >= sizeof(text))
        return false;
    for (size_t i = word.text[0] == '-'; i < word.len; i++) {
        if (word.text[i] == '.' && points == 0 && digits > 0)
            points++;
        else if (is_digit(word.text[i]))
            digits += points == 0;
        else
            return false;
    }
    if (digits == 0 || digits > MARKER_DIGITS)
        return false;
    memcpy(text, word.text, word.len);
    text[word.len] = '\0';
    *out = strtod(text, NULL);
    return true;
}

static const char *parse_payload(struct word word, struct capture_record *record)
{
    if (word.len == 0)
        return "the packet's bytes are missing";
    record->packet.len = 0;
    if (word_is(word, "-"))
        return NULL;
    if (word.len % 2 != 0)
        return "the packet's bytes end in half a byte";
    if (word.len / 2 > BAND_PACKET_MAX)
        return "the packet is longer than any notification";
    for (size_t i = 0; i < word.len; i += 2) {
        const int high = hex_digit(word.text[i]), low = hex_digit(word.text[i + 1]);
        if (high < 0 || low < 0)
            return "the packet's bytes are not hexadecimal";
        record->bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    record->packet.len = word.len / 2;
    return NULL;
}

static const char *parse_level(struct word word, struct capture_record *record)
{
    int64_t level;

    record->packet.len = 0;
    if (word_is(word, "-"))
        return NULL;
    if (!read_integer(word, &level) || level < 0 || level > UINT8_MAX)
        return "the battery level is not a number from 0 to 255";
    record->bytes[0] = (uint8_t)level;
    record->packet.len = 1;
    return NULL;
}

/* `eeg:1`, one digit: taken off the word; 0 where it has none. */
static unsigned lane_of(struct word *name)
{
    if (name->len < 2 || name->text[name->len - 2] != ':' || !is_digit(name->text[name->len - 1]) ||
        name->text[name->len - 1] == '0')
        return 0;
    name->len -= 2;
    return (unsigned)(name->text[name->len + 1] - '0');
}

static const char *parse_packet(struct cursor *line, struct capture_record *record)
{
    struct packet *packet = &record->packet;
    struct word name;

    if (!read_seconds(next_word(line), &record->at_us))
        return "the line does not begin with seconds, up to six decimals, or with #";
    name = next_word(line);
    packet->lane = lane_of(&name);
    if (!sensor_from_name(name.text, name.len, &packet->sensor))
        return "the sensor is none of eeg, ppg, acc and bat";
    record->kind = CAPTURE_PACKET;
    packet->arrival_us = record->at_us;
    packet->bytes = record->bytes;
    return packet->sensor == SENSOR_BAT ? parse_level(next_word(line), record)
                                        : parse_payload(next_word(line), record);
}

static const char *parse_start(struct cursor *line, struct capture_record *record)
{
    const struct word word = next_word(line);

    if (!iso_parse(word.text, word.len, &record->utc_us))
        return "the start is not an instant like 2026-11-24T09:00:00.000000Z";
    return NULL;
}

static const char *parse_model(struct cursor *line, struct capture_record *record)
{
    const struct word name = next_word(line);

    record->model = model_from_name(name.text, name.len);
    return name.len > 0 ? NULL : "the model's name is missing";
}

/* `-` stands for what is unknown. */
static bool take_text(struct word word, char *out, size_t size)
{
    if (word.len == 0 || word.len >= size)
        return false;
    memcpy(out, word.text, word.len);
    out[word_is(word, "-") ? 0 : word.len] = '\0';
    return !memchr(word.text, '\0', word.len) && !text_has_control(out);
}

static const char *parse_device(struct cursor *line, struct capture_record *record)
{
    if (!take_text(next_word(line), record->device.name, sizeof(record->device.name)))
        return "the device's name is missing or too long";
    if (!take_text(next_word(line), record->device.address, sizeof(record->device.address)))
        return "the device's address is missing or too long";
    if (!take_text(text_to_the_end(line), record->device.firmware, sizeof(record->device.firmware)))
        return "the device's firmware is missing or too long";
    return NULL;
}

static const char *parse_link(struct cursor *line, struct capture_record *record)
{
    const struct word direction = next_word(line);

    if (!word_is(direction, "up") && !word_is(direction, "down"))
        return "the link is neither up nor down";
    if (!read_seconds(next_word(line), &record->at_us))
        return "the link's seconds are missing or no number";
    if (word_is(direction, "down")) {
        record->kind = CAPTURE_LINK_DOWN;
        return NULL;
    }
    record->kind = CAPTURE_LINK_UP;
    if (!read_integer(next_word(line), &record->anchor.boot_us) ||
        !read_integer(next_word(line), &record->anchor.utc_us))
        return "the link's anchor is not a boot time and a UTC, both in whole µs";
    return NULL;
}

static const char *parse_clock(struct cursor *line, struct capture_record *record)
{
    const struct word state = rest_of_line(line);

    if (state.len == 0)
        return "the clock's state is missing";
    for (size_t i = 0; i < state.len; i++) {
        if ((unsigned char)state.text[i] < 0x20 || state.text[i] == 0x7f)
            return "the clock's state holds a control character";
    }
    record->clock = state.text;
    return NULL;
}

static const char *parse_sensors(struct word list, sensor_set *sensors)
{
    *sensors = 0;
    if (word_is(list, "-"))
        return NULL;
    return sensor_set_parse(list.text, list.len, ',', sensors)
               ? NULL
               : "the stream names what is none of eeg, ppg, acc and bat";
}

static const char *parse_stream(struct cursor *line, struct capture_record *record)
{
    if (!read_seconds(next_word(line), &record->at_us))
        return "the stream's seconds are missing or no number";
    return parse_sensors(next_word(line), &record->sensors);
}

static const char *parse_marker(struct cursor *line, struct capture_record *record)
{
    if (!read_decimal(next_word(line), &record->marker_ms))
        return "the marker's time is not a number of ms";
    struct word label = text_to_the_end(line);
    if (label.len >= sizeof(record->label))
        return "the marker's label is too long";
    memcpy(record->label, label.text, label.len);
    record->label[label.len] = '\0';
    return NULL;
}

static const struct {
    const char *name;
    enum capture_kind kind;
    const char *(*parse)(struct cursor *line, struct capture_record *record);
} directives[] = {
    {"start", CAPTURE_START, parse_start},    {"model", CAPTURE_MODEL, parse_model},
    {"device", CAPTURE_DEVICE, parse_device}, {"link", CAPTURE_LINK_UP, parse_link},
    {"clock", CAPTURE_CLOCK, parse_clock},    {"stream", CAPTURE_STREAM, parse_stream},
    {"marker", CAPTURE_MARKER, parse_marker},
};

static const char *parse_directive(struct cursor *line, struct capture_record *record)
{
    const struct word name = next_word(line);

    for (size_t i = 0; i < LENGTH(directives); i++) {
        if (word_is(name, directives[i].name)) {
            record->kind = directives[i].kind;
            return directives[i].parse(line, record);
        }
    }
    line->at = line->end; /* of a later version */
    return NULL;
}

const char *capture_parse(const char *line, struct capture_record *record)
{
    struct cursor cursor = cursor_over(line);
    const char *fault;

    record->kind = CAPTURE_NOTHING;
    if (at_end(&cursor))
        return NULL;
    if (*cursor.at == '#') {
        if (cursor.end - cursor.at < 2 || cursor.at[1] != '!')
            return NULL;
        cursor.at += 2;
        fault = parse_directive(&cursor, record);
    } else {
        fault = parse_packet(&cursor, record);
    }
    if (!fault && !at_end(&cursor))
        return "something follows where the line should end";
    return fault;
}
