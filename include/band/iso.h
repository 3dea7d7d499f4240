/* UTC as ISO 8601 text, and back. Pure: days are counted here, no time zone of the host is asked.
 */
#ifndef BAND_ISO_H
#define BAND_ISO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "2026-11-24T09:00:00.000000Z" and the terminating zero. */
#define ISO_TEXT_SIZE 28

/*
 * Reads `YYYY-MM-DDTHH:MM:SS[.f…]` and a zone, `Z`, `±hh`, `±hhmm` or `±hh:mm`, all `len` bytes of
 * it, years 1970 to 9999, into µs since 1970; any number of decimals, behind a point or a comma, of
 * which six count. False, and *utc_us untouched, if it is no such instant.
 */
bool iso_parse(const char *text, size_t len, int64_t *utc_us);

/* Writes the instant with six decimals. It is cut to what iso_parse() reads. */
void iso_format(int64_t utc_us, char out[ISO_TEXT_SIZE]);
/* The same with three, cut, not rounded: none is from the future. */
void iso_format_ms(int64_t utc_us, char out[ISO_TEXT_SIZE]);

#endif
