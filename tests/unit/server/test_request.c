#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "request.h"

static char head[1024];
static struct request_head request;

static bool parse(const char *text)
{
    snprintf(head, sizeof(head), "%s", text);
    return request_parse(head, strlen(head), &request);
}

static void a_request_is_taken_apart(void **state)
{
    (void)state;
    assert_true(
        parse("GET /ws?a=1&token=x%20y HTTP/1.1\r\nHOST:  localhost:8121 \r\nOrigin: null\r\n"
              "Connection: keep-alive, Upgrade\r\nX-Other: a: b\r\n\r\n"));
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.path, "/ws");
    assert_string_equal(request.query, "a=1&token=x%20y");
    assert_string_equal(request.host, "localhost:8121");
    assert_string_equal(request.origin, "null");
    assert_null(request.key);
    assert_false(request.http_1_0);
}

static void an_absolute_target_says_the_host_itself(void **state)
{
    static const struct {
        const char *target, *host, *path, *query;
    } targets[] = {
        {"http://localhost:8121/health", "localhost:8121", "/health", ""},
        {"HTTP://[::1]:8121/a/b?c=d", "[::1]:8121", "/a/b", "c=d"},
        {"http://localhost", "localhost", "/", ""},
        {"http://localhost?token=x", "localhost", "/", "token=x"},
        {"http:///", "", "/", ""},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: evil.com\r\n\r\n",
                 targets[i].target);
        assert_true(parse(text));
        assert_string_equal(request.host, targets[i].host);
        assert_string_equal(request.path, targets[i].path);
        assert_string_equal(request.query, targets[i].query);
    }
}

static void the_head_ends_at_the_empty_line(void **state)
{
    (void)state;
    assert_int_equal(request_head_length("GET / HTTP/1.1\r\n", 16), 0);
    assert_int_equal(request_head_length("GET / HTTP/1.1\r\n\r\nrest", 22), 18);
}

static void what_is_malformed_is_refused(void **state)
{
    static const char *const bad[] = {
        "\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ?a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/2\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nOrigin: a\r\norigin: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\x01\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\nOrigin: b\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\nHost: a\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (parse(bad[i]))
            fail_msg("taken: %s", bad[i]);
    }
    char zero[] = "GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n";
    assert_false(request_parse(zero, sizeof(zero) - 1, &request));
}

static void tokens_are_found_whole(void **state)
{
    (void)state;
    assert_true(request_has_token("keep-alive, UPGRADE", "upgrade"));
    assert_true(request_has_token("upgrade", "upgrade"));
    assert_false(request_has_token("upgrades", "upgrade"));
    assert_false(request_has_token("up grade", "upgrade"));
    assert_false(request_has_token("", "upgrade"));
    assert_false(request_has_token(NULL, "upgrade"));
}

static void query_values_are_found_whole(void **state)
{
    char value[8];

    (void)state;
    request.query = "xtoken=1&token=abc&token=d";
    assert_true(request_query(&request, "token", value, sizeof(value)));
    assert_string_equal(value, "abc");
    request.query = "token=12345678";
    assert_false(request_query(&request, "token", value, sizeof(value)));
    request.query = "token";
    assert_false(request_query(&request, "token", value, sizeof(value)));
    request.query = "";
    assert_false(request_query(&request, "token", value, sizeof(value)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_taken_apart),
        cmocka_unit_test(an_absolute_target_says_the_host_itself),
        cmocka_unit_test(the_head_ends_at_the_empty_line),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(tokens_are_found_whole),
        cmocka_unit_test(query_values_are_found_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
