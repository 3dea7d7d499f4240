/*
 * The options: one table for the command line, --help, the configuration file and what is checked
 * against it (sample file, manual pages; the shell's completion reads --help).
 */
#ifndef APP_OPTIONS_H
#define APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"

#define OPTIONS_LIST_MAX    16
#define OPTIONS_NORMAL_SIZE 512
/* The service's, as the package installs it. */
#define OPTIONS_SERVICE_CONFIG "/etc/linkbandd/linkbandd.conf"
/* Of a command line or configuration file that is refused, as sysexits.h has it: starting again
 * doesn't mend it. */
#define OPTIONS_EXIT_STATUS 78

/* A list of an option that may be given several times. */
struct option_list {
    const char *items[OPTIONS_LIST_MAX];
    size_t count;
};

enum options_action {
    ACTION_SERVE,
    ACTION_PROCESS,
    ACTION_DOCTOR,
    ACTION_EXPORT,
    ACTION_CHECK_CONFIG,
    ACTION_PRINT_CONFIG,
    ACTION_HELP,
    ACTION_VERSION
};

struct option_text;

/* Strings are borrowed from argv, or owned by `texts`. */
struct options {
    enum options_action action;
    const char *config;                /* the configuration file, or NULL */
    const char *backend;               /* "bluez", "sim" or "replay" */
    const char *notify;                /* NULL: not given */
    const char *sim;                   /* key=value,… or NULL */
    const char *capture;               /* process's or export's, or NULL */
    const char *start;                 /* process: ISO time, or NULL */
    const char *format, *out;          /* export's; NULL: not given */
    const char *data_dir;              /* NULL: the default */
    const char *state_dir;             /* NULL: the default */
    const char *token_file;            /* NULL: no token is wanted */
    const char *mains;                 /* "50" or "60"; NULL: 50 */
    const char *keep_minutes;          /* a whole number; NULL: the default */
    const char *max_bands;             /* "1" to "8"; NULL: 1 */
    const char *max_bands_per_adapter; /* the same; NULL: BLUEZ_LINKS_MAX */
    const char *spool;                 /* NULL: nothing is spooled */
    const char *spool_age;             /* hours, a whole number; NULL: the default */
    const char *spool_size;            /* MB, a whole number; NULL: the default */
    bool loop;
    struct option_list captures; /* replay's */
    struct option_list adapters, auto_connect, listen, allow_host, allow_origin, deny_origin;
    enum log_level log_level;

    uint64_t given;            /* by the source being read: a bit an entry of the table */
    struct option_text *texts; /* what was copied out of the configuration file */
};

/* Whether the options go together: what values.c can't see of one. Touches nothing, not even a
 * file; for the daemon's options only. */
bool options_fit(const struct options *options, struct failure *failure);

/* Where an option may stand and what it is for. */
enum {
    OPTION_IN_FILE = 1 << 0,
    OPTION_RELOADS = 1 << 1, /* a new value in the file is taken at SIGHUP */
    OPTION_FOR_DAEMON = 1 << 2,
    OPTION_FOR_PROCESS = 1 << 3,
    OPTION_FOR_EXPORT = 1 << 4,
};

struct option_spec {
    const char *name;
    const char *argument; /* NULL: a flag. Words with | between: the values there are. */
    const char *help;     /* in one paragraph, without the last dot */
    /* False, and *failure begins with the option's name: "backend can't be …". */
    bool (*set)(const struct option_spec *spec, struct options *options, const char *value,
                struct failure *failure);
    /* Looks at a value before it is set, or NULL. False, and *failure likewise, where it can't ever
     * match or work. What it leaves in `normal`, if anything, is taken instead. Touches nothing. */
    bool (*check)(const char *name, const char *value, char normal[OPTIONS_NORMAL_SIZE],
                  struct failure *failure);
    size_t offset; /* of the field in struct options */
    unsigned use;
    enum options_action action; /* what it asks for, where it is set by that alone */
    const char *sample;         /* the value shown in the sample configuration file */
};

/* The table, ends with a name of NULL; at most 64 entries. */
extern const struct option_spec options_table[];

/* NULL: no option of that name. */
const struct option_spec *options_find(const char *name, size_t len);

void options_init(struct options *options);
void options_finish(struct options *options);

/* A copy of the text that lives as long as the options; NULL: no memory. */
const char *options_keep(struct options *options, const char *text);

/* From here on values come from another source, which wins: its first item begins a list anew. */
void options_next_source(struct options *options);
bool options_given(const struct options *options, const struct option_spec *spec);
bool options_is_list(const struct option_spec *spec);
bool options_set(struct options *options, const struct option_spec *spec, const char *value,
                 struct failure *failure);

/*
 * Reads the command line, and below it the file that --config names. False, and *failure says
 * what is wrong, where, and what it may be. options_finish() is due either way.
 */
bool options_parse(struct options *options, int argc, char **argv, struct failure *failure);

/* The mains' frequency. */
int options_mains_hz(const struct options *options);
/* Bands that may be connected at a time. */
unsigned options_max_bands(const struct options *options);
unsigned options_max_bands_per_adapter(const struct options *options);
/* How long, and how much, the spool keeps. */
int options_spool_hours(const struct options *options);
int options_spool_megabytes(const struct options *options);
/* Of each band so many minutes are kept in memory; 0: nothing. */
int options_keep_minutes(const struct options *options);

/* The names, with commas, of what differs between the two and may not at a reload; "" if nothing.
 */
void options_fixed_changes(const struct options *old, const struct options *new, char *text,
                           size_t size);

/* The whole text of --help, and the sample configuration file, on stdout. */
void options_print_help(void);
void options_print_config(void);

#endif
