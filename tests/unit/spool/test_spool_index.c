#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "index.h"

/* Four segments a minute apart, of 10 bytes and 100 records each. */
static struct spool_shelf *fill(struct spool_index *index, const char *name, int64_t from_s)
{
    for (int i = 0; i < 4; i++)
        assert_true(spool_index_wrote(index, spool_index_shelf(index, name),
                                      (uint64_t)(1 + 100 * i), 10, from_s + 60 * i));
    return spool_index_shelf(index, name);
}

static void what_is_written_again_is_one_segment(void **state)
{
    struct spool_index index = {0};

    (void)state;
    fill(&index, "LXB-1", 1000);
    spool_index_wrote(&index, spool_index_shelf(&index, "LXB-1"), 301, 5, 1200);
    assert_int_equal(index.bytes, 45);
    assert_int_equal(spool_index_shelf(&index, "LXB-1")->count, 4);
    assert_int_equal(spool_index_shelf(&index, "LXB-1")->items[3].bytes, 15);
    spool_index_finish(&index);
}

static void age_takes_what_was_had_and_nothing_else(void **state)
{
    struct spool_index index = {.is_read = true};
    struct spool_shelf *shelf = fill(&index, "LXB-1", 1000);
    struct spool_victim victim;

    (void)state;
    shelf->had = 101; /* the first segment, just so */
    assert_true(spool_index_too_old(&index, 5000, &victim));
    assert_int_equal(victim.first, 1);
    assert_false(victim.unread);
    spool_index_drop(&index, shelf);
    assert_false(spool_index_too_old(&index, 5000, &victim));
    shelf->had = 1000;
    assert_false(spool_index_too_old(&index, 1060, &victim));
    assert_true(spool_index_too_old(&index, 1061, &victim));
    spool_index_finish(&index);
}

static void where_nobody_reads_age_alone_counts_and_the_last_stays(void **state)
{
    struct spool_index index = {0};
    struct spool_shelf *shelf = fill(&index, "LXB-1", 1000);
    struct spool_victim victim;
    int gone = 0;

    (void)state;
    for (; spool_index_too_old(&index, 5000, &victim); gone++)
        spool_index_drop(&index, shelf);
    assert_int_equal(gone, 3);
    assert_int_equal(index.bytes, 10);
    spool_index_finish(&index);
}

static void for_room_the_oldest_that_was_had_goes_then_the_oldest_of_all(void **state)
{
    static const struct {
        const char *band;
        uint64_t first;
        bool unread;
    } order[] = {{"LXB-2", 1, false},  {"LXB-2", 101, false}, {"LXB-1", 1, true},
                 {"LXB-1", 101, true}, {"LXB-1", 201, true},  {"LXB-2", 201, true}};
    struct spool_index index = {.is_read = true};
    struct spool_victim victim;

    (void)state;
    fill(&index, "LXB-1", 1000);
    fill(&index, "LXB-2", 2000)->had = 201;
    spool_index_shelf(&index, "LXB-1")->had = 0;
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        assert_true(spool_index_oldest(&index, &victim));
        assert_string_equal(victim.shelf->name, order[i].band);
        assert_int_equal(victim.first, order[i].first);
        assert_int_equal(victim.unread, order[i].unread);
        spool_index_drop(&index, victim.shelf);
    }
    assert_false(spool_index_oldest(&index, &victim));
    assert_int_equal(index.bytes, 20);
    spool_index_finish(&index);
}

static void what_is_unread_is_told_with_its_age(void **state)
{
    struct spool_index index = {.is_read = true};
    struct spool_unread unread;

    (void)state;
    fill(&index, "LXB-1", 1000)->had = 201;
    unread = spool_index_unread(&index);
    assert_int_equal(unread.bytes, 20);
    assert_int_equal(unread.oldest_s, 1120);
    assert_int_equal(spool_lag(&unread, 1150), 30);
    assert_int_equal(spool_lag(&unread, 1000), 0);
    index.is_read = false;
    unread = spool_index_unread(&index);
    assert_int_equal(unread.bytes, 0);
    assert_int_equal(unread.oldest_s, 0);
    assert_int_equal(spool_lag(&unread, 1150), 0);
    spool_index_finish(&index);
}

static void the_last_segment_was_had_once_its_end_was(void **state)
{
    struct spool_index index = {.is_read = true};
    struct spool_shelf *shelf = fill(&index, "LXB-1", 1000);

    (void)state;
    shelf->end = 351;
    shelf->had = 350;
    assert_int_equal(spool_index_unread(&index).bytes, 10);
    shelf->had = 351;
    assert_int_equal(spool_index_unread(&index).bytes, 0);
    assert_int_equal(spool_index_unread(&index).oldest_s, 0);
    spool_index_finish(&index);
}

static void of_many_readers_the_first_by_name_are_told(void **state)
{
    struct spool_index index = {0};
    struct spool_reader reader = {.is_readable = true};

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(reader.name, sizeof(reader.name), "%c", 'a' + 7 * i % 20);
        spool_index_add_reader(&index, &reader);
    }
    assert_int_equal(index.reader_count, SPOOL_READERS_MAX);
    for (size_t i = 0; i < SPOOL_READERS_MAX; i++)
        assert_int_equal(index.readers[i].name[0], 'a' + (int)i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_again_is_one_segment),
        cmocka_unit_test(age_takes_what_was_had_and_nothing_else),
        cmocka_unit_test(where_nobody_reads_age_alone_counts_and_the_last_stays),
        cmocka_unit_test(for_room_the_oldest_that_was_had_goes_then_the_oldest_of_all),
        cmocka_unit_test(what_is_unread_is_told_with_its_age),
        cmocka_unit_test(the_last_segment_was_had_once_its_end_was),
        cmocka_unit_test(of_many_readers_the_first_by_name_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
