/* Times as ISO 8601 strings in messages. */
#include <math.h>

#include "band/iso.h"
#include "protocol/json.h"

void json_put_iso(struct json *json, const char *key, double utc_ms)
{
    char text[ISO_TEXT_SIZE];

    if (!isfinite(utc_ms) || utc_ms < 0) {
        json_key(json, key);
        json_null(json);
        return;
    }
    iso_format_ms((int64_t)floor(utc_ms) * 1000, text);
    json_put_string(json, key, text);
}
