#include "app/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/length.h"
#include "ble/bluez.h"
#include "spool/spool.h"
#include "values.h"

#define KEEP_MINUTES 10

#define DAEMON  OPTION_FOR_DAEMON
#define PROCESS OPTION_FOR_PROCESS
#define EXPORT  OPTION_FOR_EXPORT
#define IN_FILE (OPTION_FOR_DAEMON | OPTION_IN_FILE)
#define RELOADS (OPTION_FOR_DAEMON | OPTION_IN_FILE | OPTION_RELOADS)

struct option_text {
    struct option_text *next;
    char text[];
};

static void *field(const struct option_spec *spec, struct options *options)
{
    return (char *)options + spec->offset;
}

static bool is_empty(const struct option_spec *spec, const char *value, struct failure *failure)
{
    if (value[0] != '\0')
        return false;
    failure_set(failure, ERROR_INVALID_PARAMETERS, "%s wants a value: %s.", spec->name,
                spec->argument);
    return true;
}

static bool set_text(const struct option_spec *spec, struct options *options, const char *value,
                     struct failure *failure)
{
    if (is_empty(spec, value, failure))
        return false;
    *(const char **)field(spec, options) = value;
    return true;
}

/* Whether `value` is one of the words of `a|b|c`. */
static bool is_word(const char *words, const char *value)
{
    const size_t len = strlen(value);

    while (*words) {
        size_t word = strcspn(words, "|");
        if (word == len && memcmp(words, value, len) == 0)
            return true;
        words += word + (words[word] == '|');
    }
    return false;
}

static bool refuse_word(const struct option_spec *spec, const char *value, struct failure *failure)
{
    if (is_word(spec->argument, value))
        return false;
    failure_set(failure, ERROR_INVALID_PARAMETERS, "%s can't be `%.40s`; it may be %s.", spec->name,
                value, spec->argument);
    return true;
}

static bool set_word(const struct option_spec *spec, struct options *options, const char *value,
                     struct failure *failure)
{
    return !refuse_word(spec, value, failure) && set_text(spec, options, value, failure);
}

static bool set_level(const struct option_spec *spec, struct options *options, const char *value,
                      struct failure *failure)
{
    return !refuse_word(spec, value, failure) && log_level_from_name(value, field(spec, options));
}

/* On the command line a flag has no value; in the file it is yes or no. */
static bool set_flag(const struct option_spec *spec, struct options *options, const char *value,
                     struct failure *failure)
{
    if (!is_word("yes|no", value)) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%s can't be `%.40s`; it may be yes or no.",
                    spec->name, value);
        return false;
    }
    *(bool *)field(spec, options) = value[0] == 'y';
    return true;
}

static bool set_list(const struct option_spec *spec, struct options *options, const char *value,
                     struct failure *failure)
{
    struct option_list *list = field(spec, options);

    if (!options_given(options, spec))
        list->count = 0;
    if (list->count == OPTIONS_LIST_MAX) {
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%s may be given at most %d times.",
                    spec->name, OPTIONS_LIST_MAX);
        return false;
    }
    if (is_empty(spec, value, failure))
        return false;
    list->items[list->count++] = value;
    return true;
}

static bool set_action(const struct option_spec *spec, struct options *options, const char *value,
                       struct failure *failure)
{
    (void)value;
    (void)failure;
    options->action = spec->action;
    return true;
}

#define OPTION(name, argument, use, setter, field, help, sample)                                   \
    {                                                                                              \
        name, argument, help, setter, NULL, offsetof(struct options, field), use, 0, sample        \
    }
/* Whose value is looked at before it is set. */
#define VALUE(name, argument, use, setter, check, field, help, sample)                             \
    {                                                                                              \
        name, argument, help, setter, check, offsetof(struct options, field), use, 0, sample       \
    }
#define ACTION(name, use, action, help)                                                            \
    {                                                                                              \
        name, NULL, help, set_action, NULL, 0, use, action, NULL                                   \
    }

/* clang-format off */
const struct option_spec options_table[] = {
    VALUE("config", "FILE", DAEMON, set_text, values_path, config,
           "read options from this file too; the command line goes before it", NULL),
    ACTION("check-config", DAEMON, ACTION_CHECK_CONFIG,
           "say whether command line and file are right, without starting"),
    ACTION("print-config", DAEMON, ACTION_PRINT_CONFIG,
           "print a configuration file with every option, explained"),
    OPTION("backend", "bluez|sim|replay", IN_FILE, set_word, backend,
           "where the band comes from: bluez, a real one over Bluetooth; sim, a simulated one; "
           "replay, a capture played again", "bluez"),
    VALUE("adapter", "ADDRESS|hciN", IN_FILE, set_list, values_adapter, adapters,
           "bluez: this adapter instead of the first that is powered; several (up to 16) share the bands, "
           "and the one with the fewest takes the next", "hci0"),
    VALUE("max-bands-per-adapter", "N", IN_FILE, set_text, values_bands, max_bands_per_adapter,
           "bluez: so many bands may go by one adapter, 1 to 8; 4 is the default", "4"),
    OPTION("notify", "start|acquire", IN_FILE, set_word, notify,
           "bluez: take data as signals of the bus (start, the default) or over a socket (acquire)",
           "start"),
    VALUE("auto-connect", "BAND", IN_FILE, set_list, values_band, auto_connect,
           "connect this band (name or address) whenever it appears, and stream; as often as --max-bands "
           "allows", "LXB-01234567"),
    VALUE("max-bands", "N", IN_FILE, set_text, values_bands, max_bands,
           "so many bands may be connected at a time, 1 to 8; 1 is the default", "2"),
    VALUE("sim", "KEY=VALUE,…", IN_FILE, set_text, values_sim, sim,
           "settings of the simulated bands; --help lists them", "heart=72,loss=0.01"),
    VALUE("capture", "FILE", IN_FILE, set_list, values_path, captures,
           "a capture to replay (up to 16, of a band each), or a recording: its folder or session_id",
           "/srv/captures/band.txt"),
    OPTION("loop", NULL, IN_FILE, set_flag, loop,
           "replay them again and again; each round is a reboot of the band", "yes"),
    OPTION("mains", "50|60", IN_FILE | PROCESS | EXPORT, set_word, mains,
           "the mains' frequency in Hz, taken off the EEG; 50 is the default", "50"),
    VALUE("keep-minutes", "MINUTES", IN_FILE, set_text, values_minutes, keep_minutes,
           "of what each band sends so many minutes are kept in memory, for keep_recent: 0 to 60, 10 is "
           "the default; 0 keeps nothing", "10"),
    VALUE("spool", "DIR", IN_FILE, set_text, values_path, spool,
           "keep all that bands send there, from their connect on, for linkband-uplink to carry away",
           "/var/lib/linkbandd/spool"),
    VALUE("spool-age", "HOURS", IN_FILE, set_text, values_hours, spool_age,
           "what was carried away stays in the spool so long, 1 to 8784; 72 is the default", "72"),
    VALUE("spool-size", "MB", IN_FILE, set_text, values_megabytes, spool_size,
           "the spool holds no more, the oldest goes; 16 to 1048576, 4096 is the default", "4096"),
    VALUE("data-dir", "DIR", IN_FILE | PROCESS | EXPORT, set_text, values_path, data_dir,
           "where recordings go, instead of $STATE_DIRECTORY/recordings under systemd and "
           "$XDG_DATA_HOME/linkbandd elsewhere", "/srv/linkbandd"),
    VALUE("state-dir", "DIR", IN_FILE, set_text, values_path, state_dir,
           "where it is kept what to resume after a crash, instead of $STATE_DIRECTORY under systemd "
           "and $XDG_STATE_HOME/linkbandd elsewhere", "/srv/linkbandd/state"),
    VALUE("listen", "ADDRESS:PORT", IN_FILE, set_list, values_address, listen,
           "listen here (up to 16 times) instead of on 127.0.0.1:8121 and [::1]:8121; addresses "
           "beyond loopback want a token", "127.0.0.1:8121"),
    VALUE("token-file", "FILE", IN_FILE, set_text, values_path, token_file,
           "every client must show the token in this file, as ?token= or Authorization: Bearer",
           "/etc/linkbandd/token"),
    VALUE("allow-host", "NAME", RELOADS, set_list, values_host, allow_host,
           "accept this name in requests' Host besides loopback names", "lab.example.org"),
    VALUE("allow-origin", "ORIGIN", RELOADS, set_list, values_origin, allow_origin,
           "accept pages of this origin; `null` lifts the limits of pages opened from a file",
           "https://lab.example.org"),
    VALUE("deny-origin", "ORIGIN", RELOADS, set_list, values_origin, deny_origin,
           "refuse this origin; `null` shuts out pages opened from a file", "null"),
    OPTION("log-level", "error|warning|info|debug", RELOADS, set_level, log_level,
           "what is logged; info is the default", "info"),
    VALUE("start", "ISO", PROCESS, set_text, values_start, start,
           "process: when a version 1 capture began", NULL),
    OPTION("format", "csv|bdf|jsonl", EXPORT, set_word, format,
           "export: what to make again of a recording's packets", NULL),
    VALUE("out", "DIR", EXPORT, set_text, values_path, out,
           "export: where to, instead of the working directory; nothing is overwritten", NULL),
    ACTION("version", DAEMON | PROCESS | EXPORT, ACTION_VERSION, "print the version"),
    ACTION("help", DAEMON | PROCESS | EXPORT, ACTION_HELP, "print this"),
    {0},
};
/* clang-format on */

_Static_assert(LENGTH(options_table) <= 64, "`given` has 64 bits");

const struct option_spec *options_find(const char *name, size_t len)
{
    for (const struct option_spec *spec = options_table; spec->name; spec++) {
        if (strlen(spec->name) == len && memcmp(spec->name, name, len) == 0)
            return spec;
    }
    return NULL;
}

int options_mains_hz(const struct options *options)
{
    return options->mains && strcmp(options->mains, "60") == 0 ? 60 : 50;
}

unsigned options_max_bands_per_adapter(const struct options *options)
{
    const char *text = options->max_bands_per_adapter;

    return text ? (unsigned)strtoul(text, NULL, 10) : BLUEZ_LINKS_MAX;
}

unsigned options_max_bands(const struct options *options)
{
    return options->max_bands ? (unsigned)strtoul(options->max_bands, NULL, 10) : 1;
}

int options_spool_hours(const struct options *options)
{
    return options->spool_age ? (int)strtol(options->spool_age, NULL, 10) : SPOOL_HOURS_DEFAULT;
}

int options_spool_megabytes(const struct options *options)
{
    return options->spool_size ? (int)strtol(options->spool_size, NULL, 10) : SPOOL_MB_DEFAULT;
}

int options_keep_minutes(const struct options *options)
{
    return options->keep_minutes ? (int)strtol(options->keep_minutes, NULL, 10) : KEEP_MINUTES;
}

void options_init(struct options *options)
{
    memset(options, 0, sizeof(*options));
    options->log_level = LOG_LEVEL_INFO;
}

void options_finish(struct options *options)
{
    while (options->texts) {
        struct option_text *text = options->texts;
        options->texts = text->next;
        free(text);
    }
}

const char *options_keep(struct options *options, const char *text)
{
    const size_t size = strlen(text) + 1;
    struct option_text *copy = malloc(sizeof(*copy) + size);

    if (!copy)
        return NULL;
    memcpy(copy->text, text, size);
    copy->next = options->texts;
    options->texts = copy;
    return copy->text;
}

void options_next_source(struct options *options)
{
    options->given = 0;
}

static uint64_t bit(const struct option_spec *spec)
{
    return UINT64_C(1) << (spec - options_table);
}

bool options_given(const struct options *options, const struct option_spec *spec)
{
    return options->given & bit(spec);
}

bool options_is_list(const struct option_spec *spec)
{
    return spec->set == set_list;
}

static bool check_value(const struct option_spec *spec, struct options *options, const char **value,
                        struct failure *failure)
{
    char normal[OPTIONS_NORMAL_SIZE] = "";

    if (!spec->check || (*value)[0] == '\0') /* the setter says what is wrong with none */
        return true;
    if (!spec->check(spec->name, *value, normal, failure))
        return false;
    if (normal[0] && strcmp(normal, *value) != 0)
        *value = options_keep(options, normal);
    if (!*value)
        failure_set(failure, ERROR_INVALID_PARAMETERS, "%s: out of memory.", spec->name);
    return *value;
}

bool options_set(struct options *options, const struct option_spec *spec, const char *value,
                 struct failure *failure)
{
    if (!check_value(spec, options, &value, failure) || !spec->set(spec, options, value, failure))
        return false;
    options->given |= bit(spec);
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_list(const struct option_list *a, const struct option_list *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->items[i], b->items[i]) == 0;
    return same;
}

static bool same_value(const struct option_spec *spec, const struct options *a,
                       const struct options *b)
{
    const void *one = (const char *)a + spec->offset, *other = (const char *)b + spec->offset;

    if (spec->set == set_list)
        return same_list(one, other);
    if (spec->set == set_flag)
        return *(const bool *)one == *(const bool *)other;
    if (spec->set == set_level)
        return *(const enum log_level *)one == *(const enum log_level *)other;
    return same_text(*(const char *const *)one, *(const char *const *)other);
}

void options_fixed_changes(const struct options *old, const struct options *new, char *text,
                           size_t size)
{
    size_t used = 0;

    text[0] = '\0';
    for (const struct option_spec *spec = options_table; spec->name && used < size; spec++) {
        if ((spec->use & OPTION_IN_FILE) && !(spec->use & OPTION_RELOADS) &&
            !same_value(spec, old, new))
            used += snprintf(text + used, size - used, "%s%s", used ? ", " : "", spec->name);
    }
}
