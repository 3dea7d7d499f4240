/* What a BDF is told of its EEG: each span once, by its kind and channel, and blinks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "marks.h"

static char told[2000];

static void tell(void *user, double from_ms, double duration_ms, const char *text)
{
    const size_t len = strlen(told);

    (void)user;
    snprintf(told + len, sizeof(told) - len, "%s %.0f %.0f;", text, from_ms, duration_ms);
}

/* Packets of 25 samples of 5 mV at 250 Hz, of which `spoil` may make others. */
static void play(struct marks *marks, int packets, void (*spoil)(struct eeg_sample *, int))
{
    for (int k = 0; k < packets; k++) {
        struct sample_block block = {.rate = 250, .restart = k == 0, .step_ms = 4};
        block.first_ms = 100.0 * k;
        block.samples.sensor = SENSOR_EEG;
        block.samples.as = &model_default()->sensors[SENSOR_EEG];
        block.samples.count = 25;
        for (int i = 0; i < 25; i++) {
            block.samples.eeg[i] = (struct eeg_sample){.uv = {5000, -70000}};
            spoil(&block.samples.eeg[i], 25 * k + i);
        }
        marks_block(marks, &block);
    }
    marks_finish(marks);
}

static int begin(void **state)
{
    (void)state;
    told[0] = '\0';
    return 0;
}

static void spoil_each(struct eeg_sample *sample, int i)
{
    if (i >= 50 && i < 100)
        sample->leadoff = 0x04; /* of channel 2 */
    if (i >= 300 && i < 310)
        sample->uv[0] = 1e6;
    if (i == 500 || i == 510 || i == 700)
        sample->uv[1] = 0;
}

static void each_span_is_told_with_its_kind_and_channel(void **state)
{
    (void)state;
    struct marks marks = {.tell = tell};

    play(&marks, 40, spoil_each);
    assert_string_equal(told, "BAD_leadoff ch2 200 200;BAD_saturated 1200 40;BAD_zero 2000 44;"
                              "BAD_zero 2800 4;");
}

static void leave(struct eeg_sample *sample, int i)
{
    sample->uv[0] = i % 7 ? 3 : 0; /* a true zero, of a signal that is near it */
    sample->leadoff = i >= 900 ? 0x01 : 0;
}

static void what_is_open_at_the_end_is_told_and_true_zeros_are_not(void **state)
{
    (void)state;
    struct marks marks = {.tell = tell};

    play(&marks, 40, leave);
    assert_string_equal(told, "BAD_leadoff ch1 3600 400;");
}

static void half_seconds_of_muscle_are_one_span_and_a_blink_is_a_moment(void **state)
{
    (void)state;
    struct marks marks = {.tell = tell};

    for (int k = 0; k < 20; k++) {
        struct eeg_features features = {.from_ms = 500.0 * k, .end_ms = 500.0 * k + 500};
        features.artefacts = (k >= 4 && k < 8) || k == 12 ? ARTEFACT_MUSCLE : ARTEFACT_BLINK;
        features.blink_count = k == 15;
        features.blinks[0] = 7350;
        marks_features(&marks, &features);
    }
    marks_finish(&marks);
    assert_string_equal(told, "BAD_muscle 2000 2000;BAD_muscle 6000 500;blink 7350 0;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_span_is_told_with_its_kind_and_channel, begin),
        cmocka_unit_test_setup(what_is_open_at_the_end_is_told_and_true_zeros_are_not, begin),
        cmocka_unit_test_setup(half_seconds_of_muscle_are_one_span_and_a_blink_is_a_moment, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
