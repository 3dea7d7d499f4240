#include "demand.h"

#include "band/profile.h"

static int fastest_known(void)
{
    const int *rates = sensor_profile(SENSOR_EEG)->nominal_rates;
    int fastest = 0;

    for (int i = 0; i < 3 && rates[i]; i++) {
        if (rates[i] > fastest)
            fastest = rates[i];
    }
    return fastest;
}

void demand_rates(int eeg_rate, int rates[4])
{
    int rate = eeg_rate ? eeg_rate : fastest_known();
    int count = 0;

    rates[count++] = rate;
    for (int i = 0; i < 2 && rate % 2 == 0; i++) {
        rate /= 2;
        rates[count++] = rate;
    }
    while (count < 4)
        rates[count++] = 0;
}

bool demand_rate_fits(const struct demand *demand, int eeg_rate)
{
    int rates[4];

    if (demand->rate == 0 || !(demand->sensors & SENSOR_BIT(SENSOR_EEG)))
        return true;
    demand_rates(eeg_rate, rates);
    for (int i = 0; rates[i]; i++) {
        if (rates[i] == demand->rate)
            return true;
    }
    return false;
}

int demand_rate(const struct demand *demand, int eeg_rate)
{
    int rate = demand->rate ? demand->rate : DEMAND_DEFAULT_RATE;

    return eeg_rate && rate > eeg_rate ? eeg_rate : rate;
}
