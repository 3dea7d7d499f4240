#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "band/capture.h"

/* A line as the project writes it: what is read from it is written back, byte for byte. */
static void every_kind_of_line_survives_the_round_trip(void **state)
{
    static const struct {
        const char *line;
        enum capture_kind kind;
    } cases[] = {
        {"0.012345 eeg 95200700007fffff7fffff\n", CAPTURE_PACKET},
        {"9999999999.999999 ppg fda607000041060060320041\n", CAPTURE_PACKET},
        {"1.000000 acc a5b607000039000700e0\n", CAPTURE_PACKET},
        {"1.000000 acc -\n", CAPTURE_PACKET},
        {"1.000000 eeg:3 00ff\n", CAPTURE_PACKET},
        {"0.500000 bat 57\n", CAPTURE_PACKET},
        {"0.500000 bat 255\n", CAPTURE_PACKET},
        {"0.500000 bat -\n", CAPTURE_PACKET},
        {"#! start 2026-11-24T09:00:00.000001Z\n", CAPTURE_START},
        {"#! model linkband\n", CAPTURE_MODEL},
        {"#! device LXB-0263003F AA:BB:CC:DD:EE:FF 1.2.3\n", CAPTURE_DEVICE},
        {"#! device LXB-0263003F - -\n", CAPTURE_DEVICE},
        {"#! device LXB-0263003F - 1.2 beta\n", CAPTURE_DEVICE},
        {"#! link up 3.000000 -123456789 1795510800000001\n", CAPTURE_LINK_UP},
        {"#! link down 4.000001\n", CAPTURE_LINK_DOWN},
        {"#! clock 1 2 0x1.8p+3 nan\n", CAPTURE_CLOCK},
        {"#! stream 0.000000 eeg,ppg,acc,bat\n", CAPTURE_STREAM},
        {"#! stream 0.000000 ppg\n", CAPTURE_STREAM},
        {"#! stream 0.000000 -\n", CAPTURE_STREAM},
        {"#! marker 1795510800000.125 eyes closed, 5 × a\n", CAPTURE_MARKER},
        {"#! marker -1.500 \n", CAPTURE_MARKER},
    };
    struct capture_record record;
    char out[CAPTURE_LINE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char terminated[256];
        snprintf(terminated, sizeof(terminated), "%s", cases[i].line);
        assert_null(capture_parse(terminated, &record));
        assert_int_equal(record.kind, cases[i].kind);
        if (record.kind == CAPTURE_CLOCK)
            terminated[strlen(terminated) - 1] = '\0'; /* the state is borrowed from the line */
        assert_int_equal(capture_format(&record, out), strlen(cases[i].line));
        assert_string_equal(out, cases[i].line);
    }
}

static void a_packet_has_its_arrival_and_its_bytes(void **state)
{
    struct capture_record record;

    (void)state;
    assert_null(capture_parse("12.345678 ppg FDA6070000410600", &record));
    assert_int_equal(record.packet.sensor, SENSOR_PPG);
    assert_that(record.packet.arrival_us, ==, 12345678);
    assert_int_equal(record.packet.len, 8);
    assert_memory_equal(record.packet.bytes, "\xfd\xa6\x07\x00\x00\x41\x06\x00", 8);
}

/* 0.0998 is no double; as a double times 10⁶ it would be one µs short. */
static void the_seconds_of_version_1_are_exact(void **state)
{
    struct capture_record record;
    char line[64];

    (void)state;
    for (int i = 0; i < 1000000; i += 7) {
        snprintf(line, sizeof(line), "%d.%04d eeg 00", i / 10000, i % 10000);
        assert_null(capture_parse(line, &record));
        assert_that(record.packet.arrival_us, ==, (int64_t)i * 100);
    }
    assert_null(capture_parse("7 eeg 00", &record));
    assert_that(record.packet.arrival_us, ==, 7000000);
}

static void comments_and_what_a_later_version_adds_are_passed_over(void **state)
{
    static const char *const lines[] = {
        "",
        "\n",
        "  \t\r\n",
        "# linkband capture v1 · session_20250526_094443 · 103.4 s\n",
        "#",
        "# 0.0 eeg 00",
        "#! mood good\n",
        "#!\n",
        "#!",
    };
    struct capture_record record;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        assert_null(capture_parse(lines[i], &record));
        assert_int_equal(record.kind, CAPTURE_NOTHING);
    }
}

static void every_malformed_line_is_refused_with_its_own_reason(void **state)
{
    static const struct {
        const char *line, *reason;
    } cases[] = {
        {"eeg 00", "does not begin with seconds"},
        {"-1.0 eeg 00", "does not begin with seconds"},
        {".5 eeg 00", "does not begin with seconds"},
        {"1. eeg 00", "does not begin with seconds"},
        {"1.2.3 eeg 00", "does not begin with seconds"},
        {"1.1234567 eeg 00", "does not begin with seconds"},
        {"12345678901.0 eeg 00", "does not begin with seconds"},
        {"1e3 eeg 00", "does not begin with seconds"},
        {"nan eeg 00", "does not begin with seconds"},
        {"\x01", "does not begin with seconds"},
        {"1.0", "none of eeg"},
        {"1.0 EEG 00", "none of eeg"},
        {"1.0 gsr 00", "none of eeg"},
        {"1.0 eeg", "bytes are missing"},
        {"1.0 eeg 0", "half a byte"},
        {"1.0 eeg 0g", "not hexadecimal"},
        {"1.0 eeg é", "not hexadecimal"},
        {"1.0 eeg 00 00", "something follows"},
        {"1.0 bat", "battery level"},
        {"1.0 bat 256", "battery level"},
        {"1.0 bat -1", "battery level"},
        {"1.0 bat x", "battery level"},
        {"1.0 bat 99999999999999999999", "battery level"},
        {"#! start", "instant like"},
        {"#! start yesterday", "instant like"},
        {"#! start 2026-11-24T09:00:00Z x", "something follows"},
        {"#! device", "device's name"},
        {"#! device LXB-00000000000000000000000000000 - -", "device's name"},
        {"#! device LXB-0", "device's address"},
        {"#! device LXB-0 AA:BB:CC:DD:EE:FF:00 1", "device's address"},
        {"#! device LXB-0 -", "device's firmware"},
        {"#! device LXB-0 - 12345678901234567890123456789012", "device's firmware"},
        {"#! link", "neither up nor down"},
        {"#! link sideways 1.0", "neither up nor down"},
        {"#! link down", "link's seconds"},
        {"#! link down soon", "link's seconds"},
        {"#! link down 1.0 2", "something follows"},
        {"#! link up 1.0", "link's anchor"},
        {"#! link up 1.0 5", "link's anchor"},
        {"#! link up 1.0 5 -", "link's anchor"},
        {"#! link up 1.0 5 9223372036854775807", "link's anchor"},
        {"#! link up 1.0 5.5 6", "link's anchor"},
        {"#! clock", "clock's state"},
        {"#! clock \001", "control character"},
        {"#! stream", "stream's seconds"},
        {"#! stream 1.0", "stream names"},
        {"#! stream 1.0 eeg,", "stream names"},
        {"#! stream 1.0 ,eeg", "stream names"},
        {"#! stream 1.0 eeg,gsr", "stream names"},
        {"#! stream 1.0 eeg ppg", "something follows"},
        {"#! marker", "marker's time"},
        {"1 eeg:0 00", "sensor is none"},
        {"1 eeg: 00", "sensor is none"},
        {"1 eeg:10 00", "sensor is none"},
        {"#! model", "model's name"},
        {"#! marker now", "marker's time"},
        {"#! marker nan x", "marker's time"},
        {"#! marker 0x10 x", "marker's time"},
        {"#! marker 1e300 x", "marker's time"},
        {"#! marker 1234567890123456 x", "marker's time"},
        {"#! marker - x", "marker's time"},
        {"#! marker .5 x", "marker's time"},
    };
    struct capture_record record;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *fault = capture_parse(cases[i].line, &record);
        if (!fault || !strstr(fault, cases[i].reason))
            fail_msg("\"%s\": %s", cases[i].line, fault ? fault : "taken");
    }
}

static void a_packet_or_a_label_too_long_is_refused(void **state)
{
    struct capture_record record;
    char line[CAPTURE_LINE_MAX];
    int at = snprintf(line, sizeof(line), "1.0 eeg ");

    (void)state;
    memset(line + at, '0', 2 * BAND_PACKET_MAX);
    line[at + 2 * BAND_PACKET_MAX] = '\0';
    assert_null(capture_parse(line, &record));
    assert_int_equal(record.packet.len, BAND_PACKET_MAX);
    memcpy(line + at + 2 * BAND_PACKET_MAX, "00", 3);
    assert_non_null(capture_parse(line, &record));

    at = snprintf(line, sizeof(line), "#! marker 1 ");
    memset(line + at, 'x', CAPTURE_LABEL_MAX);
    line[at + CAPTURE_LABEL_MAX - 1] = '\0';
    assert_null(capture_parse(line, &record));
    assert_int_equal(strlen(record.label), CAPTURE_LABEL_MAX - 1);
    line[at + CAPTURE_LABEL_MAX - 1] = 'x';
    line[at + CAPTURE_LABEL_MAX] = '\0';
    assert_non_null(capture_parse(line, &record));
}

static void a_label_cannot_forge_a_line(void **state)
{
    struct capture_record record = {.kind = CAPTURE_MARKER, .label = "a\n0.0 eeg 00\r\x7f"};
    char out[CAPTURE_LINE_MAX];

    (void)state;
    const size_t len = capture_format(&record, out);
    assert_int_equal(len, strlen(out));
    assert_string_equal(out, "#! marker 0.000 a 0.0 eeg 00  \n");
}

static void a_clock_that_was_parsed_is_written_as_it_was(void **state)
{
    static const char line[] = "#! clock 1 2 0x1.8p+3\n";
    struct capture_record record;
    char out[CAPTURE_LINE_MAX];

    (void)state;
    assert_null(capture_parse(line, &record));
    assert_int_equal(capture_format(&record, out), strlen(line));
    assert_string_equal(out, line);
}

static void the_longest_clock_state_fits_a_line(void **state)
{
    struct capture_record record = {.kind = CAPTURE_CLOCK};
    char clock[CLOCK_STATE_MAX], out[CAPTURE_LINE_MAX];

    (void)state;
    memset(clock, '7', sizeof(clock) - 1);
    clock[sizeof(clock) - 1] = '\0';
    record.clock = clock;
    assert_int_equal(capture_format(&record, out), strlen("#! clock ") + sizeof(clock));
    assert_int_equal(strlen(out), strlen("#! clock ") + sizeof(clock));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line_survives_the_round_trip),
        cmocka_unit_test(a_packet_has_its_arrival_and_its_bytes),
        cmocka_unit_test(the_seconds_of_version_1_are_exact),
        cmocka_unit_test(comments_and_what_a_later_version_adds_are_passed_over),
        cmocka_unit_test(every_malformed_line_is_refused_with_its_own_reason),
        cmocka_unit_test(a_packet_or_a_label_too_long_is_refused),
        cmocka_unit_test(a_label_cannot_forge_a_line),
        cmocka_unit_test(a_clock_that_was_parsed_is_written_as_it_was),
        cmocka_unit_test(the_longest_clock_state_fits_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
