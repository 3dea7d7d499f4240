/* PPG of the simulated wearer as a capture, and after it when each heart beat was. */
#include <stdio.h>
#include <stdlib.h>

#include "ble/sim_body.h"

#define RATE       49.88
#define PACKET     28
#define FIRST_TICK 1000

static void print_u24(uint32_t value)
{
    printf("%06x", (unsigned)value);
}

static void print_packet(struct sim_heart *heart, long number)
{
    uint32_t tick = (uint32_t)((double)(number * PACKET) / RATE * 32768.0 + 0.5) + FIRST_TICK;
    printf("%.6f ppg %02x%02x%02x%02x", (double)((number + 1) * PACKET) / RATE, tick & 255,
           tick >> 8 & 255, tick >> 16 & 255, tick >> 24);
    for (int i = 0; i < PACKET; i++) {
        struct ppg_sample sample;
        sim_heart_next(heart, &sample);
        print_u24(sample.red);
        print_u24(sample.ir);
    }
    putchar('\n');
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: heart_sim SEED BPM RMSSD_MS SECONDS\n");
        return 2;
    }
    uint64_t seed = strtoull(argv[1], NULL, 10);
    double bpm = strtod(argv[2], NULL);
    double rmssd = strtod(argv[3], NULL);
    double seconds = strtod(argv[4], NULL);
    struct sim_heart heart;
    struct sim_beats beats;
    sim_heart_init(&heart, seed, bpm, rmssd, RATE);
    sim_beats_init(&beats, seed, bpm, rmssd);
    for (long k = 0; (double)((k + 1) * PACKET) / RATE < seconds; k++)
        print_packet(&heart, k);
    for (double at = sim_beats_next(&beats); at < seconds; at = sim_beats_next(&beats))
        printf("# beat %.6f\n", at);
    return 0;
}
