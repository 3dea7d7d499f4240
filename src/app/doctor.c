#include "app/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/token_file.h"
#include "doctor_private.h"

static int faults;

__attribute__((format(printf, 3, 0))) static void print(const char *mark, const char *what,
                                                        const char *format, va_list args)
{
    printf("%-6s %-11s ", mark, what);
    vprintf(format, args);
    putchar('\n');
}

void doctor_ok(const char *what, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print("ok", what, format, args);
    va_end(args);
}

void doctor_wrong(const char *what, const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print("WRONG", what, format, args);
    va_end(args);
    printf("       %-11s → %s\n", "", command);
    faults++;
}

static void look_at_token(const struct options *options)
{
    char token[SERVER_TOKEN_MAX + 1];
    struct failure failure;

    if (!options->token_file)
        doctor_ok("token", "none is set: only this machine is let in");
    else if (access(options->token_file, R_OK) != 0 && errno == EACCES)
        doctor_ok("token", "%s is not this user's to read; ask again with sudo",
                  options->token_file);
    else if (token_file_read(options->token_file, token, &failure))
        doctor_ok("token", "the one in %s is wanted of every client", options->token_file);
    else
        doctor_wrong("token",
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
        doctor_wrong("options", "mend that, then linkbandd --check-config --config FILE", "%s: %s",
                     where, failure.message);
    else
        doctor_ok("options", "nothing wrong in %s", where);
}

bool doctor_is_service(const struct options *options)
{
    return options->config && strcmp(options->config, OPTIONS_SERVICE_CONFIG) == 0;
}

int doctor_run(const struct options *options)
{
    look_at_options(options);
    if (!options->backend || strcmp(options->backend, "bluez") == 0)
        doctor_look_at_bluetooth(options);
    else
        doctor_ok("Bluetooth", "the options want the backend %s, which needs none",
                  options->backend);
    doctor_look_at_ports(options);
    doctor_look_at_recordings(options);
    look_at_token(options);
    return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}
