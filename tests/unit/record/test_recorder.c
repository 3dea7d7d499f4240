#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"
#include <unistd.h>

#include "base/now.h"
#include "record/recorder.h"

/* What the listener was told, in order, a word each. */
struct told {
    uv_loop_t loop;
    char data_dir[64];
    char words[512];
    char id[SESSION_ID_SIZE];
    struct recorder *recorder;
    struct pipeline *pipeline;
    bool done, deleted;
    size_t listed;
    struct failure failure;
};

static void tell(struct told *told, const char *word)
{
    size_t len = strlen(told->words);

    snprintf(told->words + len, sizeof(told->words) - len, "%s ", word);
}

static void on_started(void *user, const struct recorder_status *status)
{
    struct told *told = user;

    tell(told, "started");
    memcpy(told->id, status->session_id, sizeof(told->id));
}

static void on_start_failed(void *user, const struct failure *failure)
{
    tell(user, "start_failed");
    (void)failure;
}

static void on_failed(void *user, const struct failure *failure)
{
    tell(user, "failed");
    (void)failure;
}

static void on_stopped(void *user, enum recording_end reason, const struct recorder_status *status)
{
    assert_false(status->is_recording);
    tell(user, recording_end_name(reason));
}

static void on_file(void *user, const char *id, const char *file, const struct failure *failure)
{
    (void)id;
    (void)file;
    tell(user, failure ? "file_failed" : "file_ready");
}

static void on_low(void *user, uint64_t free_bytes, double minutes)
{
    (void)user;
    (void)free_bytes;
    (void)minutes;
}

static void on_done(void *user)
{
    ((struct told *)user)->done = true;
}

static int set_up(void **state)
{
    struct told *told = calloc(1, sizeof(*told));
    struct recorder_listener listener = {.user = told,
                                         .started = on_started,
                                         .start_failed = on_start_failed,
                                         .failed = on_failed,
                                         .stopped = on_stopped,
                                         .file = on_file,
                                         .storage_low = on_low};
    struct pipeline_config config = {.mains_hz = 50};
    struct pipeline_listener none = {0};

    *state = told;
    strcpy(told->data_dir, "/tmp/recorder-XXXXXX");
    uv_loop_init(&told->loop);
    told->pipeline = pipeline_create(&config, &none);
    if (!mkdtemp(told->data_dir) || !told->pipeline)
        return -1;
    told->recorder = recorder_create(
        &told->loop, &(struct recorder_config){.data_dir = told->data_dir, .backend = "simulated"},
        &listener, &told->failure);
    return told->recorder ? 0 : -1;
}

static int tear_down(void **state)
{
    struct told *told = *state;
    struct failure failure;

    if (!told->done)
        recorder_shutdown(told->recorder, on_done, told);
    uv_run(&told->loop, UV_RUN_DEFAULT);
    if (told->id[0] && !told->deleted)
        session_delete(told->data_dir, told->id, &failure);
    pipeline_destroy(told->pipeline);
    int left = uv_loop_close(&told->loop) || rmdir(told->data_dir) || !told->done;
    free(told);
    return left;
}

static bool start(struct told *told, double duration, unsigned formats)
{
    struct recording_request request = {
        .sensors = SENSOR_SET_ALL, .duration = duration, .formats = formats};
    struct recording_band band = {.name = "LXB-0263003F",
                                  .address = "AA:BB:CC:DD:EE:FF",
                                  .firmware = "",
                                  .anchor = {now_boot_us(), now_utc_us()},
                                  .flowing = SENSOR_SET_ALL,
                                  .battery = 50,
                                  .pipeline = told->pipeline};

    pipeline_link_up(told->pipeline, band.anchor);
    return recorder_start(told->recorder, &request, &band, 1, &told->failure);
}

static void run_until(struct told *told, const char *word)
{
    while (!strstr(told->words, word) && uv_run(&told->loop, UV_RUN_ONCE))
        continue;
}

static void a_second_recording_at_once_is_busy(void **state)
{
    struct told *told = *state;

    assert_true(start(told, 0, FORMAT_CSV));
    assert_false(start(told, 0, FORMAT_CSV));
    assert_int_equal(told->failure.code, ERROR_BUSY);
    run_until(told, "started");
    recorder_stop(told->recorder, RECORDING_END_USER_REQUEST);
    assert_false(recorder_is_recording(told->recorder));
    run_until(told, "user_request");
    assert_string_equal(told->words, "started user_request ");
}

static void nothing_is_told_before_the_function_returns(void **state)
{
    struct told *told = *state;

    assert_true(start(told, 0, FORMAT_CSV));
    assert_string_equal(told->words, "");
    recorder_stop(told->recorder, RECORDING_END_DEVICE_DISCONNECTED);
    assert_string_equal(told->words, "");
    run_until(told, "device_disconnected");
    assert_string_equal(told->words, "started device_disconnected ");
}

static void a_duration_ends_it(void **state)
{
    struct told *told = *state;

    assert_true(start(told, 0.3, FORMAT_CSV));
    run_until(told, "duration");
    assert_string_equal(told->words, "started duration ");
    assert_that(recorder_status(told->recorder)->duration, >=, 0.3);
}

static void a_recording_without_samples_has_no_bdf(void **state)
{
    struct told *told = *state;

    assert_true(start(told, 0, FORMAT_DEFAULT));
    recorder_stop(told->recorder, RECORDING_END_USER_REQUEST);
    run_until(told, "file");
    assert_string_equal(told->words, "started user_request file_failed ");
}

static void a_shutdown_stops_what_runs(void **state)
{
    struct told *told = *state;

    assert_true(start(told, 0, FORMAT_CSV));
    recorder_shutdown(told->recorder, on_done, told);
    uv_run(&told->loop, UV_RUN_DEFAULT);
    assert_true(told->done);
    assert_string_equal(told->words, "started shutdown ");
}

static void on_listed(void *user, const struct session_summary *sessions, size_t count, bool more)
{
    struct told *told = user;

    assert_false(more);
    told->listed = count;
    if (count)
        assert_string_equal(sessions[0].id, told->id);
    tell(told, "listed");
}

static void on_deleted(void *user, const char *id, const struct failure *failure)
{
    struct told *told = user;

    (void)id;
    assert_null(failure);
    told->deleted = true;
    tell(told, "deleted");
}

static void a_running_session_is_listed_but_not_deleted(void **state)
{
    struct told *told = *state;

    assert_true(start(told, 0, FORMAT_CSV));
    run_until(told, "started");
    assert_true(recorder_list(told->recorder, 20, NULL, on_listed, told, &told->failure));
    run_until(told, "listed");
    assert_int_equal(told->listed, 1);
    assert_false(recorder_delete(told->recorder, told->id, on_deleted, told, &told->failure));
    assert_int_equal(told->failure.code, ERROR_BUSY);
    recorder_stop(told->recorder, RECORDING_END_USER_REQUEST);
    uv_run(&told->loop, UV_RUN_DEFAULT);
    assert_true(recorder_delete(told->recorder, told->id, on_deleted, told, &told->failure));
    run_until(told, "deleted");
    assert_false(recorder_delete(told->recorder, "../etc", on_deleted, told, &told->failure));
    assert_int_equal(told->failure.code, ERROR_INVALID_PARAMETERS);
}

static void lists_at_once_are_bounded(void **state)
{
    struct told *told = *state;

    for (int i = 0; i < RECORDER_ASIDE_MAX; i++)
        assert_true(recorder_list(told->recorder, 50, NULL, on_listed, told, &told->failure));
    assert_false(recorder_list(told->recorder, 50, NULL, on_listed, told, &told->failure));
    assert_int_equal(told->failure.code, ERROR_BUSY);
    uv_run(&told->loop, UV_RUN_DEFAULT);
    for (int i = 0; i < RECORDER_ASIDE_MAX; i++)
        assert_memory_equal(told->words + i * strlen("listed "), "listed ", strlen("listed "));
    assert_int_equal(strlen(told->words), RECORDER_ASIDE_MAX * strlen("listed "));
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_second_recording_at_once_is_busy),
        STORY(nothing_is_told_before_the_function_returns),
        STORY(a_duration_ends_it),
        STORY(a_recording_without_samples_has_no_bdf),
        STORY(a_shutdown_stops_what_runs),
        STORY(a_running_session_is_listed_but_not_deleted),
        STORY(lists_at_once_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
