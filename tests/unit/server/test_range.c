#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "range.h"

static void one_part_is_found(void **state)
{
    static const struct {
        const char *header;
        size_t first, len;
    } cases[] = {
        {"bytes=0-0", 0, 1},     {"bytes=10-19", 10, 10},
        {"bytes=90-", 90, 10},   {"bytes=-10", 90, 10},
        {"bytes=-1000", 0, 100}, {"bytes=0-1000", 0, 100},
        {"Bytes=99-99", 99, 1},  {"bytes=0-99999999999999999999999", 0, 100},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t first = 1000, len = 1000;
        if (range_parse(cases[i].header, 100, &first, &len) != RANGE_PART ||
            first != cases[i].first || len != cases[i].len)
            fail_msg("%s: %zu, %zu", cases[i].header, first, len);
    }
}

static void what_else_may_be_asked_gets_the_whole(void **state)
{
    static const char *const others[] = {
        NULL,        "",           "bytes",      "bytes=",     "bytes=-",       "bytes=5",
        "bytes=a-b", "bytes=9-5",  "lines=1-2",  "bytes= 1-2", "bytes=1-2,4-5", "bytes=1-2 ",
        "bytes=--5", "bytes=+1-2", "bytes=1--2",
    };
    size_t first, len;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (range_parse(others[i], 100, &first, &len) != RANGE_NONE)
            fail_msg("taken: %s", others[i]);
    }
}

static void behind_the_end_is_nothing(void **state)
{
    size_t first, len;

    (void)state;
    assert_int_equal(range_parse("bytes=100-", 100, &first, &len), RANGE_BEYOND);
    assert_int_equal(range_parse("bytes=200-300", 100, &first, &len), RANGE_BEYOND);
    assert_int_equal(range_parse("bytes=-0", 100, &first, &len), RANGE_BEYOND);
    assert_int_equal(range_parse("bytes=0-", 0, &first, &len), RANGE_BEYOND);
    assert_int_equal(range_parse("bytes=99999999999999999999999-", 100, &first, &len),
                     RANGE_BEYOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_part_is_found),
        cmocka_unit_test(what_else_may_be_asked_gets_the_whole),
        cmocka_unit_test(behind_the_end_is_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
