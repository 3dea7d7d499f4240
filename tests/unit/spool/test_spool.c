#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../take_away.h"

#include "base/now.h"
#include "spool/segment.h"
#include "spool/spool.h"
#include "store.h"

#define SECOND INT64_C(1000000)

struct world {
    uv_loop_t loop;
    char dir[64];
    struct spool *spool;
    struct pipeline *pipeline;
    int64_t now;
    bool closed;
};

static const char *const names[] = {"LXB-0000000A", "LXB-0000000B"};

static bool band_of(void *user, unsigned device, struct recording_band *band)
{
    struct world *w = user;

    *band = (struct recording_band){.name = names[device],
                                    .address = "AA:BB:CC:DD:EE:01",
                                    .firmware = "",
                                    .anchor = {.boot_us = w->now, .utc_us = 1000 * SECOND + w->now},
                                    .pipeline = w->pipeline,
                                    .battery = -1};
    return true;
}

static void open_spool(struct world *w)
{
    const struct spool_config config = {.dir = w->dir, .hours = 1, .megabytes = 16};
    const struct spool_owner owner = {w, band_of};
    struct failure failure = {0};

    w->spool = spool_create(&w->loop, &config, &owner, &failure);
    assert_string_equal(failure.message, "");
    assert_non_null(w->spool);
}

static void on_closed(void *user)
{
    ((struct world *)user)->closed = true;
}

static void close_spool(struct world *w)
{
    w->closed = false;
    spool_close(w->spool, on_closed, w);
    while (!w->closed)
        uv_run(&w->loop, UV_RUN_ONCE);
    w->spool = NULL;
}

static int world_open(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    const struct pipeline_config config = {.mains_hz = 50};
    const struct pipeline_listener deaf = {0};

    uv_loop_init(&w->loop);
    snprintf(w->dir, sizeof(w->dir), "/tmp/spool_XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    w->pipeline = pipeline_create(&config, &deaf);
    w->now = now_boot_us();
    open_spool(w);
    *state = w;
    return 0;
}

static int world_close(void **state)
{
    struct world *w = *state;

    if (w->spool)
        close_spool(w);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    take_away(w->dir);
    pipeline_destroy(w->pipeline);
    free(w);
    return 0;
}

/* A packet holds its own count in its first bytes. */
static void send_packet(struct world *w, unsigned device, uint32_t count)
{
    uint8_t bytes[20];
    const struct packet packet = {
        .sensor = SENSOR_EEG, .arrival_us = w->now, .bytes = bytes, .len = sizeof(bytes)};

    memset(bytes, 0, sizeof(bytes));
    memcpy(bytes, &count, sizeof(count));
    spool_packet(w->spool, device, &packet);
}

static void link_up(struct world *w, unsigned device)
{
    const struct clock_anchor anchor = {w->now, 1000 * SECOND + w->now};

    spool_link_up(w->spool, device, &anchor);
}

/* ---- what the folder holds */

struct found {
    uint64_t first, next; /* of all segments, in their order */
    int segments, ended, packets, events, markers, links, holes;
    uint32_t count; /* of the next packet */
};

static void read_line(struct found *found, struct segment_place *place, const char *line)
{
    static struct capture_record record;
    uint32_t count;

    assert_null(capture_parse(line, &record));
    if (!segment_read(place, line))
        return;
    found->links += record.kind == CAPTURE_LINK_UP || record.kind == CAPTURE_LINK_DOWN;
    found->markers += record.kind == CAPTURE_MARKER;
    found->events += strncmp(line, "#! event {", 10) == 0;
    if (record.kind != CAPTURE_PACKET)
        return;
    memcpy(&count, record.packet.bytes, sizeof(count));
    assert_int_equal(count, found->count++);
    found->packets++;
}

static void read_segment(struct found *found, const char *path, uint64_t first)
{
    struct segment_place place = {0};
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    while (getline(&line, &room, file) > 0)
        read_line(found, &place, line);
    fclose(file);
    free(line);
    if (found->segments++ == 0)
        found->first = first;
    else
        found->holes += found->next != first;
    found->ended += place.ended;
    found->next = place.next;
}

static void read_all(const struct world *w, unsigned device, struct found *found)
{
    struct dirent **entries;
    char folder[160], path[512];
    unsigned long long first;

    snprintf(folder, sizeof(folder), "%s/bands/%s", w->dir, names[device]);
    const int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        if (sscanf(entries[i]->d_name, "%20llu.lbcap", &first) == 1)
            read_segment(found, path, first);
        free(entries[i]);
    }
    free(entries);
}

/* ---- stories */

static void every_record_is_there_once_in_segments_of_a_minute(void **state)
{
    struct world *w = *state;
    struct found found[2] = {{0}, {0}};

    link_up(w, 0);
    link_up(w, 1);
    for (uint32_t i = 0; i < 1800; i++) {
        w->now += SECOND / 10;
        send_packet(w, 0, i);
        if (i % 2 == 0)
            send_packet(w, 1, i / 2);
        if (i == 700)
            spool_marker(w->spool, SPOOL_ALL_BANDS, 1000.5, "eyes closed");
        if (i == 900)
            spool_event(w->spool, names[1], "{\"event_type\":\"x\"}", 18);
    }
    spool_link_down(w->spool, 0, w->now);
    close_spool(w);
    for (unsigned device = 0; device < 2; device++) {
        read_all(w, device, &found[device]);
        assert_int_equal(found[device].first, 1);
        assert_int_equal(found[device].holes, 0);
        assert_int_equal(found[device].ended, found[device].segments);
        assert_int_equal(found[device].markers, 1);
        assert_int_equal(found[device].packets, device == 0 ? 1800 : 900);
        assert_int_equal(found[device].events, device);
        assert_int_equal(found[device].links, device == 0 ? 2 : 1);
        assert_in_range(found[device].segments, 3, 4);
    }
}

static void numbers_go_on_in_the_next_run(void **state)
{
    struct world *w = *state;
    struct found found = {0};

    for (uint32_t run = 0; run < 3; run++) {
        link_up(w, 0);
        for (uint32_t i = 0; i < 10; i++)
            send_packet(w, 0, 10 * run + i);
        close_spool(w);
        open_spool(w);
    }
    read_all(w, 0, &found);
    assert_int_equal(found.segments, 3);
    assert_int_equal(found.holes, 0);
    assert_int_equal(found.packets, 30);
    assert_int_equal(found.next, 34);
}

/* As a power cut leaves it: the last line, and who knows what before it, is not there. */
static void after_an_end_that_was_none_no_number_is_given_again(void **state)
{
    struct world *w = *state;
    struct found found = {0};
    char path[256];

    link_up(w, 0);
    for (uint32_t i = 0; i < 10; i++)
        send_packet(w, 0, i);
    close_spool(w);
    snprintf(path, sizeof(path), "%s/bands/%s/%020d.lbcap", w->dir, names[0], 1);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(truncate(path, info.st_size - 30), 0);
    open_spool(w);
    link_up(w, 0);
    send_packet(w, 0, 0);
    close_spool(w);
    snprintf(path, sizeof(path), "%s/bands/%s/%020d.lbcap", w->dir, names[0], 11 + SPOOL_LEAP);
    read_segment(&found, path, 11 + SPOOL_LEAP);
    assert_int_equal(found.packets, 1);
    assert_int_equal(found.next, 13 + SPOOL_LEAP);
}

/* Erased by hand, the newest first; a reader knows how far it was. */
static void what_a_reader_has_had_is_not_numbered_again(void **state)
{
    struct world *w = *state;
    struct found found = {0};
    char path[256];

    link_up(w, 0);
    for (uint32_t i = 0; i < 10; i++)
        send_packet(w, 0, i);
    close_spool(w);
    snprintf(path, sizeof(path), "%s/cursors/uplink", w->dir);
    FILE *cursor = fopen(path, "w");
    assert_non_null(cursor);
    fprintf(cursor, "%s 12\n", names[0]);
    fclose(cursor);
    snprintf(path, sizeof(path), "%s/bands/%s/%020d.lbcap", w->dir, names[0], 1);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/bands/%s", w->dir, names[0]);
    assert_int_equal(rmdir(path), 0);
    open_spool(w);
    link_up(w, 0);
    send_packet(w, 0, 0);
    close_spool(w);
    read_all(w, 0, &found);
    assert_int_equal(found.first, 12 + SPOOL_LEAP);
    assert_int_equal(found.packets, 1);
}

/* A file stands where the band's folder has to be. */
static void what_a_disk_does_not_take_is_written_later(void **state)
{
    struct world *w = *state;
    struct found found = {0};
    char path[160];

    snprintf(path, sizeof(path), "%s/bands/%s", w->dir, names[0]);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    link_up(w, 0);
    for (uint32_t i = 0; i < 1000; i++) {
        w->now += SECOND / 10;
        send_packet(w, 0, i);
    }
    while (!spool_usage(w->spool)->problem)
        uv_run(&w->loop, UV_RUN_ONCE);
    assert_non_null(strstr(spool_usage(w->spool)->problem, names[0]));
    assert_int_equal(unlink(path), 0);
    while (spool_usage(w->spool)->problem)
        uv_run(&w->loop, UV_RUN_ONCE);
    close_spool(w);
    read_all(w, 0, &found);
    assert_int_equal(found.holes, 0);
    assert_int_equal(found.packets, 1000);
}

/* Far more than may wait, and nothing written meanwhile: what was left out is a hole in the
 * numbers, as wide as was counted. */
static void a_full_queue_leaves_a_hole_as_wide_as_it_tells(void **state)
{
    struct world *w = *state;
    struct found found = {0};
    uint32_t sent = 0;

    link_up(w, 0);
    do {
        send_packet(w, 0, sent++);
        w->now += 1000;
    } while (spool_usage(w->spool)->lost_records < 5 && sent < 2000000);
    const uint64_t lost = spool_usage(w->spool)->lost_records;
    assert_int_equal(lost, 5);
    close_spool(w);
    read_all(w, 0, &found);
    assert_int_equal(found.packets + lost, sent);
    assert_int_equal(found.next, 1 + 1 + sent - lost);
}

static void a_second_daemon_is_refused(void **state)
{
    struct world *w = *state;
    const struct spool_config config = {.dir = w->dir, .hours = 1, .megabytes = 16};
    const struct spool_owner owner = {w, band_of};
    struct failure failure = {0};

    assert_null(spool_create(&w->loop, &config, &owner, &failure));
    assert_non_null(strstr(failure.message, "another linkbandd writes there"));
}

#define story(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        story(every_record_is_there_once_in_segments_of_a_minute),
        story(numbers_go_on_in_the_next_run),
        story(after_an_end_that_was_none_no_number_is_given_again),
        story(what_a_reader_has_had_is_not_numbered_again),
        story(what_a_disk_does_not_take_is_written_later),
        story(a_full_queue_leaves_a_hole_as_wide_as_it_tells),
        story(a_second_daemon_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
