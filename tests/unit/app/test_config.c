#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/options.h"

static char path[] = "/tmp/linkbandd-test-config-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* A file of this text, read by a command line with `more` behind --config. */
static bool read_file(const char *text, const char *more, struct options *options,
                      struct failure *failure)
{
    char *argv[] = {(char[]){"linkbandd"}, (char[]){"--config"}, path, (char *)more, NULL};
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return options_parse(options, more ? 4 : 3, argv, failure);
}

static void a_file_sets_what_the_command_line_can(void **state)
{
    struct options options;
    struct failure failure;

    (void)state;
    assert_true(read_file("# a comment\n"
                          "; another\n"
                          "\n"
                          "backend = replay\n"
                          "  capture=/srv/a b.txt  \n"
                          "\tloop = yes\n"
                          "listen = 127.0.0.1:1\n"
                          "listen = [::1]:1\n"
                          "log-level = debug",
                          NULL, &options, &failure));
    assert_int_equal(options.action, ACTION_SERVE);
    assert_string_equal(options.backend, "replay");
    assert_string_equal(options.captures.items[0], "/srv/a b.txt");
    assert_true(options.loop);
    assert_int_equal(options.listen.count, 2);
    assert_string_equal(options.listen.items[1], "[::1]:1");
    assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
    options_finish(&options);
}

static void the_command_line_wins(void **state)
{
    static const char text[] =
        "backend = sim\nlog-level = error\nlisten = 127.0.0.1:1\nlisten = 127.0.0.2:1\n";
    struct options options;
    struct failure failure;

    (void)state;
    assert_true(read_file(text, "--log-level=debug", &options, &failure));
    assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(options.listen.count, 2);
    options_finish(&options);
    assert_true(read_file(text, "--listen=127.0.0.3:1", &options, &failure));
    assert_int_equal(options.listen.count, 1);
    assert_string_equal(options.listen.items[0], "127.0.0.3:1");
    assert_int_equal(options.log_level, LOG_LEVEL_ERROR);
    options_finish(&options);
}

/* What is wrong, the line that is, and words that the sentence must hold. */
static const struct {
    const char *text;
    int line;
    const char *words;
} bad[] = {
    {"backend = sim\nadaptor = hci0\n", 2, "adaptor is no option"},
    {"backend = usb\n", 1, "backend can't be `usb`; it may be bluez|sim|replay"},
    {"\n\nbackend = sim\nbackend = sim\n", 4, "backend is given twice"},
    {"backend = sim\nloop = maybe\n", 2, "yes or no"},
    {"backend = sim\nadapter =\n", 2, "adapter wants a value"},
    {"start = 2026-01-01T00:00:00Z\n", 1, "start is for the command line only"},
    {"config = /etc/x\n", 1, "config is for the command line only"},
    {"backend = sim\nwhat is this\n", 2, "key = value"},
    {"[linkbandd]\nbackend = sim\n", 2, "no [sections]"},
    {"backend = sim\nadaptor = hci0\nbackend = x\n", 2, "adaptor"},
};

static void a_wrong_file_is_refused_by_line_and_key(void **state)
{
    struct options options;
    struct failure failure;
    char where[80];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_file(bad[i].text, NULL, &options, &failure))
            fail_msg("accepted: %s", bad[i].text);
        snprintf(where, sizeof(where), "%s:%d: ", path, bad[i].line);
        if (strncmp(failure.message, where, strlen(where)) != 0 ||
            !strstr(failure.message, bad[i].words))
            fail_msg("%s: %s", bad[i].text, failure.message);
        options_finish(&options);
    }
}

static void a_line_that_would_be_cut_is_refused(void **state)
{
    struct options options;
    struct failure failure;
    char text[400] = "backend = sim\nsim = ";

    (void)state;
    memset(text + strlen(text), 'x', 300);
    assert_false(read_file(text, NULL, &options, &failure));
    assert_non_null(strstr(failure.message, ":2: this line is too long"));
    options_finish(&options);
}

static void what_does_not_fit_together_is_refused(void **state)
{
    struct options options;
    struct failure failure;

    (void)state;
    assert_false(read_file("backend = sim\nloop = yes\n", NULL, &options, &failure));
    assert_non_null(strstr(failure.message, "replay only"));
    options_finish(&options);
}

static void changes_that_need_a_restart_are_named(void **state)
{
    struct options old, new;
    struct failure failure;
    char text[200];

    (void)state;
    assert_true(read_file("backend = sim\nlisten = 127.0.0.1:1\nallow-host = a\nsim = seed=1\n",
                          NULL, &old, &failure));
    assert_true(
        read_file("backend = sim\nlisten = 127.0.0.1:1\nlisten = 127.0.0.2:1\nlog-level = debug\n",
                  NULL, &new, &failure));
    options_fixed_changes(&old, &new, text, sizeof(text));
    assert_string_equal(text, "sim, listen");
    options_fixed_changes(&old, &old, text, sizeof(text));
    assert_string_equal(text, "");
    options_finish(&old);
    options_finish(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_sets_what_the_command_line_can),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(a_wrong_file_is_refused_by_line_and_key),
        cmocka_unit_test(a_line_that_would_be_cut_is_refused),
        cmocka_unit_test(what_does_not_fit_together_is_refused),
        cmocka_unit_test(changes_that_need_a_restart_are_named),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
