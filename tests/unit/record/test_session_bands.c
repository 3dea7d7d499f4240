/* Sessions of several bands: their folders' names, and session.json there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "record/session.h"

static struct session_info *add(struct session *session, const char *device)
{
    struct session_info *band = session_add_band(session);

    assert_non_null(band);
    memset(band, 0, sizeof(*band));
    session_copy_text(band->device, sizeof(band->device), device);
    session_name_folder(session, band);
    return band;
}

static void a_folder_s_name_can_be_one_and_is_no_other_band_s(void **state)
{
    struct session *session = session_new();

    (void)state;
    assert_string_equal(add(session, "LXB-0263003F")->folder, "LXB-0263003F");
    assert_string_equal(add(session, "../a b.c")->folder, "---a-b-c");
    assert_string_equal(add(session, "")->folder, "band");
    assert_string_equal(add(session, "LXB-0263003F")->folder, "LXB-0263003F_2");
    assert_string_equal(add(session, "LXB-0263003F")->folder, "LXB-0263003F_3");
    for (size_t i = 0; i < session->band_count; i++)
        assert_true(session_folder_is_valid(session->bands[i]->folder));
    session_free(session);
}

static void names_that_are_no_folders_are_refused(void **state)
{
    static const char *const names[] = {
        "", ".", "..", "a/b", "a.b", "a b", "ä", "0123456789012345678901234567890123456"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(session_folder_is_valid(names[i]));
}

static void what_is_saved_of_each_band_is_loaded_again(void **state)
{
    char path[] = "/tmp/session-bands-XXXXXX";
    struct session *session = session_new(), *again = session_new();

    (void)state;
    assert_non_null(mkdtemp(path));
    const int dir = open(path, O_RDONLY | O_DIRECTORY);
    session->info.state = SESSION_RECORDED;
    session->info.formats = FORMAT_CSV;
    session->info.mains_hz = 60;
    session->info.start_utc_us = INT64_C(1763885350123456);
    struct session_info *first = add(session, "LXB-1"), *second = add(session, "LXB-2");
    first->counts[SENSOR_EEG].samples = 7;
    first->sensors = second->sensors = SENSOR_BIT(SENSOR_EEG);
    second->start_utc_us = session->info.start_utc_us + 5000000;
    second->eeg_rate = 500;
    second->gaps[second->gap_count++] = (struct session_gap){SENSOR_EEG, 1000, 2000, 9};
    assert_true(session_save_whole(dir, session));
    assert_true(session_load_whole(dir, again));
    assert_int_equal(again->band_count, 2);
    assert_string_equal(again->bands[0]->folder, "LXB-1");
    assert_int_equal(again->bands[0]->counts[SENSOR_EEG].samples, 7);
    assert_string_equal(again->bands[1]->device, "LXB-2");
    assert_int_equal(again->bands[1]->start_utc_us, second->start_utc_us);
    assert_int_equal(again->bands[1]->eeg_rate, 500);
    assert_int_equal(again->bands[1]->gap_count, 1);
    assert_int_equal(again->bands[1]->formats, FORMAT_CSV);
    assert_int_equal(again->bands[1]->mains_hz, 60);
    assert_int_equal(again->bands[1]->state, SESSION_RECORDED);
    unlinkat(dir, "session.json", 0);
    close(dir);
    rmdir(path);
    session_free(session);
    session_free(again);
}

static void more_than_there_may_be_are_refused(void **state)
{
    struct session *session = session_new();

    (void)state;
    for (int i = 0; i < SESSION_BANDS_MAX; i++)
        add(session, "LXB-1");
    assert_null(session_add_band(session));
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_s_name_can_be_one_and_is_no_other_band_s),
        cmocka_unit_test(names_that_are_no_folders_are_refused),
        cmocka_unit_test(what_is_saved_of_each_band_is_loaded_again),
        cmocka_unit_test(more_than_there_may_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
