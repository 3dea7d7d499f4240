#include "app/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ble/sim.h"

enum {
    OPTION_BACKEND = 256,
    OPTION_ADAPTER,
    OPTION_NOTIFY,
    OPTION_AUTO_CONNECT,
    OPTION_SIM,
    OPTION_CAPTURE,
    OPTION_LOOP,
    OPTION_LISTEN,
    OPTION_ALLOW_HOST,
    OPTION_ALLOW_ORIGIN,
    OPTION_DENY_ORIGIN,
    OPTION_LOG_LEVEL,
    OPTION_START,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option table[] = {
    {"backend", required_argument, NULL, OPTION_BACKEND},
    {"adapter", required_argument, NULL, OPTION_ADAPTER},
    {"notify", required_argument, NULL, OPTION_NOTIFY},
    {"auto-connect", required_argument, NULL, OPTION_AUTO_CONNECT},
    {"sim", required_argument, NULL, OPTION_SIM},
    {"capture", required_argument, NULL, OPTION_CAPTURE},
    {"loop", no_argument, NULL, OPTION_LOOP},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"allow-host", required_argument, NULL, OPTION_ALLOW_HOST},
    {"allow-origin", required_argument, NULL, OPTION_ALLOW_ORIGIN},
    {"deny-origin", required_argument, NULL, OPTION_DENY_ORIGIN},
    {"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
    {"start", required_argument, NULL, OPTION_START},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

void options_print_help(void)
{
    printf(
        "Usage: linkbandd --backend bluez|sim|replay [OPTION]…\n"
        "       linkbandd process CAPTURE [--start ISO]\n"
        "\n"
        "Connects a Link Band and gives its data to browsers and scripts over one WebSocket,\n"
        "ws://localhost:8121/ws. `process` prints what the daemon would send of a capture.\n"
        "\n"
        "  --backend NAME         where the band comes from: bluez, a real one over Bluetooth; "
        "sim, a\n"
        "                         simulated one; replay, a capture played again\n"
        "  --adapter ADDR|hciN    bluez: this adapter instead of the first that is powered\n"
        "  --notify WAY           bluez: `start` (signals, the default) or `acquire` (a socket)\n"
        "  --auto-connect BAND    connect this band (name or address) whenever it appears, and "
        "stream\n"
        "  --sim KEY=VALUE,…      settings of the simulated band, below\n"
        "  --capture FILE         the capture to replay\n"
        "  --loop                 replay it again and again; each round is a reboot of the band\n"
        "  --listen ADDR:PORT     listen here (up to %d times) instead of on 127.0.0.1:8121 and\n"
        "                         [::1]:8121; addresses beyond loopback are open to the network\n"
        "  --allow-host NAME      accept this name in requests' Host besides loopback names\n"
        "  --allow-origin ORIGIN  accept pages of this origin; `null` lifts the limits of pages\n"
        "                         opened from a file\n"
        "  --deny-origin ORIGIN   refuse this origin; `null` shuts out pages opened from a file\n"
        "  --log-level LEVEL      error, warning, info (the default) or debug\n"
        "  --start ISO            process: when a version 1 capture began\n"
        "  --version, --help\n"
        "\n"
        "%s",
        OPTIONS_LIST_MAX, sim_options_help());
}

static bool add(struct option_list *list, const char *name, const char *value,
                struct failure *failure)
{
    if (list->count == OPTIONS_LIST_MAX) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "--%s may be given at most %d times.", name,
                    OPTIONS_LIST_MAX);
        return false;
    }
    list->items[list->count++] = value;
    return true;
}

static bool set_backend(struct options *options, const char *value, struct failure *failure)
{
    if (strcmp(value, "bluez") != 0 && strcmp(value, "sim") != 0 && strcmp(value, "replay") != 0) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--backend %.40s is unknown; it may be bluez, sim or replay.", value);
        return false;
    }
    options->backend = value;
    return true;
}

static bool set_notify(struct options *options, const char *value, struct failure *failure)
{
    if (strcmp(value, "start") != 0 && strcmp(value, "acquire") != 0) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--notify %.40s is unknown; it may be start or acquire.", value);
        return false;
    }
    options->notify = value;
    return true;
}

static bool set_log_level(struct options *options, const char *value, struct failure *failure)
{
    if (log_level_from_name(value, &options->log_level))
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "--log-level %.40s is unknown; it may be error, warning, info or debug.", value);
    return false;
}

static bool set(struct options *options, int option, char *value, struct failure *failure)
{
    switch (option) {
    case OPTION_BACKEND:
        return set_backend(options, value, failure);
    case OPTION_ADAPTER:
        options->adapter = value;
        return true;
    case OPTION_NOTIFY:
        return set_notify(options, value, failure);
    case OPTION_AUTO_CONNECT:
        options->auto_connect = value;
        return true;
    case OPTION_SIM:
        options->sim = value;
        return true;
    case OPTION_CAPTURE:
        options->capture = value;
        return true;
    case OPTION_LOOP:
        options->loop = true;
        return true;
    case OPTION_LISTEN:
        return add(&options->listen, "listen", value, failure);
    case OPTION_ALLOW_HOST:
        return add(&options->allow_host, "allow-host", value, failure);
    case OPTION_ALLOW_ORIGIN:
        return add(&options->allow_origin, "allow-origin", value, failure);
    case OPTION_DENY_ORIGIN:
        return add(&options->deny_origin, "deny-origin", value, failure);
    case OPTION_LOG_LEVEL:
        return set_log_level(options, value, failure);
    case OPTION_START:
        options->start = value;
        return true;
    case OPTION_VERSION:
        options->action = ACTION_VERSION;
        return true;
    default:
        options->action = ACTION_HELP;
        return true;
    }
}

/* getopt tells an unknown option and a missing value by the same '?' unless asked by a leading
 * colon. */
static void refuse(const char *argument, bool value_missing, struct failure *failure)
{
    if (value_missing)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%.60s wants a value; see linkbandd --help.",
                    argument);
    else
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%.60s is no option of linkbandd; see linkbandd --help.", argument);
}

static bool take_words(struct options *options, int argc, char **argv, struct failure *failure)
{
    if (optind == argc)
        return true;
    if (strcmp(argv[optind], "process") != 0) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%.60s is no command of linkbandd; there is `process CAPTURE`.", argv[optind]);
        return false;
    }
    if (argc - optind != 2) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "process wants one capture: linkbandd process CAPTURE [--start ISO].");
        return false;
    }
    options->action = ACTION_PROCESS;
    options->capture = argv[optind + 1];
    return true;
}

/* Options that are of no use together are refused: none is taken and then ignored. */
static bool check_serve(const struct options *options, struct failure *failure)
{
    const bool replay = options->backend && strcmp(options->backend, "replay") == 0;
    const bool sim = options->backend && strcmp(options->backend, "sim") == 0;
    const bool bluez = options->backend && strcmp(options->backend, "bluez") == 0;
    const char *fault = NULL;

    if (!options->backend)
        fault = "Say where the band comes from: --backend bluez, sim or replay.";
    else if (options->start)
        fault = "--start is for linkbandd process only.";
    else if (options->sim && !sim)
        fault = "--sim is for --backend sim only.";
    else if (!bluez && (options->adapter || options->notify))
        fault = "--adapter and --notify are for --backend bluez only.";
    else if (!replay && (options->capture || options->loop))
        fault = "--capture and --loop are for --backend replay only.";
    else if (replay && !options->capture)
        fault = "--backend replay wants --capture FILE.";
    if (!fault)
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS, "%s", fault);
    return false;
}

bool options_parse(struct options *options, int argc, char **argv, struct failure *failure)
{
    int option;

    memset(options, 0, sizeof(*options));
    options->log_level = LOG_LEVEL_INFO;
    opterr = 0;
    optind = 1;
    for (;;) {
        int at = optind;
        option = getopt_long(argc, argv, ":", table, NULL);
        if (option == -1)
            break;
        if (option == '?' || option == ':') {
            refuse(argv[at < argc ? at : argc - 1], option == ':', failure);
            return false;
        }
        if (!set(options, option, optarg, failure))
            return false;
    }
    if (!take_words(options, argc, argv, failure))
        return false;
    return options->action != ACTION_SERVE || check_serve(options, failure);
}
