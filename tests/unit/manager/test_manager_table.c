/*
 * Each command in each state: what is told, in which order. The expectation is the table of
 * docs/state-machine.md itself, read row by row, so that the page can't say what isn't so. With
 * --markdown the table is printed as it is, to be judged by a person before it goes there.
 */
#include <stdlib.h>
#include <string.h>

#include "world.h"

#define ROW_MAX 1024

static void idle(struct world *w)
{
    forget_log(w);
}

static void bluetooth_off(struct world *w)
{
    set_bluetooth(w, false);
}

static void scanning(struct world *w)
{
    ask_scan(w, 5);
    run(w, 0.1);
}

static void connecting(struct world *w)
{
    ask_connect(w);
    run(w, 0.1);
}

static void starting(struct world *w)
{
    get_connected(w);
    ask_start(w, EEG, 0, 0);
    run(w, 0.1);
}

static void streaming(struct world *w)
{
    get_streaming(w, EEG);
}

static void disconnecting(struct world *w)
{
    get_streaming(w, EEG);
    ask_disconnect(w);
    run(w, 0.1);
}

static void waiting(struct world *w)
{
    get_waiting(w, 0);
}

static void waiting_with_stream(struct world *w)
{
    get_waiting(w, EEG);
}

static void waiting_bluetooth_off(struct world *w)
{
    get_streaming(w, EEG);
    set_bluetooth(w, false);
    lose_link(w, LINK_END_BLUETOOTH);
    run(w, 1);
}

static const struct {
    const char *name;
    void (*reach)(struct world *w);
} states[] = {
    {"idle", idle},
    {"Bluetooth off", bluetooth_off},
    {"scanning", scanning},
    {"connecting", connecting},
    {"connected", get_connected},
    {"starting", starting},
    {"streaming", streaming},
    {"disconnecting", disconnecting},
    {"waiting", waiting},
    {"waiting, stream to resume", waiting_with_stream},
    {"waiting, Bluetooth off", waiting_bluetooth_off},
};

static void scan(struct world *w)
{
    ask_scan(w, 3);
}

static void connect_other(struct world *w)
{
    ask_connect_to(w, w->bands[w->band_count].identity.address, NULL);
}

static void start_eeg(struct world *w)
{
    ask_start(w, EEG, 0, 0);
}

static void start_ppg(struct world *w)
{
    ask_start(w, PPG, 0, 0);
}

static const struct {
    const char *name;
    void (*ask)(struct world *w);
} commands[] = {
    {"scan", scan},
    {"stop_scan", ask_stop_scan},
    {"connect", ask_connect},
    {"connect another", connect_other},
    {"disconnect", ask_disconnect},
    {"start eeg", start_eeg},
    {"start ppg", start_ppg},
    {"stop", ask_stop},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Where the band is the second of two what the first is told is left out, and so is the number of
 * the second's place. NULL: it is left out. */
static const char *told(const struct world *w, size_t line)
{
    const char *text = w->lines[line];

    if (strstr(text, "data "))
        return NULL;
    if (w->band_count == 1 || text[1] != ' ')
        return text;
    return text[0] == '1' ? NULL : text + 2;
}

/* What is told from the command on; the band is there, and answers to everything. */
static void walk(struct world *w, size_t state, size_t command, char *row)
{
    size_t len;

    states[state].reach(w);
    forget_log(w);
    w->band->absent = commands[command].ask == connect_other;
    commands[command].ask(w);
    /* Long enough for what the command sets going; a band that is not there takes 20 s. */
    run(w, commands[command].ask == connect_other ? 19.9 : 7);
    len = (size_t)snprintf(row, ROW_MAX, "| %s | %s |", states[state].name, commands[command].name);
    for (size_t i = 0; i < w->line_count; i++) {
        if (told(w, i))
            len += (size_t)snprintf(row + len, ROW_MAX - len, " %s ·", told(w, i));
        assert_that(len, <, ROW_MAX - 3);
    }
    /* The last dot becomes the row's end. */
    while (row[len - 1] != '|' && row[len - 1] != ' ')
        len--;
    snprintf(row + len, ROW_MAX - len, "%s", row[len - 1] == ' ' ? "|" : "");
}

/* Connected it tells nobody that it is in the air. */
static void let_another_stream(struct world *w)
{
    get_streaming(w, EEG | PPG);
    w->band->absent = true;
    turn_to(w, 2);
}

static void walk_afresh(bool second, size_t state, size_t command, char *row)
{
    void *world = NULL;

    assert_int_equal(second ? world_open_for(&world, 2, 2) : world_open(&world), 0);
    if (second)
        let_another_stream(world);
    walk(world, state, command, row);
    assert_int_equal(world_close(&world), 0);
}

/* The page's last table is ours: from its head on every row counts. */
static void find_table(FILE *page)
{
    char line[ROW_MAX];

    while (fgets(line, sizeof(line), page) && strncmp(line, "| state | command |", 19) != 0)
        ;
    assert_non_null(fgets(line, sizeof(line), page));
}

static void hold_to_table(bool second)
{
    FILE *table = fopen(TABLE, "r");
    char line[ROW_MAX], row[ROW_MAX];
    size_t cell = 0;

    assert_non_null(table);
    find_table(table);
    while (fgets(line, sizeof(line), table)) {
        line[strcspn(line, "\n")] = '\0';
        assert_that(cell, <, COUNT(states) * COUNT(commands));
        walk_afresh(second, cell / COUNT(commands), cell % COUNT(commands), row);
        assert_string_equal(row, line);
        cell++;
    }
    fclose(table);
    assert_int_equal(cell, COUNT(states) * COUNT(commands));
}

static void the_documented_table_is_what_happens(void **unused)
{
    (void)unused;
    hold_to_table(false);
}

/* Of a second band, too, while the first streams. */
static void the_table_is_that_of_each_band(void **unused)
{
    (void)unused;
    hold_to_table(true);
}

static void print_table(void **unused)
{
    char row[ROW_MAX];

    (void)unused;
    for (size_t cell = 0; cell < COUNT(states) * COUNT(commands); cell++) {
        walk_afresh(false, cell / COUNT(commands), cell % COUNT(commands), row);
        printf("%s\n", row);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest check[] = {cmocka_unit_test(the_documented_table_is_what_happens),
                                       cmocka_unit_test(the_table_is_that_of_each_band)};
    const struct CMUnitTest print[] = {cmocka_unit_test(print_table)};

    if (argc > 1 && strcmp(argv[1], "--markdown") == 0)
        return cmocka_run_group_tests(print, NULL, NULL);
    return cmocka_run_group_tests(check, NULL, NULL);
}
