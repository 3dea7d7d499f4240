#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "../take_away.h"

#include "lead.h"
#include "source.h"

#define BEFORE (LEAD_LEG_RECORDS - 3)

static char spool[64];

static int make_spool(void **state)
{
    char path[128];

    (void)state;
    snprintf(spool, sizeof(spool), "/tmp/source_XXXXXX");
    if (!mkdtemp(spool))
        return -1;
    snprintf(path, sizeof(path), "%s/bands", spool);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/bands/LXB-1", spool);
    return mkdir(path, 0700);
}

static int unmake_spool(void **state)
{
    (void)state;
    take_away(spool);
    return 0;
}

/* Three records, a second apart, that were written at `written_s`. */
static void put(unsigned first, unsigned minute, time_t written_s)
{
    const struct timespec times[] = {{.tv_sec = written_s}, {.tv_sec = written_s}};
    char path[128];

    snprintf(path, sizeof(path), "%s/bands/LXB-1/%020u.lbcap", spool, first);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file,
            "# linkband capture v2\n#! start 2026-11-24T09:%02u:00.000000Z\n#! record %u\n"
            "0.100000 eeg 01\n1.100000 eeg 02\n2.100000 eeg 03\n#! end\n",
            minute, first);
    fclose(file);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static enum source_pulled pull(struct source *source)
{
    struct status status = {0};
    struct batch batch = {0};
    const enum source_pulled pulled = source_pull(source, &batch, &status);

    if (pulled == SOURCE_BATCH)
        buffer_finish(&batch.text);
    return pulled;
}

/* Else a band whose link is up would be unknown whenever a leg begins. */
static void how_long_ago_a_lead_was_written_says_nothing_of_the_band(void **state)
{
    struct source source;
    int leads = 0;

    (void)state;
    put(BEFORE, 0, 1000);
    assert_true(source_open(&source, spool, "LXB-1", BEFORE, PUBLISH_BIT(PUBLISH_SAMPLES), 50));
    while (pull(&source) != SOURCE_NOTHING)
        ;
    assert_int_equal(source_next(&source), LEAD_LEG_RECORDS);
    assert_int_equal(source_written_s(&source), 1000);
    put(LEAD_LEG_RECORDS, 1, 2000);
    for (; pull(&source) == SOURCE_LEAD; leads++)
        assert_int_equal(source_written_s(&source), 2000);
    assert_int_equal(leads, 4); /* the leg's first batch, which comes again, and the three before */
    assert_int_equal(source_written_s(&source), 2000);
    source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(how_long_ago_a_lead_was_written_says_nothing_of_the_band,
                                        make_spool, unmake_spool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
