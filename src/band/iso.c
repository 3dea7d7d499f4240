#include "band/iso.h"

#include <string.h>

#include "base/digits.h"

#define SECOND_US     INT64_C(1000000)
#define SECONDS_A_DAY 86400
#define DAYS_MAX      2932896 /* 9999-12-31 */
#define LAST_US       ((DAYS_MAX + INT64_C(1)) * SECONDS_A_DAY * SECOND_US - 1)

struct civil {
    int year, month, day;
};

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": the year begins in March, so that
 * the leap day is its last; an era is the 400 years after which the calendar repeats. Only years
 * from 1970 on come here, so nothing is negative. */
static int64_t days_from_civil(struct civil date)
{
    const int year = date.month <= 2 ? date.year - 1 : date.year;
    const int era = year / 400;
    const int year_of_era = year - era * 400;
    const int month_from_march = (date.month + 9) % 12;
    const int day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int64_t)era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_days(int64_t days)
{
    const int shifted = (int)days + 719468;
    const int era = shifted / 146097;
    const int day_of_era = shifted - era * 146097;
    const int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int month_from_march = (5 * day_of_year + 2) / 153;
    const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    return (struct civil){
        .year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

/* `0` in the pattern stands for a digit. */
static bool matches(const char *text, const char *pattern, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (pattern[i] == '0' ? !is_digit(text[i]) : text[i] != pattern[i])
            return false;
    }
    return true;
}

static int read_number(const char *text, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++)
        value = value * 10 + (text[i] - '0');
    return value;
}

/* The decimals at *at, if there are any, as µs; what is finer is cut. -1: a point without digits.
 */
static int64_t read_fraction(const char **at, const char *end)
{
    int64_t value = 0, unit = SECOND_US / 10;

    if (*at == end || (**at != '.' && **at != ','))
        return 0;
    const char *first = ++*at;
    for (; *at < end && is_digit(**at); ++*at, unit /= 10)
        value += (**at - '0') * unit;
    return *at > first ? value : -1;
}

/* The zone that the text ends with, as what its clocks are ahead of UTC: Z, ±hh, ±hhmm, ±hh:mm. */
static bool read_offset(const char *at, size_t len, int64_t *ahead_us)
{
    static const char *const patterns[] = {"00", "0000", "00:00"};

    *ahead_us = 0;
    if (len == 1 && *at == 'Z')
        return true;
    if (len < 3 || (*at != '+' && *at != '-'))
        return false;
    const char *digits = at + 1;
    size_t which = 0;
    while (which < 3 &&
           (strlen(patterns[which]) != len - 1 || !matches(digits, patterns[which], len - 1)))
        which++;
    if (which == 3)
        return false;
    const int hours = read_number(digits, 2);
    const int minutes = which == 0 ? 0 : read_number(digits + len - 3, 2);
    *ahead_us = (hours * 60 + minutes) * 60 * SECOND_US * (*at == '-' ? -1 : 1);
    return hours <= 23 && minutes <= 59;
}

bool iso_parse(const char *text, size_t len, int64_t *utc_us)
{
    static const char pattern[] = "0000-00-00T00:00:00";
    const size_t whole = sizeof(pattern) - 1;

    if (len <= whole || !matches(text, pattern, whole))
        return false;
    const struct civil date = {read_number(text, 4), read_number(text + 5, 2),
                               read_number(text + 8, 2)};
    const int hour = read_number(text + 11, 2), minute = read_number(text + 14, 2),
              second = read_number(text + 17, 2);
    const char *at = text + whole;
    const int64_t fraction = read_fraction(&at, text + len);
    int64_t ahead_us;

    if (!read_offset(at, (size_t)(text + len - at), &ahead_us) || date.year < 1970 ||
        date.month < 1 || date.month > 12 || date.day < 1 || hour > 23 || minute > 59 ||
        second > 59 || fraction < 0)
        return false;
    const int64_t days = days_from_civil(date);
    if (civil_from_days(days).day != date.day) /* the 31st of April */
        return false;
    const int64_t us = (days * SECONDS_A_DAY + hour * 3600 + minute * 60 + second) * SECOND_US +
                       fraction - ahead_us;
    if (us < 0 || us > LAST_US)
        return false;
    *utc_us = us;
    return true;
}

static void write_number(char *out, int digits, int64_t value)
{
    for (int i = digits - 1; i >= 0; i--, value /= 10)
        out[i] = (char)('0' + value % 10);
}

void iso_format(int64_t utc_us, char out[ISO_TEXT_SIZE])
{
    const int64_t us = utc_us < 0 ? 0 : utc_us > LAST_US ? LAST_US : utc_us;
    const int64_t seconds = us / SECOND_US;
    const int64_t of_day = seconds % SECONDS_A_DAY;
    const struct civil date = civil_from_days(seconds / SECONDS_A_DAY);

    memcpy(out, "0000-00-00T00:00:00.000000Z", ISO_TEXT_SIZE);
    write_number(out, 4, date.year);
    write_number(out + 5, 2, date.month);
    write_number(out + 8, 2, date.day);
    write_number(out + 11, 2, of_day / 3600);
    write_number(out + 14, 2, of_day / 60 % 60);
    write_number(out + 17, 2, of_day % 60);
    write_number(out + 20, 6, us % SECOND_US);
}

void iso_format_ms(int64_t utc_us, char out[ISO_TEXT_SIZE])
{
    iso_format(utc_us, out);
    memcpy(out + strlen("2026-11-24T09:00:00.000"), "Z", sizeof("Z"));
}
