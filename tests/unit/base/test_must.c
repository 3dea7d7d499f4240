/* What must hold: told once a place in a release, the end of a test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../assert_that.h"
#include "base/must.h"

/* What a child that breaks it so often writes to its log, and how it ends. */
static int broken(int times, bool aborts, char *log, size_t size)
{
    int ends[2], status;
    ssize_t got;
    size_t len = 0;

    assert_that(pipe(ends), ==, 0);
    const pid_t child = fork();
    assert_that(child, >=, 0);
    if (child == 0) {
        bool told = false;
        dup2(ends[1], STDERR_FILENO);
        for (int i = 0; i < times; i++)
            must_fail(&told, aborts, "here", "one < two");
        _exit(0);
    }
    close(ends[1]);
    while ((got = read(ends[0], log + len, size - 1 - len)) > 0)
        len += (size_t)got;
    log[len] = '\0';
    close(ends[0]);
    assert_that(waitpid(child, &status, 0), ==, child);
    return status;
}

static void test_a_release_tells_a_place_once_and_goes_on(void **state)
{
    char log[4096];

    (void)state;
    const int status = broken(3, false, log, sizeof(log));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    const char *first = strstr(log, "in here() `one < two` must hold");
    assert_non_null(first);
    assert_null(strstr(first + 1, "in here()"));
}

static void test_a_test_ends_there(void **state)
{
    char log[4096];

    (void)state;
    const int status = broken(3, true, log, sizeof(log));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(log, "in here() `one < two` must hold"));
}

static void test_what_holds_says_nothing_and_is_asked_once(void **state)
{
    int asked = 0;

    (void)state;
    must(++asked == 1);
    assert_that(asked, ==, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_release_tells_a_place_once_and_goes_on),
        cmocka_unit_test(test_a_test_ends_there),
        cmocka_unit_test(test_what_holds_says_nothing_and_is_asked_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
