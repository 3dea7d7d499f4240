/* The program: what the command line asks for is run, and its end is the exit status. */
#include <stdio.h>
#include <stdlib.h>

#include "app/check.h"
#include "app/doctor.h"
#include "app/options.h"
#include "app/process.h"
#include "app/recorded.h"
#include "app/serve.h"

static int check_config(const struct options *options)
{
    struct failure failure;

    if (!check_start(options, &failure)) {
        log_error("linkbandd: %s", failure.message);
        return OPTIONS_EXIT_STATUS;
    }
    printf("%s: nothing wrong\n", options->config ? options->config : "the command line");
    return EXIT_SUCCESS;
}

static int run(const struct options *options, int argc, char **argv)
{
    switch (options->action) {
    case ACTION_HELP:
        options_print_help();
        return EXIT_SUCCESS;
    case ACTION_VERSION:
        puts("linkbandd " LINKBANDD_VERSION);
        return EXIT_SUCCESS;
    case ACTION_PRINT_CONFIG:
        options_print_config();
        return EXIT_SUCCESS;
    case ACTION_CHECK_CONFIG:
        return check_config(options);
    case ACTION_DOCTOR:
        return doctor_run(options);
    case ACTION_EXPORT:
        return export_run(options);
    case ACTION_PROCESS:
        return process_run(options);
    case ACTION_SERVE:
        break;
    }
    return serve_run(options, argc, argv);
}

int main(int argc, char **argv)
{
    struct options options;
    struct failure failure;
    int status = OPTIONS_EXIT_STATUS;

    if (options_parse(&options, argc, argv, &failure))
        status = run(&options, argc, argv);
    else
        log_error("linkbandd: %s", failure.message);
    options_finish(&options);
    return status;
}
