#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "band/packet.h"

static enum packet_fault decode(enum sensor sensor, const uint8_t *bytes, size_t len,
                                struct samples *out)
{
    return packet_decode(model_default(),
                         &(struct packet){.sensor = sensor, .bytes = bytes, .len = len}, out);
}

/* The first packets of a real band lying on a desk. */
static void an_eeg_sample_is_status_and_two_big_endian_channels(void **state)
{
    static const uint8_t bytes[] = {0x95, 0x20, 0x07, 0x00, 0x00, 0x7f, 0xff, 0xff, 0x7f,
                                    0xff, 0xff, 0x0f, 0x80, 0x00, 0x01, 0xff, 0xff, 0xff};
    struct samples samples;

    (void)state;
    assert_int_equal(decode(SENSOR_EEG, bytes, sizeof(bytes), &samples), PACKET_OK);
    assert_int_equal(samples.tick, 467093);
    assert_int_equal(samples.count, 2);
    assert_int_equal(samples.eeg[0].leadoff, 0);
    assert_that(fabs(samples.eeg[0].uv[0] - 336083.333), <, 0.001);
    assert_int_equal(samples.eeg[1].leadoff, 0x0f);
    assert_that(fabs(samples.eeg[1].uv[0] + 336083.333), <, 0.001);
    assert_that(fabs(samples.eeg[1].uv[1] + 0.040064), <, 0.000001);
}

static void a_ppg_sample_is_two_unsigned_big_endian_counts(void **state)
{
    static const uint8_t bytes[] = {0xfd, 0xa6, 0x07, 0x00, 0x00, 0x41, 0x06, 0xff, 0x60, 0x32};
    struct samples samples;

    (void)state;
    assert_int_equal(decode(SENSOR_PPG, bytes, sizeof(bytes), &samples), PACKET_OK);
    assert_int_equal(samples.ppg[0].red, 16646);
    assert_int_equal(samples.ppg[0].ir, 0xff6032);
}

static void an_acc_sample_is_three_little_endian_counts(void **state)
{
    static const uint8_t bytes[] = {0xa5, 0xb6, 0x07, 0x00, 0x00, 0x39, 0x00, 0x07, 0x00, 0xe0};
    struct samples samples;

    (void)state;
    assert_int_equal(decode(SENSOR_ACC, bytes, sizeof(bytes), &samples), PACKET_OK);
    assert_int_equal(samples.acc[0].x, 14592);
    assert_int_equal(samples.acc[0].y, 1792);
    assert_int_equal(samples.acc[0].z, -8192);
}

static void what_is_no_whole_number_of_samples_is_refused(void **state)
{
    static const uint8_t bytes[BAND_PACKET_MAX + 14];
    static const struct {
        enum sensor sensor;
        size_t len;
        enum packet_fault fault;
    } cases[] = {
        {SENSOR_EEG, 0, PACKET_TOO_SHORT},  {SENSOR_EEG, 10, PACKET_TOO_SHORT},
        {SENSOR_EEG, 11, PACKET_OK},        {SENSOR_EEG, 12, PACKET_REMAINDER},
        {SENSOR_EEG, 179, PACKET_OK},       {SENSOR_PPG, 9, PACKET_TOO_SHORT},
        {SENSOR_PPG, 172, PACKET_OK},       {SENSOR_PPG, 171, PACKET_REMAINDER},
        {SENSOR_ACC, 184, PACKET_OK},       {SENSOR_ACC, 514, PACKET_OK},
        {SENSOR_ACC, 520, PACKET_TOO_LONG}, {SENSOR_BAT, 0, PACKET_TOO_SHORT},
        {SENSOR_BAT, 1, PACKET_OK},         {SENSOR_BAT, 2, PACKET_REMAINDER},
    };
    struct samples samples;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(decode(cases[i].sensor, bytes, cases[i].len, &samples), cases[i].fault);
}

static void a_battery_level_over_100_is_refused(void **state)
{
    struct samples samples;

    (void)state;
    assert_int_equal(decode(SENSOR_BAT, (const uint8_t[]){100}, 1, &samples), PACKET_OK);
    assert_int_equal(samples.level, 100);
    assert_int_equal(samples.count, 1);
    assert_int_equal(decode(SENSOR_BAT, (const uint8_t[]){101}, 1, &samples), PACKET_LEVEL);
}

/* Every sensor, every length: decode, encode, and the same bytes are back. */
static void encoding_gives_back_the_bytes_that_were_decoded(void **state)
{
    uint8_t bytes[BAND_PACKET_MAX], back[BAND_PACKET_MAX];
    uint32_t random = 1;
    struct samples samples;

    (void)state;
    for (int sensor = 0; sensor < SENSOR_STREAMED; sensor++) {
        const size_t size = model_default()->sensors[sensor].sample_size;
        for (size_t len = 4 + size; len <= BAND_PACKET_MAX; len += size) {
            for (size_t i = 0; i < len; i++) {
                random = random * 1664525 + 1013904223;
                bytes[i] = (uint8_t)(random >> 24);
            }
            assert_int_equal(decode((enum sensor)sensor, bytes, len, &samples), PACKET_OK);
            assert_int_equal(packet_encode(model_default(), &samples, back), len);
            assert_memory_equal(bytes, back, len);
        }
    }
}

static void eeg_beyond_full_scale_saturates_as_in_the_band(void **state)
{
    static const double beyond[] = {1e6, INFINITY, -1e6, -INFINITY};
    uint8_t bytes[BAND_PACKET_MAX];

    (void)state;
    for (int i = 0; i < 4; i++) {
        struct samples samples = {.sensor = SENSOR_EEG, .count = 1};
        samples.eeg[0].uv[0] = beyond[i];
        assert_int_equal(packet_encode(model_default(), &samples, bytes), 11);
        assert_int_equal(bytes[5], i < 2 ? 0x7f : 0x80);
        assert_int_equal(bytes[6], i < 2 ? 0xff : 0x00);
        assert_int_equal(bytes[7], i < 2 ? 0xff : 0x01);
    }
}

static void every_sensor_is_known_by_its_name(void **state)
{
    enum sensor sensor;

    (void)state;
    for (int i = 0; i < SENSOR_COUNT; i++) {
        const char *name = sensor_name((enum sensor)i);
        assert_true(sensor_from_name(name, strlen(name), &sensor));
        assert_int_equal(sensor, i);
        assert_int_equal(strlen(model_default()->sources[sensor].at.uuid), 36);
    }
    assert_false(sensor_from_name("eegs", 4, &sensor));
    assert_false(sensor_from_name("ee", 2, &sensor));
    assert_false(sensor_from_name("", 0, &sensor));
}

static void every_fault_has_its_own_sentence(void **state)
{
    (void)state;
    for (int a = PACKET_OK; a <= PACKET_LEVEL; a++) {
        for (int b = PACKET_OK; b < a; b++)
            assert_string_not_equal(packet_fault_text((enum packet_fault)a),
                                    packet_fault_text((enum packet_fault)b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_eeg_sample_is_status_and_two_big_endian_channels),
        cmocka_unit_test(a_ppg_sample_is_two_unsigned_big_endian_counts),
        cmocka_unit_test(an_acc_sample_is_three_little_endian_counts),
        cmocka_unit_test(what_is_no_whole_number_of_samples_is_refused),
        cmocka_unit_test(a_battery_level_over_100_is_refused),
        cmocka_unit_test(encoding_gives_back_the_bytes_that_were_decoded),
        cmocka_unit_test(eeg_beyond_full_scale_saturates_as_in_the_band),
        cmocka_unit_test(every_sensor_is_known_by_its_name),
        cmocka_unit_test(every_fault_has_its_own_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
