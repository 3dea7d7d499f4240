#include "line_fit.h"

/* Remembers about 256 packets: 25 s of EEG, 2.4 min of PPG, 5 min of ACC. */
#define FORGETTING (1.0 - 1.0 / 256)

/* How much the prior weighs, in samples²: as a spread of points over some 60 samples would. */
#define PRIOR_WEIGHT 4000.0

/* Beyond this no crystal is: such a slope comes of ticks that are not a band's. */
#define DEVIATION_MAX 0.02

#define SETTLED_POINTS 10.0

void line_fit_init(struct line_fit *fit, double prior)
{
    *fit = (struct line_fit){.prior = prior};
}

void line_fit_add(struct line_fit *fit, double samples, double ticks)
{
    const double old_weight = fit->weight * FORGETTING;

    fit->mean_i -= samples;
    fit->mean_t -= ticks;
    fit->weight = old_weight + 1;
    fit->points = fit->points * FORGETTING + 1;

    const double di = -fit->mean_i, dt = -fit->mean_t, share = old_weight / fit->weight;
    fit->mean_i += di / fit->weight;
    fit->mean_t += dt / fit->weight;
    fit->var_i = fit->var_i * FORGETTING + share * di * di;
    fit->cov_it = fit->cov_it * FORGETTING + share * di * dt;
}

void line_fit_break(struct line_fit *fit)
{
    fit->weight = 0;
    fit->mean_i = 0;
    fit->mean_t = 0;
}

double line_fit_slope(const struct line_fit *fit)
{
    const double least = fit->prior * (1 - DEVIATION_MAX), most = fit->prior * (1 + DEVIATION_MAX);
    const double slope = (fit->cov_it + PRIOR_WEIGHT * fit->prior) / (fit->var_i + PRIOR_WEIGHT);

    if (!(slope > least))
        return least;
    return slope < most ? slope : most;
}

bool line_fit_settled(const struct line_fit *fit)
{
    return fit->points >= SETTLED_POINTS;
}

double line_fit_residual(const struct line_fit *fit)
{
    return fit->mean_t - line_fit_slope(fit) * fit->mean_i;
}
