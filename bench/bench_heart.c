/* Cost of the heart: µs of a core a second of PPG, bytes of state. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "heart_internal.h"

#define SECONDS 600
#define STEP    657.0

static void on_features(void *user, const struct ppg_features *features)
{
    (void)features;
    ++*(unsigned *)user;
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* what others do beside it does not count */
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int main(void)
{
    struct heart *heart = heart_create();
    unsigned told = 0;
    if (heart == NULL)
        return 1;
    double begin = now_us();
    for (long n = 0; (double)n * STEP < SECONDS * 32768.0; n += 28) {
        struct sample_block block = {
            .first_tick = (double)n * STEP, .tick_step = STEP, .rate = 50, .restart = n == 0};
        block.samples.sensor = SENSOR_PPG;
        block.samples.count = 28;
        for (long i = 0; i < 28; i++) {
            double x = sin((double)(n + i) * STEP / 32768.0 * 2.0 * M_PI * 1.2);
            uint32_t counts = (uint32_t)(1500000.0 + 3000.0 * exp(x) + (double)((n + i) % 7) * 20);
            block.samples.ppg[i] = (struct ppg_sample){.red = counts, .ir = counts};
        }
        heart_push(heart, &block, on_features, &told);
    }
    printf("heart: %.1f us of a core a second of PPG, %zu bytes of state\n",
           (now_us() - begin) / told, heart_state_bytes());
    heart_destroy(heart);
    return 0;
}
