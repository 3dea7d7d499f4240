#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "../take_away.h"

#include "reader.h"

struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    snprintf(folder->path, sizeof(folder->path), "/tmp/reader_XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

static int unmake_folder(void **state)
{
    struct folder *folder = *state;

    take_away(folder->path);
    free(folder);
    return 0;
}

static void append(const struct folder *folder, unsigned first, const char *text)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/%020u.lbcap", folder->path, first);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Records `first` to `last`, one a second. */
static void append_records(const struct folder *folder, unsigned segment, unsigned first,
                           unsigned last)
{
    char line[64];

    for (unsigned i = first; i <= last; i++) {
        snprintf(line, sizeof(line), "%u.500000 eeg %04x\n", i - segment, i);
        append(folder, segment, line);
    }
}

static void begin(const struct folder *folder, unsigned first)
{
    char head[64];

    snprintf(head, sizeof(head), "# linkband capture v2\n#! record %u\n", first);
    append(folder, first, head);
}

static void expect(struct reader *reader, unsigned first, unsigned last)
{
    struct batch batch;

    assert_true(reader_pull(reader, &batch));
    assert_int_equal(batch.first, first);
    assert_int_equal(batch.last, last);
    assert_int_equal(reader_next(reader), last + 1);
    buffer_finish(&batch.text);
}

static void expect_nothing(struct reader *reader)
{
    struct batch batch;

    for (int i = 0; i < 3; i++)
        assert_false(reader_pull(reader, &batch));
}

static void what_is_being_written_comes_once_its_second_is_over(void **state)
{
    struct folder *folder = *state;
    struct reader *reader = reader_open(folder->path, 0);

    expect_nothing(reader);
    begin(folder, 1);
    append_records(folder, 1, 1, 1);
    expect_nothing(reader);
    append(folder, 1, "1.500000 eeg 00"); /* half a line */
    expect_nothing(reader);
    append(folder, 1, "02\n");
    expect(reader, 1, 1);
    expect_nothing(reader);
    append(folder, 1, "#! end\n");
    expect(reader, 2, 2);
    expect_nothing(reader);
    begin(folder, 3);
    append_records(folder, 3, 3, 4);
    expect(reader, 3, 3);
    reader_close(reader);
}

/* Killed: it has no end, but a later one is there. */
static void a_segment_without_an_end_ends_where_the_next_is_there(void **state)
{
    struct folder *folder = *state;
    struct reader *reader = reader_open(folder->path, 0);

    begin(folder, 1);
    append_records(folder, 1, 1, 2);
    append(folder, 1, "9.000000 ee");
    expect(reader, 1, 1);
    expect_nothing(reader);
    begin(folder, 1000003);
    append_records(folder, 1000003, 1000003, 1000004);
    expect(reader, 2, 2);
    expect(reader, 1000003, 1000003);
    expect_nothing(reader);
    reader_close(reader);
}

static void it_goes_on_from_any_record_with_the_same_batches(void **state)
{
    struct folder *folder = *state;

    for (unsigned segment = 1; segment < 30; segment += 10) {
        begin(folder, segment);
        append_records(folder, segment, segment, segment + 9);
        append(folder, segment, "#! end\n");
    }
    for (unsigned next = 0; next <= 31; next++) {
        struct reader *reader = reader_open(folder->path, next);
        for (unsigned i = next ? next : 1; i <= 30; i++)
            expect(reader, i, i);
        expect_nothing(reader);
        reader_close(reader);
    }
}

static void what_was_taken_away_is_passed_over(void **state)
{
    struct folder *folder = *state;
    char path[128];

    for (unsigned segment = 1; segment < 30; segment += 10) {
        begin(folder, segment);
        append_records(folder, segment, segment, segment + 9);
        append(folder, segment, "#! end\n");
    }
    struct reader *reader = reader_open(folder->path, 5);
    snprintf(path, sizeof(path), "%s/%020u.lbcap", folder->path, 1);
    assert_int_equal(unlink(path), 0);
    expect(reader, 11, 11);
    reader_close(reader);
}

#define story(name) cmocka_unit_test_setup_teardown(name, make_folder, unmake_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(what_is_being_written_comes_once_its_second_is_over),
        story(a_segment_without_an_end_ends_where_the_next_is_there),
        story(it_goes_on_from_any_record_with_the_same_batches),
        story(what_was_taken_away_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
