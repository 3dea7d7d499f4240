#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PREFIX_MAX 32
#define PREFIX_OF  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-/"

static const struct row {
    const char *name, *argument;
    size_t offset; /* of the text in struct uplink_options */
    const char *help;
} rows[] = {
#define ROW(name, argument, field, help)                                                           \
    {                                                                                              \
        name, argument, offsetof(struct uplink_options, field), help                               \
    }
    ROW("--spool", "DIR", carrier.spool, "the daemon's --spool"),
    ROW("--to", "URL", carrier.driver.url,
        "nats://HOST[:PORT], tls://… (several by commas), mqtt://HOST[:PORT] or mqtts://…"),
    ROW("--site", "NAME", carrier.site, "where this gateway is, for the subject (default)"),
    ROW("--gateway", "NAME", carrier.gateway, "its own name there (this host's)"),
    ROW("--name", "NAME", carrier.cursor, "of its cursor in the spool (uplink)"),
    ROW("--publish", "LIST", publish,
        "kinds by commas: raw, event, samples, processed (raw,event)"),
    ROW("--mains", "HZ", mains, "50 or 60, as the daemon's, for processed (50)"),
    ROW("--creds", "FILE", carrier.driver.creds, "NATS: JWT and NKey of the user"),
    ROW("--username", "NAME", carrier.driver.username, "MQTT"),
    ROW("--password-file", "FILE", carrier.driver.password, "MQTT: its first line is the password"),
    ROW("--home-assistant", "PREFIX", carrier.home_assistant,
        "MQTT: tells Home Assistant of the bands; its own prefix is homeassistant"),
    ROW("--ca", "FILE", carrier.driver.ca, "certificates to believe instead of the system's"),
#undef ROW
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

void uplink_options_help(void)
{
    puts("linkband-uplink --spool DIR --to URL [OPTION VALUE]…\n"
         "Carries what linkbandd spools to a NATS JetStream or MQTT server (docs/scale.md).\n");
    for (size_t i = 0; i < ROWS; i++)
        printf("  %-16s %-6s %s\n", rows[i].name, rows[i].argument, rows[i].help);
    puts("  --help, --version");
}

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}

static bool take_option(struct uplink_options *options, const char *name, const char *value,
                        struct failure *failure)
{
    const struct row *row = find_row(name);

    if (row && value && value[0]) {
        *(const char **)((char *)options + row->offset) = value;
        return true;
    }
    if (row)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%s wants a value: %s.", name,
                    row->argument);
    else
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "There is no option %.60s; linkband-uplink --help lists them.", name);
    return false;
}

static bool is_cursor_name(const char *name)
{
    return name[0] != '.' && !strchr(name, '/') && strlen(name) <= 48;
}

/* The bit of the kind that the first `len` bytes name; 0: none. */
static unsigned publish_bit(const char *word, size_t len)
{
    for (enum publication kind = 0; kind < PUBLISH_COUNT; kind++) {
        const char *name = publication_name(kind);
        if (strlen(name) == len && strncmp(word, name, len) == 0)
            return PUBLISH_BIT(kind);
    }
    return 0;
}

static bool read_publish(struct uplink_options *options, struct failure *failure)
{
    const char *word = options->publish;
    unsigned bit;

    do {
        const size_t len = strcspn(word, ",");
        bit = publish_bit(word, len);
        options->carrier.publish |= bit;
        word += len;
    } while (bit && *word++);
    if (!bit)
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--publish can't be `%.80s`; it is a list by commas, without blanks, of raw, "
                    "event, samples and processed.",
                    options->publish);
    return bit;
}

static bool read_mains(struct uplink_options *options, struct failure *failure)
{
    const char *mains = options->mains;

    options->carrier.mains_hz = strcmp(mains, "60") == 0 ? 60 : 50;
    if (options->carrier.mains_hz == 60 || strcmp(mains, "50") == 0)
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "--mains can't be `%.40s`; it is 50 or 60, as linkbandd's --mains.", mains);
    return false;
}

static bool find_driver(struct uplink_options *options, struct failure *failure)
{
    static const struct driver_ops *const drivers[] = {&driver_nats, &driver_mqtt};
    const char *url = options->carrier.driver.url;
    const size_t len = strcspn(url, ":");

    for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        for (const char *const *scheme = drivers[i]->schemes; *scheme; scheme++) {
            if (strlen(*scheme) == len && strncmp(url, *scheme, len) == 0 &&
                strncmp(url + len, "://", 3) == 0)
                options->driver = drivers[i];
        }
    }
    if (!options->driver)
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--to can't be `%.80s`; it begins with nats://, tls://, mqtt:// or mqtts://.",
                    url);
    return options->driver;
}

/* A topic's beginning, for a server that keeps what it is told. */
static bool check_prefix(const struct uplink_options *options, struct failure *failure)
{
    const char *prefix = options->carrier.home_assistant;

    if (!prefix)
        return true;
    if (!options->driver->tell) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--home-assistant is for MQTT: --to mqtt://HOST of the broker that Home "
                    "Assistant uses.");
        return false;
    }
    if (strlen(prefix) <= PREFIX_MAX && strspn(prefix, PREFIX_OF) == strlen(prefix))
        return true;
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "--home-assistant can't be `%.60s`; it is the beginning of a topic, of at most %d "
                "letters, digits, `_`, `-` and `/`: homeassistant, if it was not changed there.",
                prefix, PREFIX_MAX);
    return false;
}

/* The option named a file; from here on it is what that holds. */
static bool read_password(struct uplink_options *options, struct failure *failure)
{
    const char *path = options->carrier.driver.password;
    FILE *file = path ? fopen(path, "r") : NULL;

    if (!path)
        return true;
    if (!file || !fgets(options->password, sizeof(options->password), file)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "--password-file %.120s can't be read: %s.",
                    path, file ? "it is empty" : strerror(errno));
        if (file)
            fclose(file);
        return false;
    }
    fclose(file);
    options->password[strcspn(options->password, "\r\n")] = '\0';
    options->carrier.driver.password = options->password;
    return true;
}

static bool check(struct uplink_options *options, struct failure *failure)
{
    struct carrier_options *carrier = &options->carrier;

    if (!carrier->spool || !carrier->driver.url) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "%s is missing; linkband-uplink --help tells what it is.",
                    carrier->spool ? "--to URL" : "--spool DIR");
        return false;
    }
    if (!is_cursor_name(carrier->cursor)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "--name can't be `%.60s`; it is a file's name of at most 48 bytes, without "
                    "slash and without dot before it.",
                    carrier->cursor);
        return false;
    }
    return read_publish(options, failure) && read_mains(options, failure) &&
           find_driver(options, failure) && check_prefix(options, failure) &&
           read_password(options, failure);
}

bool uplink_options_parse(struct uplink_options *options, int argc, char **argv,
                          struct failure *failure)
{
    memset(options, 0, sizeof(*options));
    gethostname(options->gateway, sizeof(options->gateway) - 1);
    options->publish = "raw,event";
    options->mains = "50";
    options->carrier.cursor = "uplink";
    options->carrier.site = "default";
    options->carrier.gateway = options->gateway[0] ? options->gateway : "gateway";
    for (int i = 1; i < argc; i += 2) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "--version") == 0) {
            options->action = argv[i][2] == 'h' ? UPLINK_HELP : UPLINK_VERSION;
            return true;
        }
        if (!take_option(options, argv[i], i + 1 < argc ? argv[i + 1] : NULL, failure))
            return false;
    }
    options->carrier.driver.name = options->carrier.gateway;
    return check(options, failure);
}
