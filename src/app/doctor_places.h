/* Where recordings go, and what room there is: for the service its user is asked after, else the
 * one who asks. Only looks. */
#ifndef DOCTOR_PLACES_H
#define DOCTOR_PLACES_H

#include <pwd.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "app/options.h"

/* Of rights as those of others: S_IROTH, S_IWOTH, S_IXOTH. */
bool doctor_may(const struct stat *info, const struct passwd *user, mode_t rights);

struct doctor_place {
    const char *what, *path;
    const char *option; /* that names another */
    bool is_made;       /* the service makes it where it is not there */
    bool is_one;
};

/* Whether the service, or this user, can have its files there; false: it was told why not. */
bool doctor_place_is_well(const struct doctor_place *place, bool service);

void doctor_look_at_recordings(const struct options *options);

#endif
