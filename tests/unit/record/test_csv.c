#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "csv.h"
#include "flags.h"

static void assert_text(struct buffer *buffer, const char *text)
{
    assert_int_equal(buffer->len, strlen(text));
    assert_memory_equal(buffer->data, text, strlen(text));
    buffer_finish(buffer);
}

static void a_gap_and_what_is_known_of_it_stand_in_the_row(void **state)
{
    struct eeg_row row = {.ms = 1000.5, .lost = 3, .flags = FLAG_LEADOFF << 1 | FLAG_ZERO};
    struct buffer out = {0};

    (void)state;
    row.as = &model_default()->sensors[SENSOR_EEG];
    row.sample = (struct eeg_sample){{-1.0004, 2.5}, 0x05};
    csv_header(&out, FILE_EEG, model_default());
    csv_eeg(&out, &row);
    row = (struct eeg_row){.ms = 1004.5, .as = row.as, .sample = {{0, -0.0006}, 0x08}};
    csv_eeg(&out, &row);
    row.flags = FLAG_BLINK | FLAG_MUSCLE | FLAG_SATURATED | FLAG_LEADOFF;
    csv_eeg(&out, &row);
    assert_text(&out, "timestamp,ch1,ch2,leadoff_ch1,leadoff_ch2,lost,flags\n"
                      "1000.500,-1.000,2.500,1,1,3,leadoff_ch2 zero\n"
                      "1004.500,0.000,-0.001,0,1,0,\n"
                      "1004.500,0.000,-0.001,0,1,0,leadoff_ch1 saturated muscle blink\n");
}

static void a_gap_stands_in_the_row_after_it(void **state)
{
    struct sample_block block = {.first_ms = 1000.5, .step_ms = 20, .lost = 3};
    struct buffer out = {0};

    (void)state;
    block.samples.sensor = SENSOR_PPG;
    block.samples.count = 2;
    block.samples.ppg[0] = (struct ppg_sample){7, 16777215};
    block.samples.ppg[1] = (struct ppg_sample){8, 9};
    csv_header(&out, FILE_PPG, model_default());
    csv_block(&out, &block);
    assert_text(&out, "timestamp,red,ir,lost\n1000.500,7,16777215,3\n1020.500,8,9,0\n");
}

static void a_label_cannot_break_its_row(void **state)
{
    struct buffer out = {0};

    (void)state;
    csv_marker(&out, 1.5, "a,\"b\"\r\n=c");
    assert_text(&out, "1.500,\"a,\"\"b\"\"  =c\"\n");
}

static void markers_of_one_band_become_markers_of_several(void **state)
{
    static const char narrow[] = "timestamp,label\n1.500,\"a\"\n2.000,\"b,\"\n";
    static const char wide[] = "timestamp,label,device_id\n1.500,\"a\",\"LXB-1\"\n"
                               "2.000,\"b,\",\"LXB-1\"\n";
    struct buffer out = {0}, again = {0}, rest = {0};

    (void)state;
    assert_true(csv_widen_markers(&out, narrow, sizeof(narrow) - 1, "LXB-1"));
    assert_int_equal(out.len, sizeof(wide) - 1);
    assert_memory_equal(out.data, wide, out.len);
    assert_false(csv_widen_markers(&again, out.data, out.len, "LXB-1"));
    assert_int_equal(again.len, 0);
    assert_true(csv_widen_markers(&rest, narrow + 16, sizeof(narrow) - 17, "LXB-1"));
    csv_marker_of(&rest, 3, "all", "");
    assert_text(&rest, "1.500,\"a\",\"LXB-1\"\n2.000,\"b,\",\"LXB-1\"\n3.000,\"all\",\n");
    buffer_finish(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gap_and_what_is_known_of_it_stand_in_the_row),
        cmocka_unit_test(a_gap_stands_in_the_row_after_it),
        cmocka_unit_test(markers_of_one_band_become_markers_of_several),
        cmocka_unit_test(a_label_cannot_break_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
