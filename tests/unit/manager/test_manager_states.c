/*
 * The drawings of docs/state-machine.md against the tables of lawful steps: each arrow is one, and
 * each step is drawn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../assert_that.h"
#include "states.h"

#define STATES_MAX 8

struct drawing {
    bool arrow[STATES_MAX][STATES_MAX];
    int arrows;
};

static unsigned state_of(enum states_of of, const char *name)
{
    unsigned state = 0;

    while (state_name(of, state) && strcmp(state_name(of, state), name) != 0)
        state++;
    if (!state_name(of, state))
        fail_msg("the page draws `%s`, which is no state", name);
    return state;
}

/* The n-th drawing of the page: its lines `from --> to: why`; [*] leads to where all begins. */
static void read_drawing(enum states_of of, struct drawing *drawing)
{
    FILE *page = fopen(PAGE, "r");
    char line[512], from[32], to[32];
    int at = -1;

    assert_non_null(page);
    memset(drawing, 0, sizeof(*drawing));
    while (fgets(line, sizeof(line), page)) {
        at += strncmp(line, "stateDiagram", 12) == 0;
        if (at != (int)of || sscanf(line, " %31s --> %31[a-z]", from, to) != 2)
            continue;
        if (strcmp(from, "[*]") == 0)
            assert_int_equal(state_of(of, to), 0);
        else {
            drawing->arrow[state_of(of, from)][state_of(of, to)] = true;
            drawing->arrows++;
        }
    }
    fclose(page);
}

static void check(enum states_of of)
{
    struct drawing drawing;

    read_drawing(of, &drawing);
    assert_that(drawing.arrows, >, 5);
    for (unsigned from = 0; state_name(of, from); from++) {
        for (unsigned to = 0; state_name(of, to); to++) {
            if (from != to && drawing.arrow[from][to] != state_leads_to(of, from, to))
                fail_msg("%s to %s: %s", state_name(of, from), state_name(of, to),
                         drawing.arrow[from][to] ? "drawn, and no step" : "a step, and not drawn");
        }
    }
}

static void test_the_link_s_drawing_has_its_steps(void **state)
{
    (void)state;
    check(STATES_LINK);
}

static void test_the_radio_s_drawing_has_its_steps(void **state)
{
    (void)state;
    check(STATES_RADIO);
}

static void test_the_stream_s_drawing_has_its_steps(void **state)
{
    (void)state;
    check(STATES_STREAM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_link_s_drawing_has_its_steps),
        cmocka_unit_test(test_the_radio_s_drawing_has_its_steps),
        cmocka_unit_test(test_the_stream_s_drawing_has_its_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
