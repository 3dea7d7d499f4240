/* A whole carrier with a server of the test's own, on a spool in /tmp. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../take_away.h"

#include "carrier.h"

#define SENT_MAX    32
#define PATIENCE_NS UINT64_C(60000000000)
#define MESSAGES    5

/* What make_spool() writes, as messages. */
static const char *const expected[MESSAGES] = {"raw/1", "raw/3", "event/3", "raw/5", "raw/6"};

static int left = -1; /* allocations until one is refused; below 0: none is */
static bool for_long; /* all after that one are, too */

/* In the place of libc's, by the linker's --wrap: of what is linked here. */
void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool refuse(void)
{
    if (left < 0 || left-- > 0)
        return false;
    if (for_long)
        left = 0;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refuse() ? NULL : __real_realloc(old, size);
}

/* ---- a server that takes everything */

struct server {
    struct driver base;
    struct driver_listener listener;
    uv_timer_t timer;
    bool up;
    char sent[SENT_MAX][WINDOW_ID_SIZE];
    size_t sent_count, acked_count;
    int refusals; /* of what it is told, that are to come */
    size_t told_count;
    char told[SENT_MAX][TOPIC_SIZE];
    void (*done)(void *user);
    void *done_user;
};

static struct server server;

static void on_server(uv_timer_t *timer)
{
    const struct driver_listener *listener = &server.listener;

    (void)timer;
    if (!server.up) {
        server.up = true;
        listener->up(listener->user);
    }
    while (server.acked_count < server.sent_count)
        listener->acked(listener->user, server.sent[server.acked_count++], false);
}

extern const struct driver_ops server_ops;

static struct driver *server_create(uv_loop_t *loop, const struct driver_options *options,
                                    const struct driver_listener *listener, struct failure *failure)
{
    (void)options;
    (void)failure;
    server = (struct server){.base = {&server_ops}, .listener = *listener};
    uv_timer_init(loop, &server.timer);
    return &server.base;
}

static void server_open(struct driver *driver)
{
    (void)driver;
    uv_timer_start(&server.timer, on_server, 0, 1);
}

static bool server_publish(struct driver *driver, const struct window_message *message)
{
    (void)driver;
    assert_true(server.sent_count < SENT_MAX);
    snprintf(server.sent[server.sent_count++], WINDOW_ID_SIZE, "%s", message->id);
    return true;
}

static bool server_tell(struct driver *driver, const char *subject, const char *text)
{
    (void)driver;
    assert_true(text[0]);
    if (server.refusals-- > 0)
        return false;
    assert_true(server.told_count < SENT_MAX);
    snprintf(server.told[server.told_count++], TOPIC_SIZE, "%s", subject);
    return true;
}

static void on_server_closed(uv_handle_t *handle)
{
    (void)handle;
    server.done(server.done_user);
}

static void server_destroy(struct driver *driver, void (*done)(void *user), void *user)
{
    (void)driver;
    server.done = done;
    server.done_user = user;
    uv_close((uv_handle_t *)&server.timer, on_server_closed);
}

const struct driver_ops server_ops = {.create = server_create,
                                      .open = server_open,
                                      .publish = server_publish,
                                      .tell = server_tell,
                                      .destroy = server_destroy};

/* ---- a spool */

static void write_file(const char *spool, const char *name, const char *text)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/%s", spool, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void make_folder(const char *spool, const char *name)
{
    char path[160];

    snprintf(path, sizeof(path), "%s/%s", spool, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* Four batches: records 1-2, 3-4, 5-5, 6-6, and events in the second. */
static void make_spool(char *spool)
{
    assert_non_null(mkdtemp(spool));
    make_folder(spool, "cursors");
    make_folder(spool, "bands");
    make_folder(spool, "bands/LXB-1");
    write_file(spool, "id", "0123456789abcdef0123456789abcdef\n");
    write_file(spool, "bands/LXB-1/00000000000000000001.lbcap",
               "# linkband capture v2\n#! record 1\n0.100000 eeg 01\n0.200000 eeg 02\n"
               "1.100000 eeg 03\n#! event {\"a\":1}\n2.100000 eeg 05\n3.100000 eeg 06\n#! end\n");
}

/* 0: the band is not in it. */
static uint64_t cursor(const char *spool)
{
    char path[160];
    unsigned long long next = 0;

    snprintf(path, sizeof(path), "%s/cursors/uplink", spool);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    if (fscanf(file, "LXB-1 %llu", &next) != 1)
        next = 0;
    fclose(file);
    return next;
}

static void on_stopped(void *user)
{
    *(bool *)user = true;
}

struct carrying {
    uv_loop_t loop;
    struct carrier *carrier;
    uint64_t until_ns;
};

static void begin(struct carrying *c, const char *spool)
{
    const struct carrier_options options = {
        .spool = spool,
        .cursor = "uplink",
        .site = "lab",
        .gateway = "g1",
        .home_assistant = "ha",
        .publish = PUBLISH_BIT(PUBLISH_RAW) | PUBLISH_BIT(PUBLISH_EVENT),
    };
    struct failure failure;

    uv_loop_init(&c->loop);
    c->carrier = carrier_create(&c->loop, &options, &server_ops, &failure);
    assert_non_null(c->carrier);
    c->until_ns = uv_hrtime() + PATIENCE_NS;
}

static void run(struct carrying *c)
{
    assert_true(uv_hrtime() < c->until_ns);
    uv_run(&c->loop, UV_RUN_ONCE);
}

static void end(struct carrying *c)
{
    bool stopped = false;

    carrier_stop(c->carrier, on_stopped, &stopped);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    assert_true(stopped);
    assert_int_equal(uv_loop_close(&c->loop), 0);
}

/* For each allocation that it asks for. */
static void a_batch_that_finds_no_memory_is_tried_again(void **state)
{
    bool asked = true;
    int n = 0;

    (void)state;
    for (for_long = false; asked; n++) {
        char spool[] = "/tmp/carrier_XXXXXX";
        struct carrying c;
        make_spool(spool);
        begin(&c, spool);
        left = n;
        while (server.acked_count < MESSAGES)
            run(&c);
        asked = left < 0;
        left = -1;
        end(&c);
        assert_int_equal(server.sent_count, MESSAGES);
        for (size_t i = 0; i < MESSAGES; i++)
            assert_string_equal(strstr(server.sent[i], "LXB-1/") + 6, expected[i]);
        assert_int_equal(cursor(spool), 7);
        take_away(spool);
    }
    assert_true(n > 10); /* what is read and what is sent ask for some */
}

static void the_cursor_waits_for_what_found_no_memory(void **state)
{
    static const uint64_t cursors[] = {1, 3, 3, 5, 6, 7}; /* by what was acknowledged */

    (void)state;
    for_long = true;
    for (int n = 0; server.acked_count < MESSAGES || n == 0; n++) {
        char spool[] = "/tmp/carrier_XXXXXX";
        struct carrying c;
        make_spool(spool);
        begin(&c, spool);
        left = n;
        for (int i = 0; i < 20; i++)
            run(&c);
        left = -1;
        end(&c);
        if (server.acked_count > 0)
            assert_int_equal(cursor(spool), cursors[server.acked_count]);
        else
            assert_in_range(cursor(spool), 0, 1);
        take_away(spool);
    }
}

static size_t times_told(const char *subject)
{
    size_t times = 0;

    for (size_t i = 0; i < server.told_count; i++)
        times += strcmp(server.told[i], subject) == 0;
    return times;
}

/* A connection is up before all of the driver is. */
static void what_a_server_is_told_and_does_not_take_is_told_again(void **state)
{
    static const char status[] = "linkband.v1.lab.g1.LXB-1.status";

    (void)state;
    for (int refusals = 0; refusals < 4; refusals++) {
        char spool[] = "/tmp/carrier_XXXXXX";
        struct carrying c;
        make_spool(spool);
        begin(&c, spool);
        server.refusals = refusals;
        while (times_told(status) == 0 || server.acked_count < MESSAGES)
            run(&c);
        end(&c);
        assert_int_equal(times_told("linkband.v1.lab.g1.status"), 1);
        assert_in_range(times_told("ha/binary_sensor/linkband_v1_lab_g1_LXB-1_link/config"), 1, 2);
        assert_int_equal(times_told("ha/sensor/linkband_v1_lab_g1_LXB-1_battery/config"), 1);
        take_away(spool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_that_finds_no_memory_is_tried_again),
        cmocka_unit_test(what_a_server_is_told_and_does_not_take_is_told_again),
        cmocka_unit_test(the_cursor_waits_for_what_found_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
