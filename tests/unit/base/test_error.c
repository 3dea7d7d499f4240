#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "base/error.h"
#include "base/log.h"

static void every_code_has_a_name(void **state)
{
    (void)state;
    for (int code = ERROR_DEVICE_NOT_FOUND; code <= ERROR_INTERNAL; code++) {
        assert_non_null(error_code_name(code));
        assert_that(strlen(error_code_name(code)), >, 3);
    }
    assert_string_equal(error_code_name(ERROR_NONE), "");
}

static void a_failure_is_cut_not_overrun(void **state)
{
    struct failure failure;
    char longer[2 * sizeof(failure.message)];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_ptr_equal(failure_set(&failure, ERROR_BUSY, "%s", longer), &failure);
    assert_int_equal(failure.code, ERROR_BUSY);
    assert_int_equal(strlen(failure.message), sizeof(failure.message) - 1);
}

static void log_levels_are_known_by_name(void **state)
{
    enum log_level level = LOG_LEVEL_ERROR;

    (void)state;
    assert_true(log_level_from_name("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_from_name("loud", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_has_a_name),
        cmocka_unit_test(a_failure_is_cut_not_overrun),
        cmocka_unit_test(log_levels_are_known_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
