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

/* The band's time is µs since its power-on; the host's is boot time. */
struct sim {
    struct radio radio;
    struct sim_options options;
    struct sim_random faults;
    struct sim_band *band; /* NULL: not powered on yet */
    int which;             /* of the bands it is */
    int64_t created_us, power_on_us;
    int64_t away_until_us;               /* band's time */
    int64_t drop_us;                     /* band's time; the drawn one, INT64_MAX: none */
    int64_t subscribed_us[SENSOR_COUNT]; /* band's time */
    size_t drops_done, reboots_done, offs_done;
    int connects_failed;
    FILE *truth; /* NULL: none */
};

static struct sim *sim_of(struct radio *radio)
{
    return (struct sim *)radio;
}

static int64_t micros(double seconds)
{
    return (int64_t)llround(fmin(seconds, 1e9) * 1e6);
}

static int64_t host_of(const struct sim *sim, int64_t band_us)
{
    if (band_us == INT64_MAX)
        return RADIO_NEVER;
    return sim->power_on_us + (int64_t)((double)band_us / sim->options.speed);
}

static int64_t band_now(const struct sim *sim)
{
    return (int64_t)((double)(now_boot_us() - sim->power_on_us) * sim->options.speed);
}

/* The clock that arrivals and anchors are given in: the host's, or one `speed` times as fast. */
static int64_t clock_of(const struct sim *sim, int64_t band_us)
{
    return sim->power_on_us + band_us;
}

static int64_t begins_us(const struct sim_moments *moments, size_t i)
{
    return i < moments->count ? micros(moments->moment[i].at) : INT64_MAX;
}

static int64_t ends_us(const struct sim_moments *moments, size_t i)
{
    return micros(moments->moment[i].at + moments->moment[i].lasts);
}

/* The bands */

static void identify(const struct radio *radio, int which, struct band_identity *band)
{
    (void)radio;
    snprintf(band->name, sizeof(band->name), "%s", SIM_NAME);
    snprintf(band->address, sizeof(band->address), "%s", SIM_ADDRESS);
    if (which == 0)
        return;
    snprintf(band->name + strlen(band->name) - 2, 3, "%02X", which & 0xff);
    snprintf(band->address + strlen(band->address) - 2, 3, "%02X", which & 0xff);
}

static bool in_air(const struct radio *radio, int which)
{
    const struct sim *sim = (const struct sim *)radio;

    if (now_boot_us() - sim->created_us < micros(sim->options.absent))
        return false;
    return !sim->band || which != sim->which || band_now(sim) >= sim->away_until_us;
}

static bool power_on(struct sim *sim, int which)
{
    struct sim_band *band = sim_band_create(&sim->options, which);

    if (!band)
        return false;
    sim_band_destroy(sim->band);
    sim->band = band;
    sim->which = which;
    sim->power_on_us = now_boot_us();
    sim->away_until_us = 0;
    sim->drops_done = sim->reboots_done = 0;
    return true;
}

static bool reached(struct radio *radio, int which)
{
    struct sim *sim = sim_of(radio);

    if (sim->connects_failed < sim->options.connectfail) {
        sim->connects_failed++;
        return false;
    }
    return (sim->band && which == sim->which) || power_on(sim, which);
}

static void plan(struct sim *sim);

static void truth_link(struct sim *sim, enum capture_kind kind, struct clock_anchor anchor)
{
    struct capture_record record = {.kind = kind, .at_us = band_now(sim)};
    char line[CAPTURE_LINE_MAX];

    if (!sim->truth)
        return;
    record.anchor = anchor;
    record.anchor.boot_us -= sim->power_on_us;
    fwrite(line, 1, capture_format(&record, line), sim->truth);
    fflush(sim->truth);
}

static void link_up(struct radio *radio, struct band_link *link)
{
    struct sim *sim = sim_of(radio);

    int64_t now = band_now(sim);
    sim_band_skip_to(sim->band, now);
    link->battery_level = sim_band_battery(sim->band, now);
    snprintf(link->firmware, sizeof(link->firmware), "sim");
    link->anchor.boot_us = clock_of(sim, now);
    link->anchor.utc_us = now_utc_us() + clock_of(sim, now) - now_boot_us();
    sim->drop_us = INT64_MAX;
    if (sim->options.drop.at > 0)
        sim->drop_us = now + micros(sim_random_wait(&sim->faults, sim->options.drop.at));
    truth_link(sim, CAPTURE_LINK_UP, link->anchor);
    plan(sim);
}

static void link_down(struct radio *radio, enum link_end end)
{
    struct sim *sim = sim_of(radio);

    (void)end;
    sim->drop_us = INT64_MAX;
    truth_link(sim, CAPTURE_LINK_DOWN, (struct clock_anchor){0, 0});
}

static void subscribed(struct radio *radio, enum sensor sensor)
{
    struct sim *sim = sim_of(radio);

    sim->subscribed_us[sensor] = band_now(sim);
}

/* Packets */

static bool mute(const struct sim *sim, const struct sim_packet *packet)
{
    const struct sim_moments *silent = &sim->options.silent[packet->sensor];
    double stall = sim->options.stall[packet->sensor];

    for (size_t i = 0; i < silent->count; i++) {
        if (packet->complete_us >= begins_us(silent, i) && packet->complete_us < ends_us(silent, i))
            return true;
    }
    return stall > 0 && packet->complete_us >= sim->subscribed_us[packet->sensor] + micros(stall);
}

static void truth_packet(struct sim *sim, const struct sim_packet *sent)
{
    struct capture_record record = {.kind = CAPTURE_PACKET, .at_us = sent->complete_us};
    char line[CAPTURE_LINE_MAX];

    if (!sim->truth)
        return;
    record.packet = (struct packet){sent->sensor, sent->complete_us, sent->bytes, sent->len, 0};
    size_t len = capture_format(&record, line);
    if (sent->lost)
        fputs("# lost ", sim->truth);
    fwrite(line, 1, len, sim->truth);
}

/* The next packet is made after this one was handed on: its bytes are borrowed from the band. */
static void deliver(struct sim *sim)
{
    const struct sim_packet *sent = sim_band_next(sim->band);
    struct packet packet = {sent->sensor, 0, sent->bytes, sent->len, 0};

    if (radio_flows(&sim->radio, sent->sensor) && !mute(sim, sent)) {
        truth_packet(sim, sent);
        for (int i = 0; i < 1 + sent->duplicate && !sent->lost && !sim->radio.closing; i++) {
            packet.arrival_us = sim->options.speed > 1 ? clock_of(sim, sent->arrival_us)
                                                       : clock_of(sim, band_now(sim));
            radio_deliver(&sim->radio, &packet);
        }
    }
    sim_band_advance(sim->band);
}

/* Faults */

static void go_away(struct sim *sim, double seconds)
{
    sim->away_until_us = band_now(sim) + micros(seconds);
    radio_lose_link(&sim->radio, LINK_END_LOST);
}

static void switch_adapter(struct sim *sim)
{
    if (sim->radio.powered) {
        radio_set_power(&sim->radio, false);
        return;
    }
    sim->offs_done++;
    radio_set_power(&sim->radio, true);
}

static int64_t adapter_due(const struct sim *sim)
{
    const struct sim_moments *offs = &sim->options.adapter_off;

    if (sim->options.bluetooth != SIM_ADAPTER_ON || sim->offs_done >= offs->count)
        return RADIO_NEVER;
    return sim->created_us +
           (sim->radio.powered ? begins_us(offs, sim->offs_done) : ends_us(offs, sim->offs_done));
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A band with its link down makes no packets; what it would have sent is left out at the next. */
static int64_t packet_due(const struct sim *sim)
{
    return sim->radio.state >= RADIO_CONNECTED ? sim_band_next(sim->band)->arrival_us : INT64_MAX;
}

static void plan(struct sim *sim)
{
    int64_t due = INT64_MAX;

    if (sim->band) {
        due = least(packet_due(sim), sim->drop_us);
        due = least(due, begins_us(&sim->options.drops, sim->drops_done));
        due = least(due, begins_us(&sim->options.reboots, sim->reboots_done));
    }
    radio_work_at(&sim->radio, least(host_of(sim, due), adapter_due(sim)));
}

static void band_work(struct sim *sim, int64_t now)
{
    const struct sim_options *options = &sim->options;

    if (begins_us(&options->reboots, sim->reboots_done) <= now) {
        sim_band_reboot(sim->band, begins_us(&options->reboots, sim->reboots_done));
        go_away(sim, options->reboots.moment[sim->reboots_done++].lasts);
    } else if (begins_us(&options->drops, sim->drops_done) <= now) {
        go_away(sim, options->drops.moment[sim->drops_done++].lasts);
    } else if (sim->drop_us <= now) {
        go_away(sim, options->drop.lasts);
    } else if (packet_due(sim) <= now) {
        deliver(sim);
    }
}

static void work(struct radio *radio)
{
    struct sim *sim = sim_of(radio);

    if (adapter_due(sim) <= now_boot_us())
        switch_adapter(sim);
    else if (sim->band)
        band_work(sim, band_now(sim));
    if (!sim->radio.closing)
        plan(sim);
}

/* Life */

static void close_sim(struct radio *radio)
{
    struct sim *sim = sim_of(radio);
    void (*done)(void *user) = radio->done;
    void *user = radio->done_user;

    if (sim->truth)
        fclose(sim->truth);
    sim_band_destroy(sim->band);
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
    .identify = identify,
    .in_air = in_air,
    .reached = reached,
    .link_up = link_up,
    .link_down = link_down,
    .subscribed = subscribed,
    .work = work,
    .close = close_sim,
};

static bool open_truth(struct sim *sim, struct failure *failure)
{
    if (sim->options.truth[0] == '\0')
        return true;
    sim->truth = fopen(sim->options.truth, "we");
    if (!sim->truth) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "--sim truth: can't write %.120s: %s",
                    sim->options.truth, strerror(errno));
        return false;
    }
    fputs("# linkband capture v2\n# what the simulated band sent; seconds since its power-on\n",
          sim->truth);
    return true;
}

static void set_up(struct sim *sim)
{
    struct radio *radio = &sim->radio;

    radio->pace = sim->options.radio_fast ? 1 / 50.0 : 1;
    radio->bands = sim->options.bands;
    radio->rssi = sim->options.rssi;
    radio->available = sim->options.bluetooth != SIM_ADAPTER_NONE;
    radio->powered = sim->options.bluetooth == SIM_ADAPTER_ON;
    radio->refused = sim->options.refuse;
    radio->control = sim->options.control;
    sim->created_us = now_boot_us();
    sim->drop_us = INT64_MAX;
    sim_random_seed(&sim->faults, sim->options.seed, 0x70);
    plan(sim);
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
    if (!open_truth(sim, failure)) {
        free(sim);
        return NULL;
    }
    if (!radio_init(&sim->radio, loop, &sim_hooks, options->seed)) {
        failure_set(failure, ERROR_INTERNAL, "no timer");
        if (sim->truth)
            fclose(sim->truth);
        free(sim);
        return NULL;
    }
    set_up(sim);
    return &sim->radio.backend;
}
