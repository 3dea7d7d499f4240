#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "record/session.h"

static char data_dir[64];

static int make_data_dir(void **state)
{
    (void)state;
    snprintf(data_dir, sizeof(data_dir), "/tmp/session-XXXXXX");
    return mkdtemp(data_dir) ? 0 : -1;
}

static int remove_data_dir(void **state)
{
    (void)state;
    return rmdir(data_dir);
}

static void fill(struct session_info *info)
{
    memset(info, 0, sizeof(*info));
    strcpy(info->id, "20261124T000000Z_a");
    strcpy(info->name, "\"quoted\" \xC3\xBC");
    info->state = SESSION_RECORDED;
    strcpy(info->device, "LXB-0263003F");
    strcpy(info->participant, "07");
    strcpy(info->task, "rest");
    strcpy(info->notes, "eyes closed");
    strcpy(info->backend, "simulated");
    info->mains_hz = 60;
    info->sensors = SENSOR_BIT(SENSOR_EEG) | SENSOR_BIT(SENSOR_BAT);
    info->formats = FORMAT_CSV | FORMAT_JSONL;
    info->sample_rate = 125;
    info->eeg_rate = 250;
    info->start_utc_us = INT64_C(1795478400123456);
    info->duration = 12.5;
    info->counts[SENSOR_EEG] = (struct session_counts){120, 3000, 20, 50};
    info->gap_count = 1;
    info->gap_total = 700;
    info->gaps[0] = (struct session_gap){SENSOR_EEG, 1795478400800.25, 1795478401000.25, 50};
    info->marker_count = info->marker_total = 1;
    info->markers[0].ms = 1795478402000.5;
    strcpy(info->markers[0].label, "go");
    info->step_count = info->step_total = 1;
    info->steps[0] = (struct session_step){1795478403000, -250.5};
}

static void what_is_saved_is_loaded(void **state)
{
    struct session_info *out = malloc(sizeof(*out)), *in = malloc(sizeof(*in));
    int dir = open(data_dir, O_RDONLY | O_DIRECTORY);

    (void)state;
    fill(out);
    assert_true(session_save(dir, out));
    assert_true(session_load(dir, in));
    assert_string_equal(in->name, out->name);
    assert_int_equal(in->state, out->state);
    assert_int_equal(in->sensors, out->sensors);
    assert_int_equal(in->formats, out->formats);
    assert_int_equal(in->start_utc_us, out->start_utc_us);
    assert_memory_equal(in->counts, out->counts, sizeof(in->counts));
    assert_int_equal(in->gap_total, 700);
    assert_int_equal(in->gaps[0].lost, 50);
    assert_true(in->gaps[0].from_ms == 1795478400800.25 &&
                in->gaps[0].until_ms == 1795478401000.25);
    assert_string_equal(in->participant, "07");
    assert_string_equal(in->task, "rest");
    assert_string_equal(in->notes, "eyes closed");
    assert_string_equal(in->backend, "simulated");
    assert_int_equal(in->mains_hz, 60);
    assert_string_equal(in->markers[0].label, "go");
    assert_that(in->steps[0].step_ms, ==, -250.5);
    unlinkat(dir, "session.json", 0);
    close(dir);
    free(out);
    free(in);
}

static void what_is_no_session_json_is_refused(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "null", "{\"state\":7}", "{\"state\":\"x\"}"};
    struct session_info *info = malloc(sizeof(*info));
    int dir = open(data_dir, O_RDONLY | O_DIRECTORY);

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(session_replace(dir, "session.json", texts[i], strlen(texts[i])));
        assert_false(session_load(dir, info));
        assert_int_equal(errno, EBADMSG);
    }
    unlinkat(dir, "session.json", 0);
    close(dir);
    free(info);
}

static void a_symbolic_link_is_not_followed(void **state)
{
    char id[SESSION_ID_SIZE] = "20261124T000000Z_links";
    struct failure failure;
    uint64_t size;
    int dir = session_create(data_dir, id, &failure);

    (void)state;
    assert_int_equal(symlinkat("/etc/passwd", dir, "eeg.csv"), 0);
    assert_int_equal(symlinkat("/etc/passwd", dir, "session.json"), 0);
    assert_int_equal(mkfifoat(dir, "acc.csv", 0600), 0);
    assert_int_equal(session_open_file(data_dir, id, "", "eeg.csv", &size), -1);
    assert_int_equal(session_open_file(data_dir, id, "", "acc.csv", &size), -1);
    assert_int_equal(session_open_file(data_dir, id, "", "../x", &size), -1);
    struct session_info *info = malloc(sizeof(*info));
    assert_false(session_load(dir, info));
    free(info);
    close(dir);
    assert_true(session_delete(data_dir, id, &failure));
}

static void a_folder_is_never_made_twice(void **state)
{
    char first[SESSION_ID_SIZE] = "20261124T000000Z_twin", second[SESSION_ID_SIZE];
    struct failure failure;

    (void)state;
    memcpy(second, first, sizeof(first));
    int one = session_create(data_dir, first, &failure);
    int two = session_create(data_dir, second, &failure);
    assert_true(one >= 0 && two >= 0);
    assert_string_equal(first, "20261124T000000Z_twin");
    assert_string_equal(second, "20261124T000000Z_twin_2");
    assert_false(session_delete(data_dir, first, &failure));
    assert_int_equal(failure.code, ERROR_BUSY);
    close(one);
    close(two);
    assert_true(session_delete(data_dir, first, &failure));
    assert_true(session_delete(data_dir, second, &failure));
    assert_false(session_delete(data_dir, second, &failure));
    assert_int_equal(failure.code, ERROR_INVALID_PARAMETERS);
}

static void the_list_is_newest_first_in_pages(void **state)
{
    struct session_summary *found = calloc(SESSION_LIST_MAX, sizeof(*found));
    struct failure failure;
    char id[SESSION_ID_SIZE];
    bool more;

    (void)state;
    for (int i = 0; i < 5; i++) {
        session_make_id(INT64_C(1795478400000000) + i * 1000000, "n", id);
        close(session_create(data_dir, id, &failure));
    }
    assert_int_equal(session_list(data_dir, 2, NULL, found, &more), 2);
    assert_true(more);
    assert_string_equal(found[0].id, "20261124T000004Z_n");
    assert_string_equal(found[1].id, "20261124T000003Z_n");
    assert_int_equal(session_list(data_dir, 50, "20261124T000003Z_n", found, &more), 3);
    assert_false(more);
    assert_string_equal(found[2].id, "20261124T000000Z_n");
    for (int i = 0; i < 5; i++) {
        session_make_id(INT64_C(1795478400000000) + i * 1000000, "n", id);
        assert_true(session_delete(data_dir, id, &failure));
    }
    free(found);
}

static void a_session_that_cannot_be_opened_is_not_finished(void **state)
{
    char id[SESSION_ID_SIZE];
    struct failure failure;

    (void)state;
    session_make_id(INT64_C(1795478400000000), "n", id);
    assert_false(session_finish(data_dir, id, &failure));
    assert_int_equal(failure.code, ERROR_RECORDING);
    assert_non_null(strstr(failure.message, id));
    assert_false(session_finish("/nowhere", id, &failure));
    assert_non_null(strstr(failure.message, strerror(ENOENT)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(what_is_no_session_json_is_refused),
        cmocka_unit_test(a_symbolic_link_is_not_followed),
        cmocka_unit_test(a_folder_is_never_made_twice),
        cmocka_unit_test(the_list_is_newest_first_in_pages),
        cmocka_unit_test(a_session_that_cannot_be_opened_is_not_finished),
    };
    return cmocka_run_group_tests(tests, make_data_dir, remove_data_dir);
}
