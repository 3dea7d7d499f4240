#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../assert_that.h"

#include "ble/sim.h"

static struct sim_options parsed(const char *text)
{
    struct sim_options options;
    struct failure failure;

    sim_options_init(&options);
    if (!sim_options_parse(text, &options, &failure))
        fail_msg("%s: %s", text, failure.message);
    return options;
}

static void nothing_given_is_a_healthy_band(void **state)
{
    struct sim_options options = parsed("");

    (void)state;
    assert_int_equal(options.rate, 250);
    assert_int_equal(options.bands, 1);
    assert_true(options.skip);
    assert_true(options.control);
    assert_true(options.loss == 0 && options.drop.at == 0 && options.jitter == 0);
    assert_that(options.speed, ==, 1);
}

static void values_arrive_where_they_belong(void **state)
{
    struct sim_options o = parsed(
        "rate=500,heart=61.5,hrv=20,seed=18446744073709551615,mains=60,skip=0,leadoff=0,"
        "battery=50,drain=3600,boot=4294967295,ppm=-40,bands=32,rssi=-90,absent=2.5,connectfail=3,"
        "bluetooth=none,off=1:2+9,radio=fast,loss=0.25,duplicate=0.5,jitter=60,drop=30:4,"
        "drop-at=10+20:2,reboot-at=7:1,silent=ppg:10:30+acc,stall=ppg:5,refuse=acc+bat,control=0,"
        "orderly=1,speed=100,truth=/tmp/a=b");

    (void)state;
    assert_int_equal(o.rate, 500);
    assert_true(o.heart == 61.5 && o.hrv == 20 && o.battery == 50 && o.drain == 3600);
    assert_true(o.seed == UINT64_MAX && o.boot == UINT32_MAX && o.ppm == -40);
    assert_int_equal(o.mains, 60);
    assert_false(o.skip || o.leadoff || o.control);
    assert_true(o.orderly);
    assert_int_equal(o.bands, 32);
    assert_int_equal(o.rssi, -90);
    assert_true(o.absent == 2.5 && o.connectfail == 3 && o.bluetooth == SIM_ADAPTER_NONE);
    assert_int_equal(o.adapter_off.count, 2);
    assert_true(o.adapter_off.moment[0].lasts == 2 && o.adapter_off.moment[1].lasts == 5);
    assert_true(o.radio_fast && o.loss == 0.25 && o.duplicate == 0.5 && o.jitter == 60);
    assert_true(o.drop.at == 30 && o.drop.lasts == 4);
    assert_int_equal(o.drops.count, 2);
    assert_true(o.drops.moment[1].at == 20 && o.drops.moment[1].lasts == 2);
    assert_true(o.reboots.moment[0].at == 7 && o.reboots.moment[0].lasts == 1);
    assert_true(o.silent[SENSOR_PPG].moment[0].at == 10 &&
                o.silent[SENSOR_PPG].moment[0].lasts == 30);
    assert_int_equal(o.silent[SENSOR_ACC].count, 1);
    assert_that(o.stall[SENSOR_PPG], ==, 5);
    assert_int_equal(o.refuse, SENSOR_BIT(SENSOR_ACC) | SENSOR_BIT(SENSOR_BAT));
    assert_that(o.speed, ==, 100);
    assert_string_equal(o.truth, "/tmp/a=b");
}

static void a_wrong_value_is_refused_with_what_is_allowed(void **state)
{
    static const struct {
        const char *text, *told;
    } table[] = {
        {"rate=300", "250 or 500"},
        {"heart=29", "30 to 220"},
        {"heart=nan", "30 to 220"},
        {"heart= 60", "30 to 220"},
        {"heart=0x40", "30 to 220"},
        {"heart=", "30 to 220"},
        {"heart", "30 to 220"},
        {"hrv=-1", "0 to 200"},
        {"seed=-1", "whole number"},
        {"seed=18446744073709551616", "whole number"},
        {"mains=55", "50 or 60"},
        {"skip=yes", "0 or 1"},
        {"battery=101", "0 to 100"},
        {"boot=4294967296", "4294967295"},
        {"bands=33", "0 to 32"},
        {"bands=1.5", "0 to 32"},
        {"rssi=1", "-120 to 0"},
        {"bluetooth=maybe", "on, off or none"},
        {"off=5+4", "in order"},
        {"drop-at=1+2+3+4+5+6+7+8+9", "up to 8"},
        {"radio=slow", "real or fast"},
        {"loss=1.1", "0 to 1"},
        {"drop=-5", "both from 0"},
        {"drop=5:x", "both from 0"},
        {"silent=gyro", "eeg, ppg, acc"},
        {"silent=ppg:x", "eeg, ppg, acc"},
        {"stall=ppg", "SENSOR:SECONDS"},
        {"stall=ppg:0", "SENSOR:SECONDS"},
        {"refuse=", "SENSOR+"},
        {"refuse=ppg+", "SENSOR+"},
        {"speed=0", "0.01 to 10000"},
        {"truth=", "a path"},
        {"event=-1", "seconds from 0"},
        {"bands=2,32:loss=1", "0 to 31"},
        {"bands=2,x:loss=1", "0 to 31"},
        {"bands=2,2:loss=1", "bands=2"},
        {"1:loss=1", "bands=1"},
        {"bands=2,1:loss=2", "0 to 1"},
        {"bands=2,1:speed=2", "for all bands only"},
        {"bands=2,1:colour=red", "known are rate heart"},
        {"colour=red", "known are rate heart"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct sim_options options;
        struct failure failure = {ERROR_NONE, ""};
        sim_options_init(&options);
        if (sim_options_parse(table[i].text, &options, &failure))
            fail_msg("%s was taken", table[i].text);
        assert_int_equal(failure.code, ERROR_INVALID_PARAMETERS);
        if (!strstr(failure.message, table[i].told))
            fail_msg("%s: \"%s\" does not say \"%s\"", table[i].text, failure.message,
                     table[i].told);
    }
}

static void an_unknown_key_is_told_every_known_one(void **state)
{
    struct sim_options options;
    struct failure failure;

    (void)state;
    sim_options_init(&options);
    assert_false(sim_options_parse("aaaaaaaaaaaaaaaaaaaaaaaaaaaa=1", &options, &failure));
    assert_non_null(strstr(failure.message, " speed event truth"));
}

static void help_has_a_line_for_each_key(void **state)
{
    const char *help = sim_options_help();
    size_t lines = 0;

    (void)state;
    for (const char *c = help; *c; c++)
        lines += *c == '\n';
    assert_int_equal(lines, 32);
    assert_non_null(strstr(help, "  truth "));
    assert_ptr_equal(help, sim_options_help());
}

static struct sim_options of_band(const char *text, int which)
{
    struct sim_options options = parsed(text), own;

    sim_options_of_band(&options, which, &own);
    return own;
}

static void a_setting_with_a_number_is_that_bands_alone(void **state)
{
    const char *text = "loss=0.1,2:loss=0.5,2:drop-at=3:1,bands=3,0:heart=100,1:silent=ppg:5:10";

    (void)state;
    assert_that(of_band(text, 0).loss, ==, 0.1);
    assert_that(of_band(text, 1).loss, ==, 0.1);
    assert_that(of_band(text, 2).loss, ==, 0.5);
    assert_that(of_band(text, 0).heart, ==, 100);
    assert_int_equal(of_band(text, 2).drops.count, 1);
    assert_int_equal(of_band(text, 1).drops.count, 0);
    assert_int_equal(of_band(text, 1).silent[SENSOR_PPG].count, 1);
    assert_int_equal(of_band(text, 2).silent[SENSOR_PPG].count, 0);
}

static void each_further_band_has_a_pulse_and_a_crystal_of_its_own(void **state)
{
    const struct sim_options one = of_band("bands=8", 0);

    (void)state;
    assert_true(one.heart == 70 && one.ppm == 20 && one.jitter == 0);
    for (int i = 1; i < 8; i++) {
        const struct sim_options a = of_band("bands=8", i), b = of_band("bands=8", i);
        const struct sim_options before = of_band("bands=8", i - 1);
        assert_true(a.heart == b.heart && a.ppm == b.ppm && a.jitter == b.jitter);
        assert_true(a.heart != before.heart && a.ppm != before.ppm && a.jitter != before.jitter);
        assert_true(a.heart >= 55 && a.heart < 90 && fabs(a.ppm) < 50 && a.jitter < 30);
        assert_that(of_band("bands=8,heart=60,jitter=5", i).heart, ==, 60);
        assert_that(of_band("bands=8,heart=60,jitter=5", i).jitter, ==, 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_is_a_healthy_band),
        cmocka_unit_test(values_arrive_where_they_belong),
        cmocka_unit_test(a_wrong_value_is_refused_with_what_is_allowed),
        cmocka_unit_test(a_setting_with_a_number_is_that_bands_alone),
        cmocka_unit_test(each_further_band_has_a_pulse_and_a_crystal_of_its_own),
        cmocka_unit_test(an_unknown_key_is_told_every_known_one),
        cmocka_unit_test(help_has_a_line_for_each_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
