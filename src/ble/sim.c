#include "ble/sim.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "band/capture.h"
#include "base/now.h"
#include "ble/sim_band.h"
#include "radio.h"
#include "radio_requests.h"

struct sim;

/* A band of the simulation. Its time is µs since its power-on; the host's is boot time. */
struct unit {
    struct sim *sim;
    int which;
    struct sim_options options; /* its own */
    struct sim_random faults;
    struct sim_band *band; /* NULL: not powered on yet */
    int64_t power_on_us;
    int64_t away_until_us;               /* band's time */
    int64_t drop_us;                     /* band's time; the drawn one, INT64_MAX: none */
    int64_t subscribed_us[SENSOR_COUNT]; /* band's time */
    size_t drops_done, reboots_done;
    int connects_failed;
    FILE *truth; /* NULL: none */
};

struct sim {
    struct radio radio;
    struct sim_options options;
    struct unit units[SIM_BANDS_MAX];
    int64_t created_us;
    int64_t first_on_us; /* when the first band was powered on; 0: none was */
    size_t offs_done;
};

static struct sim *sim_of(struct radio *radio)
{
    return (struct sim *)radio;
}

static struct unit *unit_of(struct radio *radio, int which)
{
    return &sim_of(radio)->units[which];
}

static int64_t micros(double seconds)
{
    return (int64_t)llround(fmin(seconds, 1e9) * 1e6);
}

static int64_t host_of(const struct unit *unit, int64_t band_us)
{
    if (band_us == INT64_MAX)
        return RADIO_NEVER;
    return unit->power_on_us + (int64_t)((double)band_us / unit->sim->options.speed);
}

static int64_t band_time(const struct unit *unit, int64_t boot_us)
{
    return (int64_t)((double)(boot_us - unit->power_on_us) * unit->sim->options.speed);
}

static int64_t band_now(const struct unit *unit)
{
    return band_time(unit, now_boot_us());
}

/* The clock that arrivals and anchors are given in, of all bands: the host's, or one that is
 * `speed` times as fast from the first power-on. */
static int64_t clock_of(const struct unit *unit, int64_t band_us)
{
    const struct sim *sim = unit->sim;
    const double since = (double)(unit->power_on_us - sim->first_on_us);

    return sim->first_on_us + (int64_t)(since * sim->options.speed) + band_us;
}

static int64_t begins_us(const struct sim_moments *moments, size_t i)
{
    return i < moments->count ? micros(moments->moment[i].at) : INT64_MAX;
}

static int64_t ends_us(const struct sim_moments *moments, size_t i)
{
    return micros(moments->moment[i].at + moments->moment[i].lasts);
}

/* ---- The bands */

static void sim_identify(const struct radio *radio, int which, struct band_identity *band)
{
    (void)radio;
    snprintf(band->name, sizeof(band->name), "%s", SIM_NAME);
    snprintf(band->address, sizeof(band->address), "%s", SIM_ADDRESS);
    if (which == 0)
        return;
    snprintf(band->name + strlen(band->name) - 2, 3, "%02X", which & 0xff);
    snprintf(band->address + strlen(band->address) - 2, 3, "%02X", which & 0xff);
}

static bool sim_in_air(const struct radio *radio, int which)
{
    const struct sim *sim = (const struct sim *)radio;
    const struct unit *unit = &sim->units[which];

    if (now_boot_us() - sim->created_us < micros(unit->options.absent))
        return false;
    return !unit->band || band_now(unit) >= unit->away_until_us;
}

/* The event is at one time of the host's, in the air of all bands. */
static double event_of(const struct unit *unit)
{
    const struct sim *sim = unit->sim;

    if (isinf(sim->options.event))
        return sim->options.event;
    return (double)band_time(unit, sim->created_us + micros(sim->options.event)) * 1e-6;
}

static bool power_on(struct unit *unit)
{
    unit->power_on_us = now_boot_us();
    if (!unit->sim->first_on_us)
        unit->sim->first_on_us = unit->power_on_us;
    unit->options.event = event_of(unit);
    unit->band = sim_band_create(&unit->options, unit->which);
    return unit->band != NULL;
}

static bool sim_reached(struct radio *radio, int which)
{
    struct unit *unit = unit_of(radio, which);

    if (unit->connects_failed < unit->options.connectfail) {
        unit->connects_failed++;
        return false;
    }
    return unit->band || power_on(unit);
}

static void plan_sim(struct unit *unit);

static void truth_link(struct unit *unit, enum capture_kind kind, struct clock_anchor anchor)
{
    struct capture_record record = {.kind = kind, .at_us = band_now(unit)};
    char line[CAPTURE_LINE_MAX];

    if (!unit->truth)
        return;
    record.anchor = anchor;
    record.anchor.boot_us -= clock_of(unit, 0);
    fwrite(line, 1, capture_format(&record, line), unit->truth);
    fflush(unit->truth);
}

static void sim_link_up(struct radio *radio, int which, struct band_link *link)
{
    struct unit *unit = unit_of(radio, which);

    int64_t now = band_now(unit);
    sim_band_skip_to(unit->band, now);
    link->battery_level = sim_band_battery(unit->band, now);
    snprintf(link->firmware, sizeof(link->firmware), "sim");
    link->anchor.boot_us = clock_of(unit, now);
    link->anchor.utc_us = now_utc_us() + clock_of(unit, now) - now_boot_us();
    unit->drop_us = INT64_MAX;
    if (unit->options.drop.at > 0)
        unit->drop_us = now + micros(sim_random_wait(&unit->faults, unit->options.drop.at));
    truth_link(unit, CAPTURE_LINK_UP, link->anchor);
    plan_sim(unit);
}

static void sim_link_down(struct radio *radio, int which, enum link_end end)
{
    struct unit *unit = unit_of(radio, which);

    (void)end;
    unit->drop_us = INT64_MAX;
    truth_link(unit, CAPTURE_LINK_DOWN, (struct clock_anchor){0, 0});
}

static void sim_subscribed(struct radio *radio, int which, enum sensor sensor)
{
    struct unit *unit = unit_of(radio, which);

    unit->subscribed_us[sensor] = band_now(unit);
}

/* ---- Packets */

static bool mute(const struct unit *unit, const struct sim_packet *packet)
{
    const struct sim_moments *silent = &unit->options.silent[packet->sensor];
    double stall = unit->options.stall[packet->sensor];

    for (size_t i = 0; i < silent->count; i++) {
        if (packet->complete_us >= begins_us(silent, i) && packet->complete_us < ends_us(silent, i))
            return true;
    }
    return stall > 0 && packet->complete_us >= unit->subscribed_us[packet->sensor] + micros(stall);
}

static void truth_packet(struct unit *unit, const struct sim_packet *sent)
{
    struct capture_record record = {.kind = CAPTURE_PACKET, .at_us = sent->complete_us};
    char line[CAPTURE_LINE_MAX];

    if (!unit->truth)
        return;
    record.packet = (struct packet){sent->sensor, sent->complete_us, sent->bytes, sent->len, 0};
    size_t len = capture_format(&record, line);
    if (sent->lost)
        fputs("# lost ", unit->truth);
    fwrite(line, 1, len, unit->truth);
}

/* The next packet is made after this one was handed on: its bytes are borrowed from the band. */
static void deliver_sim(struct unit *unit)
{
    struct radio *radio = &unit->sim->radio;
    const struct sim_packet *sent = sim_band_next(unit->band);
    struct packet packet = {sent->sensor, 0, sent->bytes, sent->len, 0};

    if (radio_flows(radio, unit->which, sent->sensor) && !mute(unit, sent)) {
        truth_packet(unit, sent);
        for (int i = 0; i < 1 + sent->duplicate && !sent->lost && !radio->closing; i++) {
            packet.arrival_us = unit->sim->options.speed > 1 ? clock_of(unit, sent->arrival_us)
                                                             : clock_of(unit, band_now(unit));
            radio_deliver(radio, unit->which, &packet);
        }
    }
    sim_band_advance(unit->band);
}

/* ---- Faults */

static void go_away(struct unit *unit, double seconds)
{
    unit->away_until_us = band_now(unit) + micros(seconds);
    radio_lose_link(&unit->sim->radio, unit->which, LINK_END_LOST);
}

static int64_t adapter_due(const struct sim *sim)
{
    const struct sim_moments *offs = &sim->options.adapter_off;

    if (sim->options.bluetooth != SIM_ADAPTER_ON || sim->offs_done >= offs->count)
        return RADIO_NEVER;
    return sim->created_us +
           (sim->radio.powered ? begins_us(offs, sim->offs_done) : ends_us(offs, sim->offs_done));
}

static void switch_adapter(struct radio *radio)
{
    struct sim *sim = sim_of(radio);
    const bool on = !radio->powered;

    sim->offs_done += on;
    radio_set_power(radio, on);
    if (!radio->closing)
        radio_adapter_at(radio, adapter_due(sim));
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A band with its link down makes no packets; what it would have sent is left out at the next. */
static int64_t packet_due(const struct unit *unit)
{
    return radio_is_up(&unit->sim->radio, unit->which) ? sim_band_next(unit->band)->arrival_us
                                                       : INT64_MAX;
}

static void plan_sim(struct unit *unit)
{
    int64_t due = least(packet_due(unit), unit->drop_us);

    due = least(due, begins_us(&unit->options.drops, unit->drops_done));
    due = least(due, begins_us(&unit->options.reboots, unit->reboots_done));
    radio_work_at(&unit->sim->radio, unit->which, host_of(unit, due));
}

/* One thing of what is due. */
static void sim_work(struct radio *radio, int which)
{
    struct unit *unit = unit_of(radio, which);
    const struct sim_options *options = &unit->options;
    const int64_t now = band_now(unit);

    if (begins_us(&options->reboots, unit->reboots_done) <= now) {
        sim_band_reboot(unit->band, begins_us(&options->reboots, unit->reboots_done));
        go_away(unit, options->reboots.moment[unit->reboots_done++].lasts);
    } else if (begins_us(&options->drops, unit->drops_done) <= now) {
        go_away(unit, options->drops.moment[unit->drops_done++].lasts);
    } else if (unit->drop_us <= now) {
        go_away(unit, options->drop.lasts);
    } else if (packet_due(unit) <= now) {
        deliver_sim(unit);
    }
    if (!radio->closing)
        plan_sim(unit);
}

/* ---- Life */

static void close_units(struct sim *sim)
{
    for (int i = 0; i < SIM_BANDS_MAX; i++) {
        if (sim->units[i].truth)
            fclose(sim->units[i].truth);
        sim_band_destroy(sim->units[i].band);
    }
}

static void close_sim(struct radio *radio)
{
    struct sim *sim = sim_of(radio);
    void (*done)(void *user) = radio->done;
    void *user = radio->done_user;

    close_units(sim);
    free(sim);
    done(user);
}

static const struct backend_ops sim_ops = {
    .name = "sim",
    .scan_start = radio_scan_start,
    .scan_stop = radio_scan_stop,
    .open = radio_open,
    .destroy = radio_destroy,
};

static const struct radio_hooks sim_hooks = {
    .ops = &sim_ops,
    .identify = sim_identify,
    .in_air = sim_in_air,
    .reached = sim_reached,
    .link_up = sim_link_up,
    .link_down = sim_link_down,
    .subscribed = sim_subscribed,
    .work = sim_work,
    .adapter = switch_adapter,
    .close = close_sim,
};

static bool open_truth(struct unit *unit, struct failure *failure)
{
    char path[SIM_PATH_SIZE + 8];

    if (unit->options.truth[0] == '\0')
        return true;
    snprintf(path, sizeof(path), unit->which ? "%s.%d" : "%s", unit->options.truth, unit->which);
    unit->truth = fopen(path, "we");
    if (!unit->truth) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "--sim truth: can't write %.120s: %s", path,
                    strerror(errno));
        return false;
    }
    fputs("# linkband capture v2\n# what the simulated band sent; seconds since its power-on\n",
          unit->truth);
    return true;
}

static bool open_units(struct sim *sim, struct failure *failure)
{
    bool good = true;

    for (int i = 0; good && i < sim->options.bands; i++) {
        struct unit *unit = &sim->units[i];
        unit->sim = sim;
        unit->which = i;
        unit->drop_us = INT64_MAX;
        sim_options_of_band(&sim->options, i, &unit->options);
        sim_random_seed(&unit->faults, unit->options.seed, 0x70 + UINT64_C(0x100) * (uint64_t)i);
        good = open_truth(unit, failure);
    }
    return good;
}

static void set_up_sim(struct sim *sim)
{
    struct radio *radio = &sim->radio;

    radio->pace = sim->options.radio_fast ? 1 / 50.0 : 1;
    radio->available = sim->options.bluetooth != SIM_ADAPTER_NONE;
    radio->powered = sim->options.bluetooth == SIM_ADAPTER_ON;
    for (int i = 0; i < radio->bands; i++) {
        radio->band[i].rssi = sim->units[i].options.rssi;
        radio->band[i].refused = sim->units[i].options.refuse;
        radio->band[i].control = sim->units[i].options.control;
        radio->band[i].orderly = sim->units[i].options.orderly;
    }
    sim->created_us = now_boot_us();
    radio_adapter_at(radio, adapter_due(sim));
}

static bool open_sim(struct sim *sim, uv_loop_t *loop, struct failure *failure)
{
    sim->radio.bands = sim->options.bands;
    if (!open_units(sim, failure))
        return false;
    failure_set(failure, ERROR_INTERNAL, "no timer");
    return radio_init(&sim->radio, loop, &sim_hooks, sim->options.seed);
}

struct backend *sim_create(uv_loop_t *loop, const struct sim_options *options,
                           struct failure *failure)
{
    struct sim *sim = calloc(1, sizeof(*sim));

    if (!sim) {
        failure_set(failure, ERROR_INTERNAL, "no memory");
        return NULL;
    }
    sim->options = *options;
    if (!open_sim(sim, loop, failure)) {
        close_units(sim);
        free(sim);
        return NULL;
    }
    set_up_sim(sim);
    return &sim->radio.backend;
}
