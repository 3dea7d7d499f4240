#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "record/session.h"

#define NOON INT64_C(1795478400000000) /* 2026-11-24T00:00:00Z */

static void whatever_the_name_the_folder_is_safe(void **state)
{
    static char longest[10001];
    static const struct {
        const char *name, *id;
    } cases[] = {
        {NULL, "20261124T000000Z_session"},
        {"", "20261124T000000Z_session"},
        {"rest eyes-closed 2", "20261124T000000Z_rest_eyes-closed_2"},
        {"../../etc/passwd", "20261124T000000Z_etc_passwd"},
        {"..", "20261124T000000Z_session"},
        {"/", "20261124T000000Z_session"},
        {"-rf", "20261124T000000Z_rf"},
        {"\xE5\x90\x8D\xE5\x89\x8D", "20261124T000000Z_session"},
        {"a\nb\x7F\xFF", "20261124T000000Z_a_b"},
        {longest, "20261124T000000Z_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
    };

    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char id[SESSION_ID_SIZE];

        session_make_id(NOON, cases[i].name, id);
        assert_string_equal(id, cases[i].id);
        assert_true(session_id_is_valid(id));
    }
}

static void what_is_no_id_opens_nothing(void **state)
{
    static const char *const names[] = {
        "",
        ".",
        "..",
        "20261124T000000Z_",
        "20261124T000000Z",
        "20261124T000000Z_a/b",
        "20261124T000000Z_..",
        "../20261124T000000Z_a",
        "2026112AT000000Z_a",
        "20261124T000000Z_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        uint64_t size;

        assert_false(session_id_is_valid(names[i]));
        assert_int_equal(session_open("/", names[i]), -1);
        assert_int_equal(session_open_file("/", names[i], "", "session.json", &size), -1);
    }
}

static void a_text_is_cut_at_the_end_of_a_character(void **state)
{
    char out[6];

    (void)state;
    session_copy_text(out, sizeof(out), "abcd\xC3\xBC");
    assert_string_equal(out, "abcd");
    session_copy_text(out, sizeof(out), "abc\xC3\xBC");
    assert_string_equal(out, "abc\xC3\xBC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_name_the_folder_is_safe),
        cmocka_unit_test(what_is_no_id_opens_nothing),
        cmocka_unit_test(a_text_is_cut_at_the_end_of_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
