#include "allowance.h"

void allowance_init(struct allowance *allowance, double burst, uint64_t now)
{
    *allowance = (struct allowance){burst, now};
}

static void fill(struct allowance *allowance, double rate, double burst, uint64_t now)
{
    double filled = allowance->left + (double)(now - allowance->at) * rate / 1000;

    allowance->left = filled < burst ? filled : burst;
    allowance->at = now;
}

bool allowance_spend(struct allowance *allowance, double rate, double burst, uint64_t now)
{
    fill(allowance, rate, burst, now);
    if (allowance->left < 1)
        return false;
    allowance->left -= 1;
    return true;
}

bool allowance_charge(struct allowance *allowance, double cost, double rate, double burst,
                      uint64_t now)
{
    fill(allowance, rate, burst, now);
    allowance->left -= cost;
    return allowance->left >= 0;
}
