/* --sim for one of several bands: what it has of its own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ble/sim.h"
#include "ble/sim_random.h"

/* Crystals are within 50 ppm, hearts at rest beat 55 to 90 times a minute, and a radio that several
 * bands share is at times some 30 ms late. */
static void draw(const struct sim_options *options, int which, struct sim_options *own)
{
    struct sim_random random;

    sim_random_seed(&random, options->seed, 0x80 + (uint64_t)which);
    const double ppm = sim_random_between(&random, -50, 50);
    const double heart = sim_random_between(&random, 55, 90);
    const double jitter = sim_random_between(&random, 0, 30);
    if (!sim_options_gave(options, "ppm"))
        own->ppm = ppm;
    if (!sim_options_gave(options, "heart"))
        own->heart = heart;
    if (!sim_options_gave(options, "jitter"))
        own->jitter = jitter;
}

/* "N:key=value" of this band; every such text was read once and found good. */
static void take_own(const char *text, size_t len, int which, struct sim_options *own)
{
    struct failure failure;
    char one[SIM_OWN_SIZE];
    char *setting;

    snprintf(one, sizeof(one), "%.*s", (int)len, text);
    if (strtol(one, &setting, 10) == which)
        sim_options_parse(setting + 1, own, &failure);
}

void sim_options_of_band(const struct sim_options *options, int which, struct sim_options *own)
{
    *own = *options;
    own->own[0] = '\0';
    own->rssi -= 4 * which % 30;
    if (which > 0)
        draw(options, which, own);
    for (const char *at = options->own; *at; at += strcspn(at, ",") + 1)
        take_own(at, strcspn(at, ","), which, own);
}
