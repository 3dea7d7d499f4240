#include "allowance.h"

void allowance_init(struct allowance *allowance, double burst, uint64_t now)
{
    *allowance = (struct allowance){burst, now};
}

bool allowance_spend(struct allowance *allowance, double rate, double burst, uint64_t now)
{
    double filled = allowance->left + (double)(now - allowance->at) * rate / 1000;

    allowance->left = filled < burst ? filled : burst;
    allowance->at = now;
    if (allowance->left < 1)
        return false;
    allowance->left -= 1;
    return true;
}
