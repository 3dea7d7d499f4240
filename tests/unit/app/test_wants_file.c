/* What is wanted of one band is written as it ever was, of several a section each; and read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/wants_file.h"

#define HEAD "; What linkbandd takes up again if it dies. Gone after a clean stop.\nbackend = sim\n"
#define ONE                                                                                        \
    "name = LXB-1\naddress = AA:BB:CC:DD:EE:01\nsensors = eeg ppg\nsample_rate = 125\n"            \
    "duration = 60.000000\nuntil = 1764000060000000\nsince = 1764000000000000\n"
#define OTHER                                                                                      \
    "name = LXB-2\naddress = AA:BB:CC:DD:EE:02\nsensors =\nsample_rate = 0\nduration = 0.000000\n" \
    "until = 0\nsince = 0\n"

static const struct manager_wants none;
static const struct manager_wants one = {
    .band = {"LXB-1", "AA:BB:CC:DD:EE:01"},
    .sensors = SENSOR_BIT(SENSOR_EEG) | SENSOR_BIT(SENSOR_PPG),
    .sample_rate = 125,
    .seconds = 60,
    .until_utc_us = INT64_C(1764000060000000),
    .since_utc_us = INT64_C(1764000000000000),
};
static const struct manager_wants other = {.band = {"LXB-2", "AA:BB:CC:DD:EE:02"}};

static struct {
    char directory[512], path[520], text[8192];
    uv_loop_t loop;
    struct wants_file *file;
} disk;

static int open_disk(void **state)
{
    struct failure failure;

    (void)state;
    const char *tmp = getenv("TMPDIR");

    snprintf(disk.directory, sizeof(disk.directory), "%s/wants-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(disk.directory) || uv_loop_init(&disk.loop) != 0)
        return -1;
    snprintf(disk.path, sizeof(disk.path), "%s/wants", disk.directory);
    disk.file = wants_file_create(&disk.loop, disk.directory, "sim", &failure);
    return disk.file ? 0 : -1;
}

static int close_disk(void **state)
{
    (void)state;
    wants_file_destroy(disk.file);
    unlink(disk.path);
    rmdir(disk.directory);
    return uv_loop_close(&disk.loop);
}

static void save(unsigned device, const struct manager_wants *wants)
{
    wants_file_save(disk.file, device, wants);
    uv_run(&disk.loop, UV_RUN_DEFAULT);
}

static const char *written(void)
{
    FILE *in = fopen(disk.path, "r");
    size_t len = 0;

    if (in)
        len = fread(disk.text, 1, sizeof(disk.text) - 1, in);
    disk.text[len] = '\0';
    if (in)
        fclose(in);
    return disk.text;
}

static void write_by_hand(const char *text)
{
    FILE *out = fopen(disk.path, "w");

    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static void assert_same(const struct manager_wants *a, const struct manager_wants *b)
{
    assert_string_equal(a->band.name, b->band.name);
    assert_string_equal(a->band.address, b->band.address);
    assert_int_equal(a->sensors, b->sensors);
    assert_int_equal(a->sample_rate * 1000, b->sample_rate * 1000);
    assert_int_equal(a->seconds * 1000, b->seconds * 1000);
    assert_int_equal(a->until_utc_us, b->until_utc_us);
    assert_int_equal(a->since_utc_us, b->since_utc_us);
}

static void one_band_stands_in_the_head_whatever_its_place(void **state)
{
    (void)state;
    save(0, &one);
    assert_string_equal(written(), HEAD ONE);
    save(0, &none);
    assert_string_equal(written(), "");
    save(5, &one);
    assert_string_equal(written(), HEAD ONE);
}

static void several_have_a_section_each_and_are_read_again(void **state)
{
    struct manager_wants left[MANAGER_DEVICES_MAX] = {0};

    (void)state;
    save(0, &one);
    save(7, &other);
    assert_string_equal(written(), HEAD ONE "[band 2]\n" OTHER);
    assert_int_equal(wants_file_load(disk.file, left), 2);
    assert_same(&left[0], &one);
    assert_same(&left[1], &other);
    save(0, &none);
    assert_string_equal(written(), HEAD OTHER);
}

static void the_longest_names_of_all_places_fit(void **state)
{
    struct manager_wants left[MANAGER_DEVICES_MAX], long_named = one;

    (void)state;
    memset(long_named.band.name, 'x', sizeof(long_named.band.name) - 1);
    long_named.sensors = SENSOR_SET_ALL;
    for (unsigned device = 0; device < MANAGER_DEVICES_MAX; device++)
        save(device, &long_named);
    assert_int_equal(wants_file_load(disk.file, left), MANAGER_DEVICES_MAX);
    assert_same(&left[MANAGER_DEVICES_MAX - 1], &long_named);
}

static void what_no_daemon_wrote_is_not_taken_up(void **state)
{
    static const char *const texts[] = {
        HEAD ONE "[band 9]\n" OTHER,
        HEAD ONE "[band 3]\n" OTHER,
        HEAD ONE "[band 1]\n" OTHER,
        HEAD ONE "[bonds]\n" OTHER,
        HEAD,
    };
    struct manager_wants left[MANAGER_DEVICES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        write_by_hand(texts[i]);
        assert_int_equal(wants_file_load(disk.file, left), 0);
    }
    write_by_hand("backend = bluez\n" ONE);
    assert_int_equal(wants_file_load(disk.file, left), 0);
    write_by_hand(HEAD ONE);
    assert_int_equal(wants_file_load(disk.file, left), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_band_stands_in_the_head_whatever_its_place, open_disk,
                                        close_disk),
        cmocka_unit_test_setup_teardown(several_have_a_section_each_and_are_read_again, open_disk,
                                        close_disk),
        cmocka_unit_test_setup_teardown(the_longest_names_of_all_places_fit, open_disk, close_disk),
        cmocka_unit_test_setup_teardown(what_no_daemon_wrote_is_not_taken_up, open_disk,
                                        close_disk),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
