/*
 * Features of the pulse as text, one line a second. Reads a capture from stdin, puts its packets in
 * time with the band's clock and runs the heart. At the end, the record's own NN: what the whole of
 * it (up to two minutes) says, by the same functions.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "band/capture.h"
#include "band/clock.h"
#include "heart_hrv.h"
#include "heart_internal.h"

static void print_list(const char *name, const double *values, size_t count)
{
    printf(" %s=", name);
    for (size_t i = 0; i < count; i++)
        printf("%s%.3f", i > 0 ? "," : "", values[i]);
}

static void on_features(void *user, const struct ppg_features *f)
{
    (void)user;
    printf("utc=%.3f bpm=%.4f sdnn=%.4f rmssd=%.4f sdsd=%.4f hr_mad=%.4f sd1=%.4f sd2=%.4f "
           "pnn50=%.4f lf=%.4f hf=%.4f lf_hf=%.5f sqi=%.4f quality=%d lost=%u ir=%.1f",
           f->arrival_utc_ms, f->bpm, f->sdnn, f->rmssd, f->sdsd, f->hr_mad, f->sd1, f->sd2,
           f->pnn50, f->lf, f->hf, f->lf_hf, f->sqi, (int)f->quality, f->lost, f->ir_mean);
    print_list("beats", f->beats, f->beat_count);
    print_list("rr", f->rr, f->rr_count);
    print_list("times", f->timestamps, f->count);
    print_list("pulse", f->filtered, f->count);
    putchar('\n');
}

static void on_packet(struct clock *clock, struct heart *heart, const struct packet *packet)
{
    struct sample_block block = {.arrival_us = packet->arrival_us,
                                 .arrival_utc_ms = (double)packet->arrival_us / 1000.0};
    struct clock_stamp stamp;
    if (packet->sensor != SENSOR_PPG ||
        packet_decode(model_default(), packet, &block.samples) != PACKET_OK ||
        clock_stamp(clock, &block.samples, packet->arrival_us, &stamp) != CLOCK_ACCEPTED)
        return;
    block.first_ms = stamp.first_ms;
    block.step_ms = stamp.step_ms;
    block.first_tick = stamp.first_tick;
    block.tick_step = stamp.tick_step;
    block.lost = stamp.lost;
    block.restart = stamp.restart;
    block.rate = stamp.rate;
    block.rate_measured = stamp.rate_measured;
    heart_push(heart, &block, on_features, NULL);
}

/* at:rr of the NN first, then their figures; -1: no share of the time is asked for. */
static void print_record(const struct heart *heart)
{
    const struct heart_nn *nn = heart_intervals(heart);
    struct heart_hrv hrv = heart_hrv_time(nn, -1.0, 29.0);
    printf("record sdnn=%.4f rmssd=%.4f covered=%.2f pairs=%zu bytes=%zu hf=%.4f lf=%.4f nn=",
           hrv.sdnn, hrv.rmssd, hrv.covered, hrv.pairs, heart_state_bytes(),
           heart_hrv_power(nn, -1.0, 60.0, 0.15, 0.40),
           heart_hrv_power(nn, -1.0, 60.0, 0.04, 0.15));
    for (size_t k = 0; k < nn->count; k++)
        printf("%.4f:%.4f:%.5f:%d,", nn->beats[k].at_s, nn->beats[k].rr, nn->beats[k].sigma,
               (int)nn->beats[k].normal);
    putchar('\n');
}

int main(void)
{
    static char line[CAPTURE_LINE_MAX];
    static struct capture_record record;
    struct clock *clock = clock_create(model_default());
    struct heart *heart = heart_create();
    if (clock == NULL || heart == NULL)
        return 1;
    clock_link_up(clock, (struct clock_anchor){0, 0});
    while (fgets(line, sizeof line, stdin) != NULL)
        if (capture_parse(line, &record) == NULL && record.kind == CAPTURE_PACKET)
            on_packet(clock, heart, &record.packet);
    print_record(heart);
    heart_destroy(heart);
    clock_destroy(clock);
    return 0;
}
