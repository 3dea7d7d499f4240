#include <stdio.h>
#include <stdlib.h>

#include "app/options.h"
#include "app/process.h"
#include "app/serve.h"

int main(int argc, char **argv)
{
    struct options options;
    struct failure failure;

    if (!options_parse(&options, argc, argv, &failure)) {
        fprintf(stderr, "linkbandd: %s\n", failure.message);
        return 2;
    }
    switch (options.action) {
    case ACTION_HELP:
        options_print_help();
        return EXIT_SUCCESS;
    case ACTION_VERSION:
        puts("linkbandd " LINKBANDD_VERSION);
        return EXIT_SUCCESS;
    case ACTION_PROCESS:
        return process_run(&options);
    default:
        return serve_run(&options);
    }
}
