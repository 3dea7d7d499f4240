/* JSON of others, held against RFC 8259 before cJSON sees it: cJSON takes more than that. */
#include <limits.h>
#include <string.h>

#include "base/digits.h"
#include "protocol/json.h"

struct json_scan {
    const char *at, *end;
    int depth;
    const char *fault;
};

static void value(struct json_scan *scan);

static int peek(const struct json_scan *scan)
{
    return scan->at < scan->end ? (unsigned char)*scan->at : -1;
}

static void fail(struct json_scan *scan, const char *fault)
{
    if (!scan->fault)
        scan->fault = fault;
    scan->at = scan->end;
}

static void space(struct json_scan *scan)
{
    while (scan->at < scan->end && *scan->at && strchr(" \t\n\r", *scan->at))
        scan->at++;
}

static void expect(struct json_scan *scan, char c, const char *fault)
{
    if (peek(scan) == c)
        scan->at++;
    else
        fail(scan, fault);
}

/* The four digits of \u; the code unit, or -1. */
static int unicode_escape(struct json_scan *scan)
{
    int unit = 0;

    for (int i = 0; i < 4; i++, scan->at++) {
        int digit = hex_digit(peek(scan));
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static void unicode(struct json_scan *scan)
{
    int unit = unicode_escape(scan);

    if (unit < 0)
        fail(scan, "\\u wants four hexadecimal digits");
    else if (unit == 0)
        fail(scan, "\\u0000 is not allowed in a string");
    else if (unit >= 0xdc00 && unit <= 0xdfff)
        fail(scan, "a low surrogate stands alone");
    else if (unit >= 0xd800 && unit <= 0xdbff) {
        if (scan->end - scan->at < 2 || scan->at[0] != '\\' || scan->at[1] != 'u') {
            fail(scan, "a high surrogate stands alone");
            return;
        }
        scan->at += 2;
        unit = unicode_escape(scan);
        if (unit < 0xdc00 || unit > 0xdfff)
            fail(scan, "a high surrogate stands alone");
    }
}

static void string(struct json_scan *scan)
{
    expect(scan, '"', "a string was expected");
    while (peek(scan) != '"') {
        int c = peek(scan);
        if (c < 0x20) {
            fail(scan, c < 0 ? "a string has no end" : "a control character stands in a string");
            return;
        }
        scan->at++;
        if (c != '\\')
            continue;
        c = peek(scan);
        scan->at++;
        if (c == 'u') {
            unicode(scan);
        } else if (c < 1 || !strchr("\"\\/bfnrt", c)) {
            fail(scan, "an unknown escape stands in a string");
            return;
        }
    }
    scan->at++;
}

static void digits(struct json_scan *scan)
{
    if (!is_digit(peek(scan))) {
        fail(scan, "a number wants a digit");
        return;
    }
    while (is_digit(peek(scan)))
        scan->at++;
}

static void number(struct json_scan *scan)
{
    if (peek(scan) == '-')
        scan->at++;
    if (peek(scan) == '0')
        scan->at++;
    else
        digits(scan);
    if (is_digit(peek(scan))) {
        fail(scan, "a number begins with 0");
        return;
    }
    if (peek(scan) == '.') {
        scan->at++;
        digits(scan);
    }
    if ((peek(scan) | 0x20) == 'e') {
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        digits(scan);
    }
}

static void literal(struct json_scan *scan, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(scan->end - scan->at) >= len && memcmp(scan->at, word, len) == 0)
        scan->at += len;
    else
        fail(scan, "it is no JSON value");
}

static void member(struct json_scan *scan)
{
    space(scan);
    string(scan);
    space(scan);
    expect(scan, ':', "a colon was expected after a key");
    value(scan);
}

/* An object or an array: `item`s between commas, up to the closing character. */
static void items(struct json_scan *scan, char close, void (*item)(struct json_scan *scan))
{
    scan->at++;
    if (--scan->depth < 0) {
        fail(scan, "it is nested too deep");
        return;
    }
    space(scan);
    if (peek(scan) == close) {
        scan->at++;
    } else {
        item(scan);
        while (peek(scan) == ',') {
            scan->at++;
            item(scan);
        }
        expect(scan, close, "a comma or the end of an object or array was expected");
    }
    scan->depth++;
}

/* Recursion is bounded by `depth`. */
static void value(struct json_scan *scan)
{
    space(scan);
    int c = peek(scan);
    if (c == '{')
        items(scan, '}', member);
    else if (c == '[')
        items(scan, ']', value);
    else if (c == '"')
        string(scan);
    else if (c == '-' || is_digit(c))
        number(scan);
    else
        literal(scan, c == 't' ? "true" : c == 'f' ? "false" : "null");
    space(scan);
}

const char *json_check(const char *text, size_t len, int depth)
{
    struct json_scan scan = {text, text + len, depth, NULL};

    value(&scan);
    if (!scan.fault && scan.at != scan.end)
        return "something follows the JSON value";
    return scan.fault;
}

/* Takes the member at the scan, tells where its value stands, and whether it is that of the name.
 */
static bool is_member(struct json_scan *scan, const char *name, const char **begin, size_t *len)
{
    space(scan);
    const char *key = scan->at;
    string(scan);
    const size_t key_len = (size_t)(scan->at - key);
    space(scan);
    scan->at++; /* the colon */
    space(scan);
    *begin = scan->at;
    value(scan);
    const char *end = scan->at;
    while (end > *begin && strchr(" \t\n\r", end[-1]))
        end--;
    *len = (size_t)(end - *begin);
    return key_len == strlen(name) + 2 && memcmp(key + 1, name, key_len - 2) == 0;
}

bool json_member(const char *text, size_t len, const char *name, const char **value_begin,
                 size_t *value_len)
{
    struct json_scan scan = {text, text + len, INT_MAX, NULL};

    space(&scan);
    if (peek(&scan) != '{')
        return false;
    do {
        scan.at++; /* the brace, or a comma */
        space(&scan);
        if (peek(&scan) == '}')
            return false;
        if (is_member(&scan, name, value_begin, value_len))
            return true;
    } while (peek(&scan) == ',');
    return false;
}
