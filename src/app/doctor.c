#include "app/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/token_file.h"
#include "doctor_bluetooth.h"
#include "doctor_places.h"
#include "doctor_ports.h"
#include "doctor_report.h"
#include "doctor_spool.h"

static void look_at_token(const struct options *options)
{
    char token[SERVER_TOKEN_MAX + 1];
    struct failure failure;

    if (!options->token_file)
        report_ok("token", "none is set: only this machine is let in");
    else if (access(options->token_file, R_OK) != 0 && errno == EACCES)
        report_ok("token", "%s is not this user's to read; ask again with sudo",
                  options->token_file);
    else if (token_file_read(options->token_file, token, &failure))
        report_ok("token", "the one in %s is wanted of every client", options->token_file);
    else
        report_wrong("token",
                     access(options->token_file, F_OK) == 0
                         ? "put that right in the file that is there"
                         : "(umask 077; openssl rand -hex 32 | sudo tee FILE >/dev/null)",
                     "%s", failure.message);
}

/* What a start would refuse. Files and addresses are looked at one by one, below. */
static void look_at_options(const struct options *options)
{
    const char *where = options->config ? options->config : "the command line";
    struct failure failure;

    if (options->backend && !options_fit(options, &failure))
        report_wrong("options", "mend that, then linkbandd --check-config --config FILE", "%s: %s",
                     where, failure.message);
    else
        report_ok("options", "nothing wrong in %s", where);
}

int doctor_run(const struct options *options)
{
    look_at_options(options);
    if (!options->backend || strcmp(options->backend, "bluez") == 0)
        doctor_look_at_bluetooth(options);
    else
        report_ok("Bluetooth", "the options want the backend %s, which needs none",
                  options->backend);
    doctor_look_at_ports(options);
    doctor_look_at_recordings(options);
    doctor_look_at_spool(options);
    look_at_token(options);
    return report_found_fault() ? EXIT_FAILURE : EXIT_SUCCESS;
}
