#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "app/options.h"

/* Splits the line at spaces and parses it. */
static bool parse(const char *line, struct options *options, struct failure *failure)
{
    static char text[1024];
    static char *argv[64];
    int argc = 0;

    argv[argc++] = (char[]){"linkbandd"};
    strncpy(text, line, sizeof(text) - 1);
    for (char *word = strtok(text, " "); word && argc < 63; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    options_finish(options);
    return options_parse(options, argc, argv, failure);
}

static void good_lines_are_understood(void **state)
{
    struct options options = {0};
    struct failure failure;

    (void)state;
    assert_true(parse("--backend sim --sim seed=1 --listen 127.0.0.1:1 --listen [::1]:1", &options,
                      &failure));
    assert_int_equal(options.action, ACTION_SERVE);
    assert_string_equal(options.sim, "seed=1");
    assert_int_equal(options.listen.count, 2);
    assert_int_equal(options_max_bands(&options), 1);
    assert_true(parse("--backend sim --max-bands 8 --auto-connect LXB-1 --auto-connect LXB-2",
                      &options, &failure));
    assert_int_equal(options_max_bands(&options), 8);
    assert_int_equal(options.auto_connect.count, 2);
    assert_string_equal(options.auto_connect.items[1], "LXB-2");
    assert_true(parse("--backend=replay --capture x --loop --log-level debug", &options, &failure));
    assert_true(options.loop);
    assert_int_equal(options.log_level, LOG_LEVEL_DEBUG);
    assert_true(parse("process x --start 2026-01-31T12:00:00Z", &options, &failure));
    assert_int_equal(options.action, ACTION_PROCESS);
    assert_string_equal(options.capture, "x");
    assert_true(parse("--version", &options, &failure));
    assert_int_equal(options.action, ACTION_VERSION);
    assert_true(parse("--help", &options, &failure));
    assert_int_equal(options.action, ACTION_HELP);
    assert_true(parse("-h", &options, &failure));
    assert_int_equal(options.action, ACTION_HELP);
    assert_true(parse("process --help", &options, &failure));
    assert_int_equal(options.action, ACTION_HELP);
}

/* What is wrong, and a word that the sentence must hold. */
static const struct {
    const char *line, *word;
} bad[] = {
    {"", "--backend"},
    {"--backend", "--backend wants a value"},
    {"--backend usb", "--backend can't be `usb`; it may be bluez|sim|replay"},
    {"--backend sim --log-level=", "--log-level can't be ``"},
    {"--backend sim --auto-connect=", "--auto-connect wants a value"},
    {"--backend sim --max-bands 9", "no number of bands from 1 to 8"},
    {"--backend sim --max-bands 0", "no number of bands from 1 to 8"},
    {"--backend sim --max-bands 2 --auto-connect LXB-1 --auto-connect LXB-2 --auto-connect LXB-3",
     "names 3 bands, but only 2"},
    {"--backend sim --auto-connect LXB-1 --auto-connect LXB-2", "names 2 bands, but only 1"},
    {"--config /nowhere", "/nowhere can't be read"},
    {"process x --listen 127.0.0.1:1", "--listen is for the daemon only"},
    {"process x --config x", "--config is for the daemon only"},
    {"--backend sim --bckend x", "--bckend"},
    {"--backend sim --log-level loud", "error|warning|info|debug"},
    {"--backend sim --capture x", "--backend replay only"},
    {"--backend sim --loop", "--backend replay only"},
    {"--backend sim --start 2026-01-01T00:00:00Z", "process only"},
    {"--backend replay", "--capture"},
    {"--backend replay --capture x --sim seed=1", "--backend sim only"},
    {"record x", "process CAPTURE"},
    {"process", "one capture"},
    {"process a b", "one capture"},
    {"--loop=5", "--loop=5"},
    {"--backend sim --adapter hci0", "--backend bluez only"},
    {"--backend bluez --notify socket", "start|acquire"},
    {"--backend bluez --sim seed=1", "--backend sim only"},
};

static void wrong_lines_are_refused_with_a_sentence_that_helps(void **state)
{
    struct options options = {0};
    struct failure failure;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse(bad[i].line, &options, &failure))
            fail_msg("accepted: %s", bad[i].line);
        if (!strstr(failure.message, bad[i].word))
            fail_msg("%s: %s", bad[i].line, failure.message);
    }
}

static void lists_are_bounded(void **state)
{
    struct options options = {0};
    struct failure failure;
    char line[1024] = "--backend sim";

    (void)state;
    for (int i = 0; i <= OPTIONS_LIST_MAX; i++)
        strcat(line, " --allow-host x");
    assert_false(parse(line, &options, &failure));
    assert_non_null(strstr(failure.message, "--allow-host"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_lines_are_understood),
        cmocka_unit_test(wrong_lines_are_refused_with_a_sentence_that_helps),
        cmocka_unit_test(lists_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
