#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "band/capture.h"
#include "teller.h"

/* The connection began at 10:00:00 UTC, boot second 0; a segment at second 0 or 60 of it. */
#define HEAD(model, boot)                                                                          \
    "# linkband capture v2\n#! start 2026-11-24T10:00:00.000000Z\n" model                          \
    "#! device LXB-1 AA:BB:CC:DD:EE:FF -\n#! link up 0.000000 " boot " 1795514400000000\n"         \
    "#! stream 0.000000 bat\n#! record 1\n"

static struct batch batch_of(const char *text, uint64_t first, uint64_t records)
{
    struct batch batch = {.first = first, .last = first + records - 1};

    buffer_add(&batch.text, text, strlen(text));
    return batch;
}

/* Takes a batch and tells how many lines came of it; `level` is in the last of them. */
static size_t take(struct teller *teller, struct batch batch, bool heard, const char *level)
{
    const struct buffer *told = teller_told(teller, PUBLISH_SAMPLES);
    size_t lines = 0;

    teller_take(teller, &batch, heard);
    for (size_t i = 0; i < told->len; i++)
        lines += told->data[i] == '\n';
    if (level)
        assert_non_null(memmem(told->data, told->len, level, strlen(level)));
    buffer_finish(&batch.text);
    return lines;
}

static struct teller *begin(void)
{
    struct teller *teller = teller_create("LXB-1", PUBLISH_BIT(PUBLISH_SAMPLES), 50);

    assert_non_null(teller);
    return teller;
}

static void a_message_is_as_the_daemon_s_but_for_its_number(void **state)
{
    static const char expected[] =
        "{\"type\":\"raw_data\",\"sensor_type\":\"bat\",\"device_id\":\"LXB-1\",\"timestamp\":"
        "\"2026-11-24T10:00:00.500Z\",\"sample_rate\":null,\"sample_rate_measured\":null,\"lost\":"
        "0,"
        "\"data\":[{\"timestamp\":1795514400500,\"level\":57}]}\n";
    struct teller *teller = begin();

    (void)state;
    assert_int_equal(
        take(teller, batch_of(HEAD("", "0") "0.500000 bat 57\n", 1, 1), true, expected), 1);
    assert_int_equal(teller_told(teller, PUBLISH_SAMPLES)->len, sizeof(expected) - 1);
    assert_int_equal(teller_told(teller, PUBLISH_PROCESSED)->len, 0);
    assert_int_equal(take(teller, batch_of("1.500000 bat 56\n", 2, 1), false, NULL), 0);
    assert_int_equal(take(teller, batch_of("2.500000 bat 55\n", 3, 1), true, "\"level\":55"), 1);
    teller_destroy(teller);
}

/* Each segment's times are its own; where records are missing, its head tells how it stands. */
static void a_segment_goes_on_where_the_one_before_ended(void **state)
{
    struct teller *teller = begin();

    (void)state;
    take(teller, batch_of(HEAD("", "0") "0.500000 bat 57\n", 1, 1), true, "10:00:00.500Z");
    take(teller, batch_of(HEAD("", "-60000000") "0.500000 bat 56\n", 2, 1), true, "10:01:00.500Z");
    take(teller, batch_of(HEAD("", "-120000000") "0.500000 bat 55\n", 9, 1), true, "10:02:00.500Z");
    take(teller, batch_of("#! link down 1.000000\n1.500000 bat 1\n", 10, 2), true, NULL);
    assert_int_equal(teller_told(teller, PUBLISH_SAMPLES)->len, 0);
    take(teller, batch_of(HEAD("", "0") "0.500000 bat 54\n", 12, 1), true, "10:00:00.500Z");
    teller_destroy(teller);
}

static void of_an_unknown_kind_of_band_nothing_is_computed(void **state)
{
    struct teller *teller = begin();

    (void)state;
    assert_int_equal(
        take(teller, batch_of(HEAD("#! model none\n", "0") "0.500000 bat 57\n", 1, 1), true, NULL),
        0);
    assert_int_equal(take(teller, batch_of("1.500000 bat 57\n", 2, 1), true, NULL), 0);
    assert_int_equal(take(teller, batch_of(HEAD("", "0") "0.500000 bat 56\n", 3, 1), true, NULL),
                     1);
    teller_destroy(teller);
}

/* A packet a tenth of a second, of 25 samples. */
static void add_eeg(struct buffer *text, int tenth, uint16_t leadoff)
{
    struct capture_record record = {.kind = CAPTURE_PACKET};
    struct samples samples = {
        .sensor = SENSOR_EEG, .tick = (uint32_t)(tenth * 3276.8), .count = 25};
    char line[CAPTURE_LINE_MAX];

    for (size_t i = 0; i < samples.count; i++) {
        samples.eeg[i].uv[0] = samples.eeg[i].uv[1] = (double)(i * 7 % 5);
        samples.eeg[i].leadoff = leadoff;
    }
    const size_t len = packet_encode(model_default(), &samples, record.bytes);
    record.at_us = 100000 * (tenth + 1);
    record.packet = (struct packet){
        .sensor = SENSOR_EEG, .arrival_us = record.at_us, .bytes = record.bytes, .len = len};
    buffer_add(text, line, capture_format(&record, line));
}

static void contact_is_of_all_electrodes_and_none_is_told_without_a_message(void **state)
{
    struct teller *teller = teller_create("LXB-1", PUBLISH_BIT(PUBLISH_PROCESSED), 50);

    (void)state;
    assert_non_null(teller);
    take(teller, batch_of(HEAD("", "0") "#! stream 0.000000 eeg\n", 1, 1), true, NULL);
    for (int second = 0; second < 8; second++) {
        struct batch batch = batch_of("", 2 + 10 * (uint64_t)second, 10);
        for (int i = 0; i < 10; i++)
            add_eeg(&batch.text, 10 * second + i, second < 4 ? 0 : 8);
        take(teller, batch, true, NULL);
        if (second == 3 || second == 7) {
            assert_true(teller_vitals(teller)->has_contact);
            assert_int_equal(teller_vitals(teller)->contact, second == 3);
        }
    }
    take(teller, batch_of("8.100000 bat 57\n", 82, 1), true, NULL);
    assert_false(teller_vitals(teller)->has_contact);
    assert_false(teller_vitals(teller)->has_bpm);
    teller_destroy(teller);
}

static void what_is_no_line_is_left_out_and_the_rest_told(void **state)
{
    static const char nul[] = "1.500000 bat 5\0\n";
    struct teller *teller = begin();
    struct batch batch = batch_of(HEAD("", "0") "0.500000 bat 57\nnonsense\n", 1, 2);

    (void)state;
    buffer_add(&batch.text, nul, sizeof(nul) - 1);
    buffer_add(&batch.text, "2.500000 bat 55\n", 16);
    batch.last = 4;
    assert_int_equal(take(teller, batch, true, "\"level\":55"), 2);
    teller_destroy(teller);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_as_the_daemon_s_but_for_its_number),
        cmocka_unit_test(a_segment_goes_on_where_the_one_before_ended),
        cmocka_unit_test(of_an_unknown_kind_of_band_nothing_is_computed),
        cmocka_unit_test(contact_is_of_all_electrodes_and_none_is_told_without_a_message),
        cmocka_unit_test(what_is_no_line_is_left_out_and_the_rest_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
