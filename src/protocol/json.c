#include "protocol/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define FIRST_SIZE 4096

void json_init(struct json *json)
{
    memset(json, 0, sizeof(*json));
}

void json_finish(struct json *json)
{
    free(json->text);
    json_init(json);
}

void json_clear(struct json *json)
{
    json->len = 0;
    if (json->text)
        json->text[0] = '\0';
}

void json_cut(struct json *json, size_t len)
{
    json->len = len;
    json->text[len] = '\0';
}

/* A message is far below what malloc refuses. */
static void grow(struct json *json, size_t least)
{
    size_t size = json->size ? json->size : FIRST_SIZE;
    while (size < least)
        size *= 2;
    char *text = realloc(json->text, size);
    if (!text)
        abort();
    json->text = text;
    json->size = size;
}

/* Makes room for `more` bytes and a terminating zero. */
static inline char *reserve(struct json *json, size_t more)
{
    if (json->len + more + 1 > json->size)
        grow(json, json->len + more + 1);
    return json->text + json->len;
}

static void append(struct json *json, const char *text, size_t len)
{
    char *end = reserve(json, len);
    memcpy(end, text, len);
    json->len += len;
    json->text[json->len] = '\0';
}

static void append_char(struct json *json, char c)
{
    char *end = reserve(json, 1);
    end[0] = c;
    end[1] = '\0';
    json->len++;
}

/* Makes room for a value of `more` bytes, and puts the comma before it where one is due: what was
 * written last tells, no state beside the text. Returns where the value goes. */
static inline char *room_for_value(struct json *json, size_t more)
{
    char *end = reserve(json, more + 1);
    const char last = json->len > 0 ? end[-1] : '[';
    if (last == '{' || last == '[' || last == ':')
        return end;
    *end = ',';
    json->len++;
    return end + 1;
}

/* What room_for_value() returned has been filled up to `end`. */
static void value_ends(struct json *json, char *end)
{
    *end = '\0';
    json->len = (size_t)(end - json->text);
}

static void separate(struct json *json)
{
    value_ends(json, room_for_value(json, 0));
}

void json_begin_object(struct json *json)
{
    separate(json);
    append_char(json, '{');
}

void json_end_object(struct json *json)
{
    append_char(json, '}');
}

void json_begin_array(struct json *json)
{
    separate(json);
    append_char(json, '[');
}

void json_end_array(struct json *json)
{
    append_char(json, ']');
}

static void append_escaped(struct json *json, unsigned char c)
{
    char escape[8];

    if (c == '"' || c == '\\')
        snprintf(escape, sizeof(escape), "\\%c", c);
    else
        snprintf(escape, sizeof(escape), "\\u%04x", c);
    append(json, escape, strlen(escape));
}

void json_string(struct json *json, const char *value)
{
    separate(json);
    append_char(json, '"');
    for (const unsigned char *s = (const unsigned char *)value; *s;) {
        size_t len = utf8_character((const char *)s, 4);
        if (len == 0) {
            append(json, "\xef\xbf\xbd", 3);
            s++;
            continue;
        }
        if (*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f)
            append_escaped(json, *s);
        else
            append(json, (const char *)s, len);
        s += len;
    }
    append_char(json, '"');
}

void json_string_or_null(struct json *json, const char *value)
{
    if (value && value[0])
        json_string(json, value);
    else
        json_null(json);
}

static void put_value(struct json *json, const char *text, size_t len)
{
    char *end = room_for_value(json, len);
    memcpy(end, text, len);
    value_ends(json, end + len);
}

/* Writes the digits of `value` so that they end at `end`, two at a time; returns where they begin.
 */
static char *digits_before(char *end, uint64_t value)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    for (; value >= 100; value /= 100) {
        end -= 2;
        memcpy(end, pairs + 2 * (value % 100), 2);
    }
    if (value < 10) {
        *--end = (char)('0' + value);
        return end;
    }
    end -= 2;
    memcpy(end, pairs + 2 * value, 2);
    return end;
}

/* No number is longer. */
#define NUMBER_MAX 32

void json_integer(struct json *json, int64_t value)
{
    char text[24];
    char *end = text + sizeof(text);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char *begin = digits_before(end, magnitude);

    if (value < 0)
        *--begin = '-';
    put_value(json, begin, (size_t)(end - begin));
}

static const uint64_t scales[] = {1,       10,       100,       1000,       10000,      100000,
                                  1000000, 10000000, 100000000, 1000000000, 10000000000};

/* `magnitude` / 10^`decimals`, without zeros at its end. */
static inline void put_decimal(struct json *json, bool negative, uint64_t magnitude, int decimals)
{
    uint64_t fraction = magnitude % scales[decimals];
    magnitude /= scales[decimals];
    decimals = fraction ? decimals : 0;
    for (; decimals > 0 && fraction % 10 == 0; decimals--)
        fraction /= 10;

    char text[2 * NUMBER_MAX];
    char *end = text + NUMBER_MAX;
    char *begin = end;
    if (decimals > 0) {
        begin = digits_before(end, fraction);
        while (end - begin < decimals)
            *--begin = '0';
        *--begin = '.';
    }
    begin = digits_before(begin, magnitude);
    if (negative)
        *--begin = '-';
    /* As much of it each time is copied without a call. */
    char *to = room_for_value(json, NUMBER_MAX);
    memcpy(to, begin, NUMBER_MAX);
    value_ends(json, to + (end - begin));
}

/*
 * By integers: some five times as fast as snprintf, and a data message holds hundreds of these.
 */
void json_fixed(struct json *json, double value, int decimals)
{
    const double scale = (double)scales[decimals];

    if (!(fabs(value * scale) < 9e18)) { /* NAN and infinities too */
        json_real(json, value);
        return;
    }
    /* Only the fraction is scaled: a time in ms times a thousand would lose its last bits, and
     * printf rounds what is in a recording's CSV exactly. */
    const double whole = trunc(value);
    const int64_t rounded =
        (int64_t)whole * (int64_t)scales[decimals] + llrint((value - whole) * scale);
    put_decimal(json, rounded < 0, rounded < 0 ? 0 - (uint64_t)rounded : (uint64_t)rounded,
                decimals);
}

/* What "%.7g" writes, by integers. False where that has an exponent, or where the last digit may be
 * rounded either way, for all that a product of doubles tells. */
static bool put_seven_digits(struct json *json, double value)
{
    const double magnitude = fabs(value);
    int decimals = 0;

    if (!(magnitude >= 1e-4 && magnitude < 9999999))
        return false;
    while (magnitude * (double)scales[decimals] < 1e6)
        decimals++;
    const double scaled = magnitude * (double)scales[decimals];
    if (fabs(scaled - trunc(scaled) - 0.5) < 1e-6)
        return false;
    put_decimal(json, value < 0, (uint64_t)llrint(scaled), decimals);
    return true;
}

void json_real(struct json *json, double value)
{
    char text[32];

    if (!isfinite(value)) {
        json_null(json);
        return;
    }
    if (put_seven_digits(json, value))
        return;
    separate(json);
    int len = snprintf(text, sizeof(text), "%.7g", value);
    append(json, text, (size_t)len);
}

void json_bool(struct json *json, bool value)
{
    put_value(json, value ? "true" : "false", value ? 4 : 5);
}

void json_null(struct json *json)
{
    put_value(json, "null", 4);
}

void json_raw(struct json *json, const char *text, size_t len)
{
    put_value(json, text, len);
}

void json_key(struct json *json, const char *key)
{
    const size_t len = strlen(key);
    char *end = room_for_value(json, len + 3);
    end[0] = '"';
    memcpy(end + 1, key, len + 1);
    memcpy(end + 1 + len, "\":", 3);
    value_ends(json, end + len + 3);
}

void json_put_string(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string(json, value);
}

void json_put_string_or_null(struct json *json, const char *key, const char *value)
{
    json_key(json, key);
    json_string_or_null(json, value);
}

void json_put_integer(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_integer(json, value);
}

void json_put_fixed(struct json *json, const char *key, double value, int decimals)
{
    json_key(json, key);
    json_fixed(json, value, decimals);
}

void json_put_real(struct json *json, const char *key, double value)
{
    json_key(json, key);
    json_real(json, value);
}

void json_put_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}
