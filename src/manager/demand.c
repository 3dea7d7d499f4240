#include "demand.h"

#include "band/model.h"

static int fastest_known(void)
{
    const int *rates = model_default()->sensors[SENSOR_EEG].nominal_rates;
    int fastest = 0;

    for (int i = 0; i < 3 && rates[i]; i++) {
        if (rates[i] > fastest)
            fastest = rates[i];
    }
    return fastest;
}

void demand_rates(int eeg_rate, double rates[4])
{
    const double rate = eeg_rate ? eeg_rate : fastest_known();

    for (int i = 0; i < 3; i++)
        rates[i] = rate / (1 << i);
    /* Whether the band is the slower one is not known yet: its quarter may be meant. */
    rates[3] = eeg_rate ? 0 : rate / 8;
}

bool demand_rate_fits(const struct demand *demand, int eeg_rate)
{
    double rates[4];

    if (demand->rate == 0 || !(demand->sensors & SENSOR_BIT(SENSOR_EEG)))
        return true;
    demand_rates(eeg_rate, rates);
    for (int i = 0; i < 4 && rates[i] > 0; i++) {
        if (rates[i] == demand->rate)
            return true;
    }
    return false;
}

double demand_rate(const struct demand *demand, int eeg_rate)
{
    double rate = demand->rate > 0 ? demand->rate : DEMAND_DEFAULT_RATE;

    return eeg_rate && rate > eeg_rate ? eeg_rate : rate;
}
