#include "demand.h"

#include <stdio.h>
#include <string.h>

#include "band/model.h"
#include "reply.h"

int demand_default_rate(const struct band_model *model)
{
    return model->sensors[SENSOR_EEG].nominal_rates[0];
}

static void known_rates(const struct band_model *model, int *fastest, int *slowest)
{
    const int *rates = model->sensors[SENSOR_EEG].nominal_rates;

    *fastest = *slowest = rates[0];
    for (int i = 0; i < 3 && rates[i]; i++) {
        if (rates[i] > *fastest)
            *fastest = rates[i];
        if (rates[i] < *slowest)
            *slowest = rates[i];
    }
}

void demand_rates(const struct band_model *model, int eeg_rate, double rates[4])
{
    int fastest, slowest;

    known_rates(model, &fastest, &slowest);
    for (int i = 0; i < 3; i++)
        rates[i] = (double)(eeg_rate ? eeg_rate : fastest) / (1 << i);
    /* Whether the band is the slower one is not known yet: its quarter may be meant. */
    rates[3] = eeg_rate || slowest == fastest ? 0 : (double)slowest / 4;
}

bool demand_rate_fits(const struct demand *demand, const struct band_model *model, int eeg_rate)
{
    double rates[4];

    if (demand->rate == 0 || !(demand->sensors & SENSOR_BIT(SENSOR_EEG)))
        return true;
    demand_rates(model, eeg_rate, rates);
    for (int i = 0; i < 4 && rates[i] > 0; i++) {
        if (rates[i] == demand->rate)
            return true;
    }
    return false;
}

struct manager_outcome demand_refusal(const struct demand *demand, const struct band_model *model,
                                      int eeg_rate)
{
    double rates[4];
    char allowed[64];
    size_t len = 0;

    demand_rates(model, eeg_rate, rates);
    for (int i = 0; i < 4 && rates[i] > 0; i++)
        len +=
            (size_t)snprintf(allowed + len, sizeof(allowed) - len, "%s%g", i ? ", " : "", rates[i]);
    struct manager_outcome outcome = outcome_failure(
        ERROR_INVALID_PARAMETERS, "The band does not give EEG at %g Hz: ask for one of %s",
        demand->rate, allowed);
    outcome.parameter = "sample_rate";
    outcome.rate = demand->rate;
    memcpy(outcome.rates, rates, sizeof(rates));
    return outcome;
}

double demand_rate(const struct demand *demand, const struct band_model *model, int eeg_rate)
{
    double rate = demand->rate > 0 ? demand->rate : demand_default_rate(model);

    return eeg_rate && rate > eeg_rate ? eeg_rate : rate;
}
