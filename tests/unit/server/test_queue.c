#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "queue.h"

static bool push(struct queue *queue, enum frame_kind kind, enum sensor sensor, size_t len,
                 char mark)
{
    char *text = malloc(len + 1);

    memset(text, mark, len + 1);
    struct frame *frame = frame_create(kind, sensor, text, len);
    bool pushed = queue_push(queue, frame);
    frame_unref(frame);
    free(text);
    return pushed;
}

static char pop(struct queue *queue)
{
    struct frame *frame = queue_pop(queue);

    if (!frame)
        return '\0';
    char mark = (char)frame->text[0];
    frame_unref(frame);
    return mark;
}

static void what_comes_first_goes_first_whatever_it_is(void **state)
{
    struct queue queue;

    (void)state;
    queue_init(&queue, 1);
    assert_false(queue_is_of_data(&queue));
    push(&queue, FRAME_REPLY, SENSOR_EEG, 100, 'a');
    push(&queue, FRAME_EVENT, SENSOR_EEG, 100, 'b');
    push(&queue, FRAME_RAW, SENSOR_EEG, 100, 'c');
    push(&queue, FRAME_EVENT, SENSOR_EEG, 100, 'd');
    push(&queue, FRAME_PROCESSED, SENSOR_EEG, 100, 'e');
    for (char expected = 'a'; expected <= 'e'; expected++) {
        assert_int_equal(queue_is_of_data(&queue), expected == 'e');
        assert_int_equal(pop(&queue), expected);
    }
    assert_true(queue_is_empty(&queue));
    assert_int_equal(pop(&queue), '\0');
    queue_finish(&queue);
}

static void data_over_its_bound_loses_the_oldest_counted_by_sensor(void **state)
{
    struct queue queue;
    uint64_t dropped[SENSOR_COUNT];

    (void)state;
    queue_init(&queue, 1);
    push(&queue, FRAME_RAW, SENSOR_PPG, 1024, 'p');
    push(&queue, FRAME_REPLY, SENSOR_EEG, 1024, 'r');
    for (int i = 0; i < 256; i++)
        assert_true(push(&queue, FRAME_RAW, SENSOR_EEG, 1024, 'e'));
    assert_int_equal(queue.data.bytes, SERVER_DATA_QUEUE_MAX);
    assert_true(push(&queue, FRAME_RAW, SENSOR_ACC, 2048, 'a'));
    assert_int_equal(queue.data.bytes, SERVER_DATA_QUEUE_MAX);
    assert_true(queue_take_dropped(&queue, dropped));
    assert_int_equal(dropped[SENSOR_PPG], 1);
    assert_int_equal(dropped[SENSOR_EEG], 2);
    assert_int_equal(dropped[SENSOR_ACC], 0);
    assert_false(queue_take_dropped(&queue, dropped));
    assert_int_equal(pop(&queue), 'r');
    queue_finish(&queue);
}

static void data_has_as_much_room_for_each_band_as_one_has(void **state)
{
    struct queue queue;
    uint64_t dropped[SENSOR_COUNT];

    (void)state;
    queue_init(&queue, 8);
    for (int i = 0; i < 8 * SERVER_DATA_QUEUE_MAX / 1024; i++)
        assert_true(push(&queue, FRAME_RAW, SENSOR_EEG, 1024, 'e'));
    assert_false(queue_take_dropped(&queue, dropped));
    assert_true(push(&queue, FRAME_RAW, SENSOR_EEG, 1024, 'e'));
    assert_true(queue_take_dropped(&queue, dropped));
    assert_int_equal(dropped[SENSOR_EEG], 1);
    queue_finish(&queue);
}

static void replies_and_events_are_never_dropped_but_bounded(void **state)
{
    struct queue queue;
    size_t taken = 0;

    (void)state;
    queue_init(&queue, 1);
    while (push(&queue, FRAME_EVENT, SENSOR_EEG, 1024, (char)('a' + taken % 26)))
        taken++;
    assert_int_equal(taken, SERVER_REPLY_QUEUE_MAX / 1024);
    for (size_t i = 0; i < taken; i++)
        assert_int_equal(pop(&queue), 'a' + i % 26);
    queue_finish(&queue);
}

static void tiny_frames_are_bounded_in_number_too(void **state)
{
    struct queue queue;

    (void)state;
    queue_init(&queue, 1);
    for (int i = 0; i < 100000; i++)
        assert_true(push(&queue, FRAME_RAW, SENSOR_EEG, 1, 'x'));
    assert_int_equal(queue.data.count, SERVER_DATA_QUEUE_MAX / QUEUE_FRAME_LEAST);
    assert_that(queue.data.capacity, <=, SERVER_DATA_QUEUE_MAX / QUEUE_FRAME_LEAST);
    queue_finish(&queue);
}

static void a_frame_is_shared_and_freed_with_its_last_queue(void **state)
{
    struct queue queues[10];
    struct frame *frame = frame_create(FRAME_RAW, SENSOR_EEG, "once", 4);

    (void)state;
    for (int i = 0; i < 10; i++) {
        queue_init(&queues[i], 1);
        queue_push(&queues[i], frame);
    }
    assert_int_equal(frame->references, 11);
    for (int i = 0; i < 9; i++)
        queue_finish(&queues[i]);
    assert_int_equal(frame->references, 2);
    frame_unref(frame);
    assert_int_equal(pop(&queues[9]), 'o');
    queue_finish(&queues[9]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_first_goes_first_whatever_it_is),
        cmocka_unit_test(data_over_its_bound_loses_the_oldest_counted_by_sensor),
        cmocka_unit_test(data_has_as_much_room_for_each_band_as_one_has),
        cmocka_unit_test(replies_and_events_are_never_dropped_but_bounded),
        cmocka_unit_test(tiny_frames_are_bounded_in_number_too),
        cmocka_unit_test(a_frame_is_shared_and_freed_with_its_last_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
