#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "band/iso.h"

static bool parse(const char *text, int64_t *utc_us)
{
    return iso_parse(text, strlen(text), utc_us);
}

/* The seconds are from `date -u -d … +%s`. */
static void known_instants_are_read_and_written(void **state)
{
    static const struct {
        const char *text;
        int64_t utc_us;
    } cases[] = {
        {"1970-01-01T00:00:00.000000Z", 0},
        {"2000-01-01T00:00:00.000000Z", INT64_C(946684800000000)},
        {"2000-02-29T12:34:56.789012Z", INT64_C(951827696789012)},
        {"2000-03-01T00:00:00.000000Z", INT64_C(951868800000000)},
        {"2026-11-24T09:00:00.000001Z", INT64_C(1795510800000001)},
        {"2100-03-01T00:00:00.000000Z", INT64_C(4107542400000000)},
        {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999)},
    };
    char text[ISO_TEXT_SIZE];
    int64_t utc_us;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(parse(cases[i].text, &utc_us));
        assert_that(utc_us, ==, cases[i].utc_us);
        iso_format(cases[i].utc_us, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void every_day_of_eight_centuries_comes_back(void **state)
{
    char text[ISO_TEXT_SIZE], before[ISO_TEXT_SIZE] = "";
    int64_t utc_us;

    (void)state;
    for (int64_t day = 0; day < 800 * 366; day++) {
        iso_format(day * INT64_C(86400000000), text);
        assert_that(strcmp(text, before), >, 0);
        assert_true(parse(text, &utc_us));
        assert_that(utc_us, ==, day * INT64_C(86400000000));
        memcpy(before, text, sizeof(before));
    }
}

static void decimals_are_optional(void **state)
{
    int64_t utc_us;

    (void)state;
    assert_true(parse("1970-01-01T00:00:01Z", &utc_us));
    assert_int_equal(utc_us, 1000000);
    assert_true(parse("1970-01-01T00:00:01.5Z", &utc_us));
    assert_int_equal(utc_us, 1500000);
    assert_true(parse("1970-01-01T00:00:01.025Z", &utc_us));
    assert_int_equal(utc_us, 1025000);
    assert_true(parse("1970-01-01T00:00:01.123456789Z", &utc_us));
    assert_int_equal(utc_us, 1123456);
}

/* As Python, `date -Ins` and `date -Iseconds` write them. */
static void a_zone_s_clock_is_taken_back_to_utc(void **state)
{
    static const char *const same[] = {
        "2026-11-24T09:00:00.5+00:00",
        "2026-11-24T09:00:00.500000-00:00",
        "2026-11-24T10:00:00,500000000+01:00",
        "2026-11-24T03:30:00.5-0530",
        "2026-11-25T08:00:00.5+23",
    };
    int64_t utc_us;

    (void)state;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        assert_true(parse(same[i], &utc_us));
        assert_that(utc_us, ==, INT64_C(1795510800500000));
    }
}

static void what_is_no_instant_is_refused(void **state)
{
    static const char *const refused[] = {
        "",
        "2026",
        "2026-11-24",
        "2026-11-24T09:00:00",
        "2026-11-24T09:00:00z",
        "2026-11-24 09:00:00Z",
        "2026-11-24T09:00:00+0",
        "2026-11-24T09:00:00+00:0",
        "2026-11-24T09:00:00+24:00",
        "2026-11-24T09:00:00+00:60",
        "2026-11-24T09:00:00+00:00Z",
        "2026-11-24T09:00:00.+00:00",
        "1970-01-01T00:59:59+01:00",
        "9999-12-31T23:59:59-00:01",
        "2026-11-24T09:00:00.Z",
        "2026-11-24T09:00:00.12x4Z",
        "2026-11-24T09:00:00Zx",
        "1969-12-31T23:59:59Z",
        "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-11-24T24:00:00Z",
        "2026-11-24T09:60:00Z",
        "2026-11-24T09:00:60Z",
        "2026-1a-24T09:00:00Z",
    };
    int64_t utc_us = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        assert_false(parse(refused[i], &utc_us));
        assert_int_equal(utc_us, 42);
    }
}

static void what_cannot_be_written_is_cut(void **state)
{
    char text[ISO_TEXT_SIZE];

    (void)state;
    iso_format(INT64_MIN, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
    iso_format(INT64_MAX, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants_are_read_and_written),
        cmocka_unit_test(every_day_of_eight_centuries_comes_back),
        cmocka_unit_test(decimals_are_optional),
        cmocka_unit_test(a_zone_s_clock_is_taken_back_to_utc),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(what_cannot_be_written_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
