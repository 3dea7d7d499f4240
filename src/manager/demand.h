/* What a user of the stream asks for, and whether the band can give it. Pure. */
#ifndef MANAGER_DEMAND_H
#define MANAGER_DEMAND_H

#include <stdbool.h>

#include "band/sensor.h"
#include "manager/manager.h"

struct demand {
    sensor_set sensors;
    double rate;    /* EEG, Hz; 0: the default */
    double seconds; /* 0: no end */
};

/* The rates a band of this EEG rate gives, falling: its own, a half, a quarter. For an
 * unknown one (0) those that some band gives. Ends with 0. */
void demand_rates(const struct band_model *model, int eeg_rate, double rates[4]);

/* Whether the demand's rate is one of them; always, if it asks for no EEG. */
bool demand_rate_fits(const struct demand *demand, const struct band_model *model, int eeg_rate);

/* What to answer where it is not. */
struct manager_outcome demand_refusal(const struct demand *demand, const struct band_model *model,
                                      int eeg_rate);

/* The rate that results: as asked for, but never above the band's. */
double demand_rate(const struct demand *demand, const struct band_model *model, int eeg_rate);
/* That of a band that tells none. */
int demand_default_rate(const struct band_model *model);

#endif
