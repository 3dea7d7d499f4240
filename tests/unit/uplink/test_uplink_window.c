#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "window.h"

static void add(struct window *window, unsigned band, uint64_t first, size_t len)
{
    struct window_message message = {
        .band = band, .first = first, .last = first + 9, .body = malloc(len), .len = len};

    snprintf(message.id, sizeof(message.id), "%u/%llu", band, (unsigned long long)first);
    window_add(window, &message);
}

static void the_cursor_stands_at_the_oldest_whatever_came_before_it(void **state)
{
    struct window *window = calloc(1, sizeof(*window));

    (void)state;
    for (uint64_t first = 1; first < 40; first += 10) {
        add(window, 0, first, 10);
        add(window, 1, 1000 + first, 10);
    }
    assert_int_equal(window_cursor(window, 0, 41), 1);
    assert_true(window_acked(window, "0/11", 0));
    assert_int_equal(window_cursor(window, 0, 41), 1);
    assert_true(window_acked(window, "0/1", 0));
    assert_int_equal(window_cursor(window, 0, 41), 21);
    assert_false(window_acked(window, "0/1", 0));
    assert_true(window_acked(window, "0/31", 0));
    assert_true(window_acked(window, "0/21", 0));
    assert_int_equal(window_cursor(window, 0, 41), 41);
    assert_int_equal(window_cursor(window, 1, 1041), 1001);
    window_finish(window);
    assert_int_equal(window->bytes, 0);
    free(window);
}

static void what_was_not_acknowledged_in_time_or_failed_is_sent_again(void **state)
{
    struct window *window = calloc(1, sizeof(*window));

    (void)state;
    add(window, 0, 1, 10);
    add(window, 0, 11, 10);
    for (int i = 0; i < 2; i++) {
        struct window_message *message = window_unsent(window, 1000, 100);
        assert_int_equal(message->first, 1 + 10 * i);
        message->sent = true;
        message->sent_ms = 1000;
    }
    assert_null(window_unsent(window, 1099, 100));
    assert_int_equal(window_unsent(window, 1100, 100)->first, 1);
    window_failed(window, "0/11");
    assert_int_equal(window_unsent(window, 1099, 100)->first, 11);
    window_all_failed(window);
    assert_int_equal(window_unsent(window, 1099, 100)->first, 1);
    window_finish(window);
    free(window);
}

static void it_is_full_by_number_and_by_bytes(void **state)
{
    struct window *window = calloc(1, sizeof(*window));

    (void)state;
    assert_true(window_has_room(window, 1, 2 * WINDOW_BYTES));
    add(window, 0, 1, WINDOW_BYTES - 100);
    assert_true(window_has_room(window, 1, 100));
    assert_false(window_has_room(window, 1, 101));
    window_finish(window);
    for (unsigned i = 0; i < WINDOW_MAX - 1; i++)
        add(window, 0, i, 1);
    assert_true(window_has_room(window, 1, 1));
    assert_false(window_has_room(window, 2, 1));
    window_finish(window);
    free(window);
}

/* Sends all that may be sent; how many that were. */
static int sent(struct window *window, uint64_t now_ms)
{
    struct window_message *message;
    int count = 0;

    for (; (message = window_unsent(window, now_ms, 15000)); count++) {
        message->sent = true;
        message->sent_ms = now_ms;
    }
    return count;
}

static void a_slow_link_has_few_under_way_and_a_fast_one_all(void **state)
{
    struct window *window = calloc(1, sizeof(*window));

    (void)state;
    for (unsigned i = 0; i < WINDOW_MAX; i++)
        add(window, 0, i, 10);
    assert_int_equal(sent(window, 0), WINDOW_BEGIN);
    assert_true(window_acked(window, "0/0", WINDOW_SOON_MS));
    assert_int_equal(sent(window, WINDOW_SOON_MS), 2);
    for (unsigned i = 1; i < WINDOW_BEGIN + 1; i++) {
        char id[16];
        snprintf(id, sizeof(id), "0/%u", i);
        assert_true(window_acked(window, id, 2 * WINDOW_SOON_MS + 1));
        assert_int_equal(sent(window, 2 * WINDOW_SOON_MS + 1), 0);
    }
    /* A single one, whatever fails. */
    window_failed(window, "0/9");
    window_failed(window, "0/9");
    assert_int_equal(sent(window, 2 * WINDOW_SOON_MS + 1), 1);
    window_all_failed(window);
    assert_int_equal(sent(window, 0), WINDOW_BEGIN);
    window_finish(window);
    free(window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cursor_stands_at_the_oldest_whatever_came_before_it),
        cmocka_unit_test(what_was_not_acknowledged_in_time_or_failed_is_sent_again),
        cmocka_unit_test(a_slow_link_has_few_under_way_and_a_fast_one_all),
        cmocka_unit_test(it_is_full_by_number_and_by_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
