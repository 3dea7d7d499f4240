/* The token: shown in a header or the address, compared whole, passed on by the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "token.h"

#define TOKEN "0123456789abcdef/+=&"

static bool shown(const char *target, const char *authorization)
{
    char head[1024];
    struct request_head request;

    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", target,
             authorization ? "Authorization: " : "", authorization ? authorization : "",
             authorization ? "\r\n" : "");
    assert_true(request_parse(head, strlen(head), &request));
    return token_is_shown(TOKEN, &request);
}

static void test_it_is_taken_from_header_and_address(void **state)
{
    (void)state;
    assert_true(shown("/", "Bearer " TOKEN));
    assert_true(shown("/", "bearer   " TOKEN));
    assert_true(shown("/ws?token=0123456789abcdef%2F%2b%3D%26", NULL));
    assert_true(shown("/ws?a=b&token=0123456789abcdef/+=%26&c=d", NULL));
    assert_true(shown("/?token=wrong", "Bearer " TOKEN));
}

static void test_nothing_else_will_do(void **state)
{
    static const char *const targets[] = {
        "/",
        "/?token=",
        "/?token",
        "/?tokens=0123456789abcdef/+=%26",
        "/?xtoken=0123456789abcdef/+=%26",
        "/?token=0123456789abcdef/+=",
        "/?token=0123456789abcdef/+=%26x",
        "/?token=0123456789ABCDEF/+=%26",
        "/?token=%00",
        "/?token=0123456789abcdef/+=%26%00",
        "/?token=0123456789abcdef/+=%",
        "/?token=0123456789abcdef/+=%2",
        "/" TOKEN,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (shown(targets[i], NULL))
            fail_msg("%s", targets[i]);
    }
    assert_false(shown("/", "Basic " TOKEN));
    assert_false(shown("/", TOKEN));
    assert_false(shown("/", "Bearer"));
    assert_false(shown("/", "Bearer " TOKEN "x"));
}

static void test_a_prefix_or_a_repetition_is_another_token(void **state)
{
    (void)state;
    assert_true(token_is("abc", "abc"));
    assert_false(token_is("abc", "ab"));
    assert_false(token_is("abc", "abcabc"));
    assert_false(token_is("abc", "abcd"));
    assert_false(token_is("abc", ""));
    assert_false(token_is("abc", "abC"));
}

static void test_the_page_links_to_its_files_with_it(void **state)
{
    static const char page[] = "<link href=\"page.css\"><script src=\"page.js\"></script>page.js";
    size_t len;
    char *text = token_into_page(TOKEN, (const unsigned char *)page, strlen(page), &len);

    (void)state;
    assert_string_equal(text, "<link href=\"page.css?token=0123456789abcdef%2F%2B%3D%26\">"
                              "<script src=\"page.js?token=0123456789abcdef%2F%2B%3D%26\">"
                              "</script>page.js");
    assert_int_equal(len, strlen(text));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_taken_from_header_and_address),
        cmocka_unit_test(test_nothing_else_will_do),
        cmocka_unit_test(test_a_prefix_or_a_repetition_is_another_token),
        cmocka_unit_test(test_the_page_links_to_its_files_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
