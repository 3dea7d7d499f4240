#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message.h"

#define HEAD                                                                                       \
    "# linkband capture v2\n#! link up 0.000000 -1 2\n#! stream 0.000000 eeg\n#! record 100\n"

static const char segment[] = HEAD "0.100000 eeg 01\n"                /* 100 */
                                   "0.900000 eeg 02\n"                /* 101 */
                                   "#! event {\"a\":1}\n"             /* 102 */
                                   "1.000000 eeg 03\n"                /* 103 */
                                   "#! marker 1000.000 eyes closed\n" /* 104 */
                                   "4.500000 ppg 04\n"                /* 105 */
                                   "#! link down 4.600000\n"          /* 106 */
                                   "#! event {\"b\":[1,2]}\n"         /* 107 */
                                   "#! end\n";

/* Every batch of the text, as a reader cuts it. */
struct cut {
    struct batch batches[64];
    size_t count;
};

static void cut(struct cut *cut, const char *text)
{
    struct batcher batcher = {0};

    *cut = (struct cut){.count = 0};
    batcher_begin(&batcher);
    for (const char *line = text; *line;) {
        const size_t len = strcspn(line, "\n") + 1;
        if (batcher_is_whole_before(&batcher, line, len))
            assert_true(batcher_take(&batcher, &cut->batches[cut->count++]));
        batcher_add(&batcher, line, len);
        line += len;
    }
    assert_true(batcher.place.ended);
    assert_true(batcher_take(&batcher, &cut->batches[cut->count++]));
    batcher_finish(&batcher);
}

static void finish(struct cut *cut)
{
    for (size_t i = 0; i < cut->count; i++)
        buffer_finish(&cut->batches[i].text);
}

static void a_batch_is_a_second_and_what_has_no_time_goes_with_it(void **state)
{
    static const uint64_t records[][2] = {{100, 102}, {103, 104}, {105, 107}};
    struct cut found;

    (void)state;
    cut(&found, segment);
    assert_int_equal(found.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(found.batches[i].first, records[i][0]);
        assert_int_equal(found.batches[i].last, records[i][1]);
    }
    finish(&found);
}

static void all_batches_are_the_segment(void **state)
{
    struct buffer all = {0};
    struct cut found;

    (void)state;
    cut(&found, segment);
    for (size_t i = 0; i < found.count; i++)
        buffer_add(&all, found.batches[i].text.data, found.batches[i].text.len);
    assert_int_equal(all.len, sizeof(segment) - 1);
    assert_memory_equal(all.data, segment, all.len);
    buffer_finish(&all);
    finish(&found);
}

/* Within one second more than a batch may hold: cut at a line, none longer than it may be. */
static void no_batch_is_longer_than_it_may_be(void **state)
{
    const size_t lines = 20000;
    char *text = malloc(sizeof(HEAD) + lines * 40 + 16);
    char *end = text + sprintf(text, HEAD);
    struct cut found;
    uint64_t next = 100;

    (void)state;
    for (size_t i = 0; i < lines; i++)
        end += sprintf(end, "7.%06zu eeg 0102030405060708\n", i);
    sprintf(end, "#! end\n");
    cut(&found, text);
    assert_true(found.count > 2);
    for (size_t i = 0; i < found.count; i++) {
        assert_int_equal(found.batches[i].first, next);
        assert_true(found.batches[i].text.len <= BATCH_BYTES_MAX);
        next = found.batches[i].last + 1;
    }
    assert_int_equal(next, 100 + lines);
    finish(&found);
    free(text);
}

/* Lines and events, as by default. */
static void make(struct message_made *made, const struct message_names *names,
                 const struct batch *batch, size_t count)
{
    const struct buffer *texts[PUBLISH_COUNT] = {
        [PUBLISH_RAW] = &batch->text, [PUBLISH_EVENT] = &batch->text};

    assert_true(message_make(made, names, batch, texts));
    assert_int_equal(made->count, count);
}

static void a_message_is_named_by_its_first_record_and_holds_no_dot_in_a_token(void **state)
{
    const struct message_names names = {"0123", "lab 1", "pi.local", "LXB-1*"};
    struct message_made made;
    const struct window_message *messages = made.messages;
    struct cut found;

    (void)state;
    cut(&found, segment);
    make(&made, &names, &found.batches[2], 2);
    assert_string_equal(messages[0].subject, "linkband.v1.lab-1.pi-local.LXB-1-.raw");
    assert_string_equal(messages[0].id, "0123/LXB-1-/raw/105");
    assert_true(messages[0].compressed);
    assert_memory_equal((char *)messages[0].body + 8, "linkband 1 105-107 0123", 23);
    assert_string_equal(messages[1].id, "0123/LXB-1-/event/105");
    assert_int_equal(messages[1].len, strlen("{\"record\":107,\"event\":{\"b\":[1,2]}}\n"));
    assert_memory_equal(messages[1].body, "{\"record\":107,\"event\":{\"b\":[1,2]}}\n",
                        messages[1].len);
    free(messages[0].body);
    free(messages[1].body);
    make(&made, &names, &found.batches[1], 1);
    free(messages[0].body);
    finish(&found);
}

/* The first batch of a segment has its head before its records: that has no number. */
static void an_event_of_a_segments_first_batch_has_its_number(void **state)
{
    const struct message_names names = {"0123", "lab", "pi", "LXB-1"};
    struct message_made made;
    const struct window_message *messages = made.messages;
    struct cut found;

    (void)state;
    cut(&found, segment);
    make(&made, &names, &found.batches[0], 2);
    assert_memory_equal(messages[1].body, "{\"record\":102,\"event\":{\"a\":1}}\n",
                        messages[1].len);
    free(messages[0].body);
    free(messages[1].body);
    finish(&found);
}

/* What holds nothing, and what nobody wants, makes no message. */
static void each_kind_is_a_message_of_its_own(void **state)
{
    const struct message_names names = {"0123", "lab", "pi", "LXB-1"};
    struct buffer samples = {0}, none = {0};
    struct message_made made;
    struct cut found;

    (void)state;
    cut(&found, segment);
    buffer_print(&samples, "{\"type\":\"raw_data\"}\n");
    const struct buffer *texts[PUBLISH_COUNT] = {
        [PUBLISH_SAMPLES] = &samples, [PUBLISH_PROCESSED] = &none};
    assert_true(message_make(&made, &names, &found.batches[1], texts));
    assert_int_equal(made.count, 1);
    assert_string_equal(made.messages[0].subject, "linkband.v1.lab.pi.LXB-1.samples");
    assert_string_equal(made.messages[0].id, "0123/LXB-1/samples/103");
    assert_int_equal(made.messages[0].first, 103);
    assert_true(made.messages[0].compressed);
    free(made.messages[0].body);
    buffer_finish(&samples);
    finish(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_a_second_and_what_has_no_time_goes_with_it),
        cmocka_unit_test(all_batches_are_the_segment),
        cmocka_unit_test(no_batch_is_longer_than_it_may_be),
        cmocka_unit_test(a_message_is_named_by_its_first_record_and_holds_no_dot_in_a_token),
        cmocka_unit_test(an_event_of_a_segments_first_batch_has_its_number),
        cmocka_unit_test(each_kind_is_a_message_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
