/* A client that rests may send a burst, one that doesn't only the rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "allowance.h"

static int spend(struct allowance *allowance, int tries, uint64_t now)
{
    int granted = 0;

    for (int i = 0; i < tries; i++)
        granted += allowance_spend(allowance, 100, 500, now);
    return granted;
}

static void test_a_burst_is_granted_once(void **state)
{
    struct allowance allowance;

    (void)state;
    allowance_init(&allowance, 500, 1000);
    assert_int_equal(spend(&allowance, 700, 1000), 500);
    assert_int_equal(spend(&allowance, 10, 1000), 0);
}

static void test_it_fills_at_the_rate_and_no_further_than_the_burst(void **state)
{
    struct allowance allowance;

    (void)state;
    allowance_init(&allowance, 500, 0);
    spend(&allowance, 500, 0);
    assert_int_equal(spend(&allowance, 100, 9), 0);
    assert_int_equal(spend(&allowance, 100, 10), 1);
    assert_int_equal(spend(&allowance, 1000, 1010), 100);
    assert_int_equal(spend(&allowance, 1000, 1000000), 500);
}

static void test_over_an_hour_the_rate_is_exact(void **state)
{
    struct allowance allowance;
    int granted = 0;

    (void)state;
    allowance_init(&allowance, 500, 0);
    for (uint64_t ms = 0; ms < 3600 * 1000; ms++)
        granted += spend(&allowance, 2, ms);
    /* 500 of the burst, 100 a second of the rest; doubles round at most one away. */
    assert_in_range(granted, 500 + 360000 - 2, 500 + 360000);
}

static void test_a_debt_is_paid_at_the_rate(void **state)
{
    struct allowance allowance;

    (void)state;
    allowance_init(&allowance, 500, 0);
    assert_true(allowance_charge(&allowance, 500, 100, 500, 0));
    assert_false(allowance_charge(&allowance, 1000, 100, 500, 0));
    assert_false(allowance_charge(&allowance, 0, 100, 500, 9990));
    assert_true(allowance_charge(&allowance, 0, 100, 500, 10000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_burst_is_granted_once),
        cmocka_unit_test(test_it_fills_at_the_rate_and_no_further_than_the_burst),
        cmocka_unit_test(test_a_debt_is_paid_at_the_rate),
        cmocka_unit_test(test_over_an_hour_the_rate_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
