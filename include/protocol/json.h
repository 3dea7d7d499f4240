/*
 * A writer of JSON text, straight into one growing buffer that is used again for each message: a
 * data message costs no allocation once the buffer has grown. Its output is always valid: what
 * isn't finite becomes null, what isn't UTF-8 becomes U+FFFD.
 */
#ifndef PROTOCOL_JSON_H
#define PROTOCOL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `text` is zero-terminated and valid until the next call; owned by the writer. */
struct json {
    char *text;
    size_t len, size;
};

void json_init(struct json *json);
void json_finish(struct json *json);

/* Empties the writer, keeping its buffer. */
void json_clear(struct json *json);

/* Takes back what was written since its length was `len`. */
void json_cut(struct json *json, size_t len);

/* Values; a comma is put before them where one is needed. */
void json_begin_object(struct json *json);
void json_end_object(struct json *json);
void json_begin_array(struct json *json);
void json_end_array(struct json *json);
void json_string(struct json *json, const char *value);
void json_string_or_null(struct json *json, const char *value); /* "" and NULL are null */
void json_integer(struct json *json, int64_t value);
void json_fixed(struct json *json, double value, int decimals); /* at most 6; no trailing zeros */
void json_real(struct json *json, double value);                /* seven significant digits */
void json_bool(struct json *json, bool value);
void json_null(struct json *json);
void json_raw(struct json *json, const char *text, size_t len); /* one value, already JSON */

/* The key of the member that is written next; a literal, not escaped. */
void json_key(struct json *json, const char *key);

/* Key and value in one. */
void json_put_string(struct json *json, const char *key, const char *value);
void json_put_string_or_null(struct json *json, const char *key, const char *value);
void json_put_integer(struct json *json, const char *key, int64_t value);
void json_put_fixed(struct json *json, const char *key, double value, int decimals);
void json_put_real(struct json *json, const char *key, double value);
void json_put_bool(struct json *json, const char *key, bool value);

/* ISO 8601, UTC, milliseconds, `Z`. */
void json_put_iso(struct json *json, const char *key, double utc_ms);

/*
 * Whether the text is exactly one JSON value after RFC 8259, nested no deeper than `depth`, without
 * the escape \u0000. Returns NULL, or a sentence that says what is wrong. (cJSON accepts more than
 * JSON: leading zeros, raw control characters, what follows the value; and cuts strings at \u0000.)
 */
const char *json_check(const char *text, size_t len, int depth);

/*
 * The value of the object's member `name` as it stands in the text, which json_check() passed: the
 * first of them. False where the text is no object or no key is spelled just so.
 */
bool json_member(const char *text, size_t len, const char *name, const char **value,
                 size_t *value_len);

#endif
