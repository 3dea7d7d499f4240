#include "sim_moments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strtod() would take spaces, hexadecimals and "nan" too. */
bool number_read(const char *text, double low, double high, double *out)
{
    char *end;

    if (text[0] == '\0' || text[strspn(text, "0123456789.-")] != '\0')
        return false;
    double value = strtod(text, &end);
    if (*end != '\0' || !(value >= low && value <= high))
        return false;
    *out = value;
    return true;
}

bool moment_read(char *text, double lasts, struct sim_moment *moment)
{
    char *colon = strchr(text, ':');

    moment->lasts = lasts;
    if (colon) {
        *colon = '\0';
        if (!number_read(colon + 1, 0, FOR_GOOD, &moment->lasts))
            return false;
    }
    return number_read(text, 0, FOR_GOOD, &moment->at);
}

static bool in_order(const struct sim_moments *moments)
{
    for (size_t i = 1; i < moments->count; i++) {
        if (moments->moment[i].at <= moments->moment[i - 1].at)
            return false;
    }
    return true;
}

bool moments_read(const char *text, double lasts, struct sim_moments *moments)
{
    char copy[SIM_PATH_SIZE];
    char *rest = copy;
    char *one;

    moments->count = 0;
    if ((size_t)snprintf(copy, sizeof(copy), "%s", text) >= sizeof(copy))
        return false;
    while ((one = strsep(&rest, "+"))) {
        if (moments->count == SIM_MOMENTS_MAX ||
            !moment_read(one, lasts, &moments->moment[moments->count]))
            return false;
        moments->count++;
    }
    return in_order(moments);
}
