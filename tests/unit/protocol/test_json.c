#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../assert_that.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json.h"

static void members_and_items_are_separated_by_commas(void **state)
{
    struct json json;

    (void)state;
    json_init(&json);
    json_begin_object(&json);
    json_put_string(&json, "a", "x\"\\\n\xff");
    json_key(&json, "b");
    json_begin_array(&json);
    json_integer(&json, INT64_MIN);
    json_bool(&json, true);
    json_begin_object(&json);
    json_end_object(&json);
    json_null(&json);
    json_end_array(&json);
    json_put_iso(&json, "t", 1769860800250.9);
    json_end_object(&json);
    assert_string_equal(json.text, "{\"a\":\"x\\\"\\\\\\u000a\xef\xbf\xbd\","
                                   "\"b\":[-9223372036854775808,true,{},null],"
                                   "\"t\":\"2026-01-31T12:00:00.250Z\"}");
    assert_null(json_check(json.text, json.len, 3));
    json_finish(&json);
}

static void what_is_not_finite_is_null(void **state)
{
    struct json json;

    (void)state;
    json_init(&json);
    json_begin_array(&json);
    json_fixed(&json, (double)NAN, 3);
    json_fixed(&json, -(double)INFINITY, 3);
    json_real(&json, (double)NAN);
    json_end_array(&json);
    assert_string_equal(json.text, "[null,null,null]");
    json_finish(&json);
}

/* json_fixed has its own digits: held here against printf and strtod over many magnitudes. */
static void fixed_numbers_read_back_within_half_a_unit(void **state)
{
    struct json json;
    uint64_t random = 1;
    double worst = 0;

    (void)state;
    json_init(&json);
    for (int i = 0; i < 100000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        double value = ((double)(random >> 11) / 9007199254740992.0 - 0.5) * pow(10, i % 13);
        json_clear(&json);
        json_fixed(&json, value, 3);
        double error = fabs(strtod(json.text, NULL) - value);
        assert_that(error, <=, 0.0005 + fabs(value) * 1e-15);
        assert_null(json_check(json.text, json.len, 1));
        worst = fmax(worst, error);
    }
    printf("json_fixed, 3 decimals: worst error %.6f\n", worst);
    json_clear(&json);
    json_fixed(&json, 1769860800000.125, 3);
    assert_string_equal(json.text, "1769860800000.125");
    json_clear(&json);
    json_fixed(&json, -0.05, 3);
    assert_string_equal(json.text, "-0.05");
    json_clear(&json);
    json_fixed(&json, 100, 3);
    assert_string_equal(json.text, "100");
    json_finish(&json);
}

static void real_numbers_are_what_printf_writes_of_seven_digits(void **state)
{
    static const double close[] = {0.12345675, 1234567.5, 9999999.5,    9999998.5,
                                   99999.995,  1e-4,      9.9999995e-5, 0.1,
                                   0.99999995, 1e7,       -0.0,         123.45675};
    struct json json;
    char text[32];
    uint64_t random = 1;

    (void)state;
    json_init(&json);
    for (size_t i = 0; i < 200000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        double value =
            ((double)(random >> 11) / 9007199254740992.0 - 0.5) * pow(10, (double)(i % 16) - 6);
        if (i % 4 == 0) /* of few digits, and halves of the last: half of them may go either way */
            value = nearbyint(value * 2e7) / 2e7;
        if (i < sizeof(close) / sizeof(*close))
            value = close[i];
        snprintf(text, sizeof(text), "%.7g", value);
        json_clear(&json);
        json_real(&json, value);
        assert_string_equal(json.text, text);
    }
    json_finish(&json);
}

static void only_json_passes_the_check(void **state)
{
    static const char *const good[] = {"{}", " [1, -0.5e+3, \"\\u00e9\\ud83d\\ude00\", null] ", "0",
                                       "\"\"", "{\"a\":{\"b\":[[]]}}"};
    static const char *const bad[] = {
        "",      "{",           "[1,]",        "{\"a\"}",     "{\"a\":1,}",
        "01",    "1.",          "1e",          "+1",          ".5",
        "nul",   "\"\\x\"",     "\"\n\"",      "\"abc",       "{} {}",
        "[1 2]", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\u12\"",
        "{1:2}", "'a'",         "NaN",         "[1}",         "\"\\ud800\\u0041\"",
        "\"\\",  "-",           "tru",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_null(json_check(good[i], strlen(good[i]), 8));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (!json_check(bad[i], strlen(bad[i]), 8))
            fail_msg("%s passed", bad[i]);
    }
}

static void depth_is_bounded(void **state)
{
    char text[200];

    (void)state;
    memset(text, '[', 100);
    memset(text + 100, ']', 100);
    assert_non_null(json_check(text, 200, 99));
    assert_null(json_check(text, 200, 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_items_are_separated_by_commas),
        cmocka_unit_test(what_is_not_finite_is_null),
        cmocka_unit_test(fixed_numbers_read_back_within_half_a_unit),
        cmocka_unit_test(real_numbers_are_what_printf_writes_of_seven_digits),
        cmocka_unit_test(only_json_passes_the_check),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
