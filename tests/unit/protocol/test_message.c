/* The largest messages there can be still fit a frame. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/message.h"

#define FRAME_MAX 16384
#define BAND      "LXB-0263003F"

static void fill(double *values, size_t count, double value)
{
    for (size_t i = 0; i < count; i++)
        values[i] = value;
}

/* Every number as long as it can be: full scale back and forth through the filters. */
static void the_longest_eeg_message_fits_a_frame(void **state)
{
    (void)state;
    static struct eeg_features f = {.rate = 500, .rate_measured = 500.1234};
    struct json json;
    f.arrival_utc_ms = 1795510800000.123;
    f.count = EEG_FEATURE_SAMPLES_MAX;
    fill(f.timestamps, f.count, 1795510800000.123);
    fill(f.frequencies, EEG_SPECTRUM_BINS, 44.998);
    for (int c = 0; c < EEG_CHANNELS; c++) {
        fill(f.filtered[c], f.count, -672166.123);
        fill(f.power_db[c], EEG_SPECTRUM_BINS, -100.123);
        fill(f.band_power[c], EEG_BANDS, 1.234567e-12);
        fill(f.relative_power[c], EEG_BANDS, 1.234567e-12);
    }
    json_init(&json);
    message_eeg(&json, BAND, UINT32_MAX, &f);
    print_message("EEG: %zu of %d bytes\n", json.len, FRAME_MAX);
    assert_in_range(json.len, EEG_FEATURE_SAMPLES_MAX * 30, FRAME_MAX);
    json_finish(&json);
}

static void the_longest_ppg_message_fits_a_frame(void **state)
{
    (void)state;
    static struct ppg_features f = {.rate = 50};
    struct json json;
    f.arrival_utc_ms = 1795510800000.123;
    f.count = PPG_FEATURE_SAMPLES_MAX;
    f.beat_count = f.rr_count = PPG_FEATURE_BEATS_MAX;
    fill(f.timestamps, f.count, 1795510800000.123);
    fill(f.filtered, f.count, -16777215.12);
    fill(f.beats, f.beat_count, 1795510800000.123);
    fill(f.rr, f.rr_count, 1999.12);
    json_init(&json);
    message_ppg(&json, BAND, UINT32_MAX, &f);
    assert_in_range(json.len, PPG_FEATURE_SAMPLES_MAX * 20, FRAME_MAX);
    json_finish(&json);
}

static void the_longest_acc_message_fits_a_frame(void **state)
{
    (void)state;
    static struct acc_features f = {.rate = 25, .activity = ACTIVITY_STATIONARY};
    struct json json;
    f.arrival_utc_ms = 1795510800000.123;
    f.count = ACC_FEATURE_SAMPLES_MAX;
    fill(f.timestamps, f.count, 1795510800000.123);
    fill(f.x, f.count, -1.99994);
    fill(f.y, f.count, -1.99994);
    fill(f.z, f.count, -1.99994);
    fill(f.magnitude, f.count, 3.46399);
    json_init(&json);
    message_acc(&json, BAND, UINT32_MAX, &f);
    assert_in_range(json.len, ACC_FEATURE_SAMPLES_MAX * 40, FRAME_MAX);
    json_finish(&json);
}

static void a_tenth_without_contact_is_null(void **state)
{
    (void)state;
    static struct eeg_bands b = {.leadoff = {1, 0}, .artefacts = ARTEFACT_BLINK | ARTEFACT_POP};
    struct json json;
    fill(b.power[0], EEG_BANDS, NAN);
    fill(b.power[1], EEG_BANDS, 12.5);
    b.timestamp = 1795510800000.1234;
    json_init(&json);
    message_bands(&json, BAND, 7, &b);
    assert_non_null(strstr(json.text, "{\"type\":\"band_data\",\"sensor_type\":\"eeg\""));
    assert_non_null(
        strstr(json.text,
               "\"seq\":7,\"lost\":0,\"data\":{\"timestamp\":1795510800000.123,"
               "\"ch1_band_powers\":{\"theta\":null,\"alpha\":null,\"beta\":null,\"gamma\":null},"
               "\"ch1_leadoff\":true,"
               "\"ch2_band_powers\":{\"theta\":12.5,\"alpha\":12.5,\"beta\":12.5,\"gamma\":12.5},"
               "\"ch2_leadoff\":false,\"artefacts\":[\"blink\",\"pop\"]}}"));
    json_finish(&json);
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    static struct acc_features f = {.rate = 25, .activity = ACTIVITY_UNKNOWN};
    struct json json;
    f.rate_measured = f.pitch = f.roll = NAN;
    f.max_movement = INFINITY;
    json_init(&json);
    message_acc(&json, BAND, 0, &f);
    assert_non_null(strstr(json.text, "\"sample_rate_measured\":null"));
    assert_non_null(strstr(json.text, "\"max_movement\":null"));
    assert_non_null(strstr(json.text, "\"activity_state\":null,\"pitch\":null,\"roll\":null"));
    json_finish(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_eeg_message_fits_a_frame),
        cmocka_unit_test(a_tenth_without_contact_is_null),
        cmocka_unit_test(the_longest_ppg_message_fits_a_frame),
        cmocka_unit_test(the_longest_acc_message_fits_a_frame),
        cmocka_unit_test(what_is_not_known_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
