#include "clock_internal.h"

#include <math.h>
#include <stdlib.h>

#include "band/block.h"

/* docs/band.md: a step in (-5 s, 0] is a duplicate or a late packet. */
#define LATE_SECONDS 5

/* How far ticks and time elapsed may differ: the first packet after a connection, and two that are
 * to agree. */
#define ELAPSED_TOLERANCE_US    2e6
#define ELAPSED_TOLERANCE_SHARE 0.01

/* No packet comes before it was measured. The mapping may be late by the delay of a first packet
 * that waited in a stalled link, hence seconds. */
#define AHEAD_TOLERANCE_US 5e6

/* EEG alone tells the delay, unless there has been none for this long: its ticks are the steadiest
 * and its packets the most frequent. */
#define EEG_ABSENT_US INT64_C(5000000)

/* The mapping in use moves toward the envelope by at most this, in µs a second. */
#define SLEW_US_A_SECOND 10e3

/* Over a longer gap the number of samples missing is too uncertain to keep a line through it. */
#define LINE_GAP_SECONDS 5

/* Ticks between samples before a fit; of a sensor that the band has not got, any. */
static double prior_step(const struct clock *clock, enum sensor sensor, int index)
{
    const double rate = clock->model->sensors[sensor].initial_rates[index];

    return rate > 0 ? clock->hz / rate : clock->hz;
}

static void reset_sensor(struct clock *clock, enum sensor which)
{
    struct sensor_clock *sensor = &clock->sensor[which];

    *sensor = (struct sensor_clock){.fresh = true, .told_ms = CLOCK_TOLD_NOTHING};
    line_fit_init(&sensor->fit, prior_step(clock, which, 0));
}

void clock_reset(struct clock *clock, const struct band_model *model)
{
    *clock = (struct clock){
        .model = model, .hz = model->counter.hz, .ticks_a_us = model->counter.hz / 1e6};
    envelope_init(&clock->envelope);
    for (int i = 0; i < SENSOR_STREAMED; i++)
        reset_sensor(clock, (enum sensor)i);
}

struct clock *clock_create(const struct band_model *model)
{
    struct clock *clock = malloc(sizeof(*clock));

    if (clock)
        clock_reset(clock, model);
    return clock;
}

void clock_destroy(struct clock *clock)
{
    free(clock);
}

void clock_link_up(struct clock *clock, struct clock_anchor anchor)
{
    clock->anchor = anchor;
    clock->judge = clock->running;
    clock->suspect.held = false;
    for (int i = 0; i < SENSOR_STREAMED; i++) {
        clock->sensor[i].fresh = true;
        clock->sensor[i].told_ms = CLOCK_TOLD_NOTHING;
    }
}

void clock_pause(struct clock *clock, enum sensor sensor)
{
    if (sensor >= SENSOR_STREAMED)
        return;
    clock->sensor[sensor].fresh = true;
    clock->sensor[sensor].paused = true;
}

double clock_utc_ms(const struct clock *clock, int64_t boot_us)
{
    return (double)(clock->anchor.utc_us + (boot_us - clock->anchor.boot_us)) / 1e3;
}

/* --- rates --- */

static void take_eeg_rate(struct clock *clock)
{
    const int index = rate_index(clock->model, SENSOR_EEG, clock->eeg_rate.rate);

    line_fit_init(&clock->sensor[SENSOR_EEG].fit, prior_step(clock, SENSOR_EEG, index));
    clock->sensor[SENSOR_EEG].fresh = true;
    /* Its points were laid where packets of the other rate would have ended. */
    envelope_init(&clock->envelope);
}

int clock_eeg_rate(const struct clock *clock)
{
    return clock->eeg_rate.rate;
}

bool clock_observe(struct clock *clock, const struct samples *samples)
{
    if (!rate_observe(&clock->eeg_rate, clock->model, samples))
        return false;
    take_eeg_rate(clock);
    return true;
}

void clock_assume_rate(struct clock *clock)
{
    if (clock->eeg_rate.rate != 0)
        return;
    clock->eeg_rate.rate = clock->model->sensors[SENSOR_EEG].nominal_rates[0];
    take_eeg_rate(clock);
}

static int nominal_rate(const struct clock *clock, enum sensor sensor)
{
    if (sensor == SENSOR_EEG && clock->eeg_rate.rate != 0)
        return clock->eeg_rate.rate;
    return clock->model->sensors[sensor].nominal_rates[0];
}

static double rate_in_use(const struct clock *clock, const struct sensor_clock *sensor)
{
    return clock->hz /
           (line_fit_settled(&sensor->fit) ? line_fit_slope(&sensor->fit) : sensor->fit.prior);
}

static int64_t duration_ticks(const struct clock *clock, const struct samples *samples)
{
    return llround((double)samples->count * clock->hz /
                   rate_in_use(clock, &clock->sensor[samples->sensor]));
}

/* --- does the tick make sense? --- */

static bool differs(const struct clock *clock, double ticks, int64_t elapsed_us)
{
    const double elapsed = (double)elapsed_us;

    return fabs(ticks / clock->ticks_a_us - elapsed) >
           ELAPSED_TOLERANCE_US + ELAPSED_TOLERANCE_SHARE * fabs(elapsed);
}

/* The tick with its upper bits: the one nearest to what the time elapsed leads to expect. */
static int64_t unwrap(const struct clock *clock, uint32_t tick, int64_t duration,
                      int64_t arrival_us)
{
    const int64_t elapsed = llround((double)(arrival_us - clock->arrival_us) * clock->ticks_a_us);
    const int64_t expected = clock->end_tick + elapsed - duration;

    return expected + model_step(clock->model, (uint32_t)expected, tick);
}

/* How far the packet is behind (or ahead of) what its ticks say, in µs. */
static double delay_us(const struct clock *clock, int64_t end_tick, int64_t arrival_us)
{
    return (double)(arrival_us - clock->zero_boot_us) -
           (double)(end_tick - clock->zero_tick) / clock->ticks_a_us - clock->offset_us;
}

static enum clock_verdict judge_tick(const struct clock *clock, enum sensor which, int64_t tick,
                                     int64_t duration, int64_t arrival_us)
{
    const struct sensor_clock *sensor = &clock->sensor[which];
    const double tolerance =
        AHEAD_TOLERANCE_US +
        ELAPSED_TOLERANCE_SHARE * fabs((double)(arrival_us - clock->arrival_us));
    const double delay = delay_us(clock, tick + duration, arrival_us);

    if (sensor->known && tick <= sensor->tick)
        return (double)tick > (double)sensor->tick - LATE_SECONDS * clock->hz ? CLOCK_LATE
                                                                              : CLOCK_SUSPECT;
    if (delay < -tolerance || (!sensor->known && delay > tolerance))
        return CLOCK_SUSPECT;
    return CLOCK_ACCEPTED;
}

static bool agrees_with_suspect(const struct clock *clock, const struct samples *samples,
                                int64_t duration, int64_t arrival_us)
{
    const int32_t step = model_step(clock->model, clock->suspect.tick, samples->tick);

    if (!clock->suspect.held || (samples->sensor == clock->suspect.sensor && step <= 0))
        return false;
    return !differs(clock, (double)(step + duration - clock->suspect.end_ticks),
                    arrival_us - clock->suspect.arrival_us);
}

static void forget_boot(struct clock *clock)
{
    clock->running = false;
    clock->judge = false;
    clock->reveal = true;
    clock->suspect.held = false;
    for (int i = 0; i < SENSOR_STREAMED; i++) {
        clock->sensor[i].known = false;
        clock->sensor[i].fresh = true;
    }
}

static enum clock_verdict suspect(struct clock *clock, const struct samples *samples,
                                  int64_t duration, int64_t arrival_us)
{
    if (agrees_with_suspect(clock, samples, duration, arrival_us)) {
        forget_boot(clock);
        return CLOCK_REBOOTED;
    }
    clock->suspect.held = true;
    clock->suspect.sensor = samples->sensor;
    clock->suspect.tick = samples->tick;
    clock->suspect.end_ticks = duration;
    clock->suspect.arrival_us = arrival_us;
    return CLOCK_SUSPECT;
}

static void begin_boot(struct clock *clock, uint32_t tick, int64_t duration, int64_t arrival_us)
{
    clock->running = true;
    clock->judge = false;
    clock->zero_tick = tick;
    clock->zero_boot_us = arrival_us - llround((double)duration / clock->ticks_a_us);
    clock->end_tick = tick + duration;
    clock->arrival_us = arrival_us;
    clock->eeg_arrival_us = arrival_us;
    clock->offset_x = 0;
    clock->offset_us = 0;
    envelope_init(&clock->envelope);
}

/* --- gaps and lines --- */

static uint32_t to_count(double samples)
{
    if (!(samples > 0))
        return 0;
    return samples < UINT32_MAX ? (uint32_t)samples : UINT32_MAX;
}

/* Each step by itself: a residue carried on would add up the error of the rate. */
static uint32_t gap_before(const struct clock *clock, const struct sensor_clock *sensor,
                           int64_t tick)
{
    const double step = (double)(tick - sensor->tick) / clock->hz;

    return to_count(round(step * rate_in_use(clock, sensor) - sensor->count));
}

static uint32_t gap_across_reboot(const struct sensor_clock *sensor, double rate, int64_t first_us)
{
    return to_count(round((double)(first_us - sensor->told_end_us) / 1e6 * rate));
}

static uint32_t advance_line(const struct clock *clock, struct sensor_clock *sensor, int64_t tick)
{
    if (!sensor->known) {
        line_fit_break(&sensor->fit);
        line_fit_add(&sensor->fit, 0, 0);
        return 0;
    }
    const uint32_t gap = gap_before(clock, sensor, tick);
    if (sensor->fresh || gap > LINE_GAP_SECONDS * rate_in_use(clock, sensor))
        line_fit_break(&sensor->fit);
    line_fit_add(&sensor->fit, sensor->count + (double)gap, (double)(tick - sensor->tick));
    return gap;
}

/* --- ticks to time --- */

static bool tells_delay(struct clock *clock, enum sensor sensor, int64_t arrival_us)
{
    if (sensor == SENSOR_EEG)
        clock->eeg_arrival_us = arrival_us;
    return sensor == SENSOR_EEG || arrival_us - clock->eeg_arrival_us > EEG_ABSENT_US;
}

static void slew(struct clock *clock, double x)
{
    const double most = SLEW_US_A_SECOND * (x - clock->offset_x);
    double target;

    if (most <= 0)
        return;
    clock->offset_x = x;
    if (!envelope_at(&clock->envelope, x, &target))
        return;
    clock->offset_us += fmax(-most, fmin(most, target - clock->offset_us));
}

/* `ticks` since the clock's zero. */
static void follow_delay(struct clock *clock, enum sensor sensor, double end_ticks,
                         int64_t arrival_us)
{
    const double x = end_ticks / clock->hz;

    if (tells_delay(clock, sensor, arrival_us)) {
        const double y = (double)(arrival_us - clock->zero_boot_us) - end_ticks / clock->ticks_a_us;
        envelope_add(&clock->envelope, (struct envelope_point){x, y});
    }
    slew(clock, x);
}

static void never_back(struct sensor_clock *sensor, struct clock_stamp *stamp, uint32_t count)
{
    if (stamp->first_ms <= sensor->told_ms)
        stamp->first_ms = sensor->told_ms + stamp->step_ms / 16;
    sensor->told_ms = stamp->first_ms + (count - 1) * stamp->step_ms;
}

static void note_newest(struct clock *clock, int64_t end_tick, int64_t arrival_us)
{
    if (end_tick <= clock->end_tick)
        return;
    clock->end_tick = end_tick;
    clock->arrival_us = arrival_us;
}

static void place(struct clock *clock, const struct samples *samples, int64_t tick,
                  int64_t arrival_us, struct clock_stamp *stamp)
{
    struct sensor_clock *sensor = &clock->sensor[samples->sensor];
    const double rate = rate_in_use(clock, sensor);
    const double on_line = samples->sensor == SENSOR_EEG ? 0.0 : line_fit_residual(&sensor->fit);
    const double ticks = (double)(tick - clock->zero_tick) + on_line;
    const double count = (double)samples->count;

    follow_delay(clock, samples->sensor, ticks + count * clock->hz / rate, arrival_us);
    const double first_us = ticks / clock->ticks_a_us + clock->offset_us;
    stamp->first_ms = clock_utc_ms(clock, clock->zero_boot_us) + first_us / 1e3;
    stamp->step_ms = 1e3 / rate;
    stamp->first_tick = ((double)tick + on_line) * (BLOCK_TICK_HZ / clock->hz);
    stamp->tick_step = BLOCK_TICK_HZ / rate;
    stamp->rate = nominal_rate(clock, samples->sensor);
    stamp->rate_measured = line_fit_settled(&sensor->fit) ? rate : NAN;
    never_back(sensor, stamp, (uint32_t)samples->count);

    const int64_t begin_us = clock->zero_boot_us + llround(first_us);
    if (!sensor->known && sensor->told && !sensor->paused)
        stamp->lost = gap_across_reboot(sensor, rate, begin_us);
    sensor->told = true;
    sensor->told_end_us = begin_us + llround(count * 1e6 / rate);
}

static void accept(struct clock *clock, const struct samples *samples, int64_t tick,
                   int64_t arrival_us, struct clock_stamp *stamp)
{
    struct sensor_clock *sensor = &clock->sensor[samples->sensor];
    const uint32_t gap = advance_line(clock, sensor, tick);

    *stamp = (struct clock_stamp){
        .lost = sensor->paused ? 0 : gap,
        .restart = sensor->fresh,
        .rebooted = clock->reveal,
    };
    place(clock, samples, tick, arrival_us, stamp);
    note_newest(clock, tick + duration_ticks(clock, samples), arrival_us);
    sensor->known = true;
    sensor->tick = tick;
    sensor->count = (uint32_t)samples->count;
    sensor->fresh = false;
    sensor->paused = false;
    clock->reveal = false;
    clock->judge = false;
    clock->suspect.held = false;
}

enum clock_verdict clock_stamp(struct clock *clock, const struct samples *samples,
                               int64_t arrival_us, struct clock_stamp *stamp)
{
    if (samples->sensor == SENSOR_EEG)
        clock_observe(clock, samples);
    const int64_t duration = duration_ticks(clock, samples);

    if (clock->running && clock->judge) {
        const int64_t end = unwrap(clock, samples->tick, duration, arrival_us) + duration;
        if (differs(clock, (double)(end - clock->end_tick), arrival_us - clock->arrival_us))
            forget_boot(clock);
    }
    if (!clock->running)
        begin_boot(clock, samples->tick, duration, arrival_us);

    const int64_t tick = unwrap(clock, samples->tick, duration, arrival_us);
    const enum clock_verdict verdict =
        judge_tick(clock, samples->sensor, tick, duration, arrival_us);
    if (verdict == CLOCK_SUSPECT)
        return suspect(clock, samples, duration, arrival_us);
    if (verdict == CLOCK_ACCEPTED)
        accept(clock, samples, tick, arrival_us, stamp);
    return verdict;
}
