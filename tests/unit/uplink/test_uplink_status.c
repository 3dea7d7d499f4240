#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "status.h"

/* As it stands after these lines. */
static const char *after(struct status *status, const char *lines)
{
    static char text[STATUS_TEXT_SIZE];
    struct batch batch = {0};

    buffer_add(&batch.text, lines, strlen(lines));
    status_take(status, &batch);
    buffer_finish(&batch.text);
    status_write(status, "LXB-1", text);
    return text + strlen("{\"device_id\":\"LXB-1\",");
}

static void what_no_line_told_is_null(void **state)
{
    struct status status = {0};

    (void)state;
    assert_string_equal(after(&status, "# linkband capture v2\n#! record 1\n#! event {\"a\":1}\n"),
                        "\"link\":null,\"battery\":null,\"contact\":null,\"bpm\":null");
}

static void the_last_line_counts_and_a_link_that_ends_takes_the_level_with_it(void **state)
{
    struct status status = {0};

    (void)state;
    assert_string_equal(after(&status, "#! link up 0.000000 -1 2\n0.100000 bat 58\n0.2 bat 57\n"),
                        "\"link\":\"connected\",\"battery\":57,\"contact\":null,\"bpm\":null");
    assert_string_equal(after(&status, "0.300000 bat 101\n0.4 bat x\n#! link sideways\n"),
                        "\"link\":\"connected\",\"battery\":57,\"contact\":null,\"bpm\":null");
    assert_string_equal(after(&status, "0.500000 eeg 00\n#! link down 0.600000\n#! end\n"),
                        "\"link\":\"disconnected\",\"battery\":null,\"contact\":null,\"bpm\":null");
    assert_string_equal(after(&status, "0.700000 eeg 00\n"),
                        "\"link\":\"connected\",\"battery\":null,\"contact\":null,\"bpm\":null");
}

static void what_was_computed_holds_for_as_long_as_it_is_told_again(void **state)
{
    struct status status = {0};

    (void)state;
    after(&status, "0.100000 eeg 00\n");
    status_hear(&status, &(struct vitals){true, true, true, 61.26});
    for (int i = 1; i < STATUS_HOLDS; i++)
        assert_string_equal(
            after(&status, "0.200000 eeg 00\n"),
            "\"link\":\"connected\",\"battery\":null,\"contact\":true,\"bpm\":61.3");
    status_hear(&status, &(struct vitals){true, false, true, NAN});
    assert_string_equal(after(&status, "0.300000 eeg 00\n"),
                        "\"link\":\"connected\",\"battery\":null,\"contact\":false,\"bpm\":null");
    status_hear(&status, &(struct vitals){.has_bpm = true, .bpm = 60});
    assert_string_equal(after(&status, "#! link down 0.400000\n"),
                        "\"link\":\"disconnected\",\"battery\":null,\"contact\":null,\"bpm\":null");
    status_hear(&status, &(struct vitals){true, true, true, 60});
    assert_string_equal(after(&status, "0.500000 eeg 00\n"),
                        "\"link\":\"connected\",\"battery\":null,\"contact\":null,\"bpm\":null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_line_told_is_null),
        cmocka_unit_test(what_was_computed_holds_for_as_long_as_it_is_told_again),
        cmocka_unit_test(the_last_line_counts_and_a_link_that_ends_takes_the_level_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
