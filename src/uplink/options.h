/* linkband-uplink's command line. */
#ifndef UPLINK_OPTIONS_H
#define UPLINK_OPTIONS_H

#include "carrier.h"

/* As linkbandd: EX_CONFIG of sysexits.h. */
#define UPLINK_EXIT_USAGE 78

enum uplink_action { UPLINK_CARRY, UPLINK_HELP, UPLINK_VERSION };

struct uplink_options {
    enum uplink_action action;
    struct carrier_options carrier;
    const struct driver_ops *driver; /* by the scheme of --to */
    const char *publish, *mains;     /* as they were given */
    char gateway[65];                /* the host's name where none is given */
    char password[257];
};

/* False and *failure; texts are borrowed from argv. */
bool uplink_options_parse(struct uplink_options *options, int argc, char **argv,
                          struct failure *failure);
void uplink_options_help(void);

#endif
