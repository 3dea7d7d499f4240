/* The command line: read over the configuration file, and refused where an option is of no use
 * to what is asked for. */
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "app/config.h"
#include "app/options.h"
#include "base/length.h"

#define TABLE_MAX 64

/* The failure begins with the option's name, as the file knows it. */
static void add_dashes(struct failure *failure)
{
    const struct failure plain = *failure;

    failure_set(failure, plain.code, "--%.300s", plain.message);
}

/* getopt tells an unknown option and a missing value by the same '?' unless asked by a leading
 * colon. */
static void refuse_argument(const char *argument, bool value_missing, struct failure *failure)
{
    if (value_missing)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%.60s wants a value; see linkbandd --help.",
                    argument);
    else
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%.60s is no option of linkbandd; see linkbandd --help.", argument);
}

/* What it looks at is, unless told otherwise, the service's. */
static void take_doctor(struct options *options)
{
    if (options->action == ACTION_SERVE)
        options->action = ACTION_DOCTOR;
    if (!options->config && access(OPTIONS_SERVICE_CONFIG, R_OK) == 0)
        options->config = OPTIONS_SERVICE_CONFIG;
}

static const struct {
    const char *word, *noun, *usage;
    enum options_action action;
} words[] = {
    {"process", "capture", "linkbandd process CAPTURE [--start ISO] [--mains 50|60]",
     ACTION_PROCESS},
    {"export", "session", "linkbandd export SESSION --format csv|bdf|jsonl [--out DIR]",
     ACTION_EXPORT},
};
#define WORDS LENGTH(words)

static bool take_words(struct options *options, int argc, char **argv, struct failure *failure)
{
    size_t i = 0;

    if (optind == argc || options->action == ACTION_HELP)
        return true;
    if (strcmp(argv[optind], "doctor") == 0 && argc - optind == 1) {
        take_doctor(options);
        return true;
    }
    while (i < WORDS && strcmp(argv[optind], words[i].word) != 0)
        i++;
    if (i == WORDS) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%.60s is no command of linkbandd; there are `process CAPTURE`, `export "
                    "SESSION` and `doctor`.",
                    argv[optind]);
        return false;
    }
    if (argc - optind != 2) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%s wants one %s: %s.", words[i].word,
                    words[i].noun, words[i].usage);
        return false;
    }
    if (options->action == ACTION_SERVE)
        options->action = words[i].action;
    options->capture = argv[optind + 1];
    return true;
}

static bool take_all(struct options *options, int argc, char **argv, struct failure *failure)
{
    struct option table[TABLE_MAX + 1] = {0};
    int option = 0, index = 0;

    for (size_t i = 0; options_table[i].name; i++) {
        table[i].name = options_table[i].name;
        table[i].has_arg = options_table[i].argument ? required_argument : no_argument;
    }
    opterr = 0;
    optind = 0; /* glibc: begin anew, the leading colon included */
    for (int at = 1; option != -1; at = optind) {
        option = getopt_long(argc, argv, ":h", table, &index);
        if (option == 'h')
            options->action = ACTION_HELP;
        if (option == '?' || option == ':') {
            refuse_argument(argv[at < argc ? at : argc - 1], option == ':', failure);
            return false;
        }
        if (option == 0 &&
            !options_set(options, &options_table[index], optarg ? optarg : "yes", failure)) {
            add_dashes(failure);
            return false;
        }
    }
    return take_words(options, argc, argv, failure);
}

/* Options that are of no use to what is asked for are refused: none is taken and then ignored. */
static bool check_use(const struct options *options, struct failure *failure)
{
    const unsigned use = options->action == ACTION_PROCESS  ? OPTION_FOR_PROCESS
                         : options->action == ACTION_EXPORT ? OPTION_FOR_EXPORT
                                                            : OPTION_FOR_DAEMON;

    for (const struct option_spec *spec = options_table; spec->name; spec++) {
        if (!options_given(options, spec) || (spec->use & use))
            continue;
        failure_set(failure, ERROR_INVALID_PARAMETERS, "--%s is for %s only.", spec->name,
                    spec->use & OPTION_FOR_DAEMON    ? "the daemon"
                    : spec->use & OPTION_FOR_PROCESS ? "linkbandd process"
                                                     : "linkbandd export");
        return false;
    }
    return true;
}

static bool is_daemon(const struct options *options)
{
    return options->action == ACTION_SERVE || options->action == ACTION_CHECK_CONFIG;
}

/* The command line is read once for what it asks for and where the file is, then, so that it wins,
 * once more over the file. */
bool options_parse(struct options *options, int argc, char **argv, struct failure *failure)
{
    options_init(options);
    if (!take_all(options, argc, argv, failure))
        return false;
    if (options->action != ACTION_PROCESS && options->action != ACTION_EXPORT &&
        options->action != ACTION_DOCTOR && !is_daemon(options))
        return true;
    if (!check_use(options, failure))
        return false;
    if (options->action == ACTION_EXPORT && !options->format) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "export wants --format csv, bdf or jsonl.");
        return false;
    }
    if (options->config) {
        const char *path = options->config;
        options_init(options);
        if (!config_read(options, path, failure))
            return false;
        options_next_source(options);
        if (!take_all(options, argc, argv, failure))
            return false;
    }
    return !is_daemon(options) || options_fit(options, failure);
}
