#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "access.h"

static const char *const hosts[] = {"lab.example", "proxy.example:8443"};
static const char *const origins[] = {"https://study.example"};
static const char *const denied[] = {"http://localhost:6666"};
static const struct access_rules rules = {hosts, 2, origins, 1, denied, 1};

static enum access_verdict judge(const char *host, const char *origin)
{
    return access_judge(&rules, &(struct access_request){.host = host,
                                                         .origin = origin,
                                                         .local_address = "192.168.1.20",
                                                         .websocket = true});
}

static void loopback_local_literals_and_allowed_hosts_come_in(void **state)
{
    static const char *const good[] = {
        "localhost",   "localhost:8121",    "LOCALHOST:8121",       "LocalHost",
        "127.0.0.1",   "127.0.0.1:1",       "127.255.255.254:8121", "[::1]",
        "[::1]:8121",  "[0:0:0:0:0:0:0:1]", "192.168.1.20",         "192.168.1.20:8121",
        "lab.example", "LAB.example:99",    "proxy.example:8443",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (judge(good[i], NULL) != ACCESS_OK)
            fail_msg("refused: %s", good[i]);
    }
}

static void hostile_hosts_stay_out(void **state)
{
    static const char *const bad[] = {
        "",
        ":8121",
        "evil.com",
        "localhost.evil.com",
        "localhost.",
        "localhost..",
        "127.0.0.1.",
        "127.0.0.1.evil",
        "127.0.0.1.evil.com:8121",
        "127.0.0.1:8121:8121",
        "127.0.0.1:",
        "127.0.0.1:99999999",
        "127.0.0.1:port",
        "127.1",
        "127.0.0.01x",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "2130706433",
        "0.0.0.0",
        "128.0.0.1",
        "192.168.1.21",
        "user@localhost",
        "localhost@evil.com",
        "localhost/",
        "localhost#x",
        "localhost evil.com",
        "localhost,evil.com",
        "l\xc3\xb6"
        "calhost",
        "[::2]",
        "[::1",
        "::1",
        "[::1]x",
        "[::1]]",
        "[::ffff:127.0.0.1]",
        "[::1%lo]",
        "[]",
        "[localhost]",
        "proxy.example",
        "proxy.example:8444",
        "xlab.example",
        "lab.example.evil.com",
    };
    char longest[600];

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (judge(bad[i], NULL) != ACCESS_BAD_HOST)
            fail_msg("let in: %s", bad[i]);
    }
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(judge(longest, NULL), ACCESS_BAD_HOST);
    assert_int_equal(judge(NULL, NULL), ACCESS_BAD_HOST);
}

static void origins_are_judged_exactly(void **state)
{
    static const struct {
        const char *host, *origin;
        enum access_verdict verdict;
    } cases[] = {
        {"localhost", "http://localhost", ACCESS_OK},
        {"localhost", "http://localhost:3000", ACCESS_OK},
        {"localhost", "https://127.0.0.1:3000", ACCESS_OK},
        {"localhost", "http://[::1]:3000", ACCESS_OK},
        {"localhost", "https://study.example", ACCESS_OK},
        {"localhost", "https://STUDY.example", ACCESS_OK},
        {"lab.example:80", "http://lab.example:80", ACCESS_OK},
        {"192.168.1.20:8121", "http://192.168.1.20:8121", ACCESS_OK},
        {"localhost", "null", ACCESS_RESTRICTED},
        {"lab.example:80", "http://lab.example:81", ACCESS_BAD_ORIGIN},
        {"localhost", "http://lab.example", ACCESS_BAD_ORIGIN},
        {"localhost", "http://study.example", ACCESS_BAD_ORIGIN},
        {"localhost", "https://study.example:444", ACCESS_BAD_ORIGIN},
        {"localhost", "https://study.example.evil.com", ACCESS_BAD_ORIGIN},
        {"localhost", "http://localhost:6666", ACCESS_BAD_ORIGIN},
        {"localhost", "http://localhost.evil.com", ACCESS_BAD_ORIGIN},
        {"localhost", "http://localhost@evil.com", ACCESS_BAD_ORIGIN},
        {"localhost", "http://localhost/", ACCESS_BAD_ORIGIN},
        {"localhost", "localhost", ACCESS_BAD_ORIGIN},
        {"localhost", "file://", ACCESS_BAD_ORIGIN},
        {"localhost", "ftp://localhost", ACCESS_BAD_ORIGIN},
        {"localhost", "NULL", ACCESS_BAD_ORIGIN},
        {"localhost", "", ACCESS_BAD_ORIGIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        enum access_verdict verdict = judge(cases[i].host, cases[i].origin);
        if (verdict != cases[i].verdict)
            fail_msg("%s at %s: %d", cases[i].origin, cases[i].host, (int)verdict);
    }
}

static void null_is_as_the_options_say(void **state)
{
    static const char *const null[] = {"null"};
    struct access_request request = {.host = "localhost", .origin = "null", .websocket = true};

    (void)state;
    assert_int_equal(access_judge(&(struct access_rules){0}, &request), ACCESS_RESTRICTED);
    assert_int_equal(
        access_judge(&(struct access_rules){.allow_origin = null, .allow_origin_count = 1},
                     &request),
        ACCESS_OK);
    assert_int_equal(access_judge(&(struct access_rules){.deny_origin = null,
                                                         .deny_origin_count = 1,
                                                         .allow_origin = null,
                                                         .allow_origin_count = 1},
                                  &request),
                     ACCESS_BAD_ORIGIN);
}

static void another_site_sees_the_page_only(void **state)
{
    struct access_request request = {.host = "localhost", .fetch_site = "cross-site"};

    (void)state;
    assert_int_equal(access_judge(&rules, &request), ACCESS_CROSS_SITE);
    request.origin = "null";
    assert_int_equal(access_judge(&rules, &request), ACCESS_CROSS_SITE);
    request.origin = "https://study.example";
    assert_int_equal(access_judge(&rules, &request), ACCESS_OK);
    request.origin = NULL;
    request.page = true;
    assert_int_equal(access_judge(&rules, &request), ACCESS_CROSS_SITE);
    request.fetch_mode = "navigate";
    request.fetch_dest = "iframe";
    assert_int_equal(access_judge(&rules, &request), ACCESS_FOREIGN_LINK);
    request.fetch_dest = "document";
    assert_int_equal(access_judge(&rules, &request), ACCESS_OK);
    request.purpose = "prefetch;prerender";
    assert_int_equal(access_judge(&rules, &request), ACCESS_FOREIGN_LINK);
    request.purpose = NULL;
    request.page = false;
    assert_int_equal(access_judge(&rules, &request), ACCESS_FOREIGN_LINK);
    assert_null(strstr(access_advice(ACCESS_FOREIGN_LINK), "--allow"));
    request.fetch_site = "same-origin";
    assert_int_equal(access_judge(&rules, &request), ACCESS_OK);
}

static void the_own_page_is_known_by_its_host(void **state)
{
    (void)state;
    assert_true(access_is_own_page("http://localhost:8121", "LOCALHOST:8121"));
    assert_true(access_is_own_page("http://[::1]:8121", "[::1]:8121"));
    assert_false(access_is_own_page("http://localhost:3000", "localhost:8121"));
    assert_false(access_is_own_page("null", "localhost:8121"));
    assert_false(access_is_own_page(NULL, "localhost:8121"));
}

static void each_refusal_names_its_option(void **state)
{
    (void)state;
    assert_non_null(strstr(access_advice(ACCESS_BAD_HOST), "--allow-host"));
    assert_non_null(strstr(access_advice(ACCESS_BAD_ORIGIN), "--allow-origin"));
    assert_non_null(strstr(access_advice(ACCESS_CROSS_SITE), "--allow-origin"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_local_literals_and_allowed_hosts_come_in),
        cmocka_unit_test(hostile_hosts_stay_out),
        cmocka_unit_test(origins_are_judged_exactly),
        cmocka_unit_test(null_is_as_the_options_say),
        cmocka_unit_test(another_site_sees_the_page_only),
        cmocka_unit_test(the_own_page_is_known_by_its_host),
        cmocka_unit_test(each_refusal_names_its_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
