/* The table as text for people: --help and the sample configuration file. */
#include <stdio.h>
#include <string.h>

#include "app/options.h"
#include "ble/sim.h"

#define LINE_WIDTH  96
#define HELP_COLUMN 31

/* Bytes of UTF-8 that begin a character: what a terminal counts. */
static size_t width(const char *text, size_t len)
{
    size_t characters = 0;

    for (size_t i = 0; i < len; i++)
        characters += ((unsigned char)text[i] & 0xC0) != 0x80;
    return characters;
}

/* Words of `text` from `column` on; a line that would be too long breaks, `indent` begins the next.
 */
static void print_wrapped(const char *text, size_t column, const char *indent)
{
    size_t at = column;

    while (*text) {
        size_t len = strcspn(text, " "), wide = width(text, len);
        if (at > column && at + 1 + wide > LINE_WIDTH) {
            printf("\n%s", indent);
            at = column;
        } else if (at > column) {
            putchar(' ');
            at++;
        }
        printf("%.*s", (int)len, text);
        at += wide;
        text += len + (text[len] == ' ');
    }
    putchar('\n');
}

static void print_option(const struct option_spec *spec)
{
    char left[80], indent[HELP_COLUMN + 1];

    memset(indent, ' ', HELP_COLUMN);
    indent[HELP_COLUMN] = '\0';
    snprintf(left, sizeof(left), "  --%s%s%s", spec->name, spec->argument ? " " : "",
             spec->argument ? spec->argument : "");
    size_t used = width(left, strlen(left));
    if (used + 1 > HELP_COLUMN)
        printf("%s\n%s", left, indent);
    else
        printf("%s%*s", left, (int)(HELP_COLUMN - used), "");
    print_wrapped(spec->help, HELP_COLUMN, indent);
}

void options_print_help(void)
{
    printf(
        "Usage: linkbandd --backend bluez|sim|replay [OPTION]…\n"
        "       linkbandd --config FILE [OPTION]…\n"
        "       linkbandd process CAPTURE [--start ISO] [--mains 50|60]\n"
        "       linkbandd export SESSION --format csv|bdf|jsonl [--out DIR]\n"
        "       linkbandd doctor\n"
        "\n"
        "Connects a Link Band and gives its data to browsers and scripts over one WebSocket,\n"
        "ws://localhost:8121/ws. `process` prints what the daemon would send of a capture;\n"
        "`export` makes a recording's formats again from its packets; `doctor` says what is wrong\n"
        "on this machine, and the command that mends it.\n"
        "\n");
    for (const struct option_spec *spec = options_table; spec->name; spec++)
        print_option(spec);
    printf("\n%s", sim_options_help());
}

void options_print_config(void)
{
    printf(
        "# Options of linkbandd: key = value, one a line. They are those of the command line;\n"
        "# linkbandd.conf(5) explains them. An option of which there may be several is given on\n"
        "# several lines. After a change: systemctl reload linkbandd, and the log says which\n"
        "# changes wait for a restart.\n");
    for (const struct option_spec *spec = options_table; spec->name; spec++) {
        if (!(spec->use & OPTION_IN_FILE))
            continue;
        printf("\n# ");
        print_wrapped(spec->help, 2, "# ");
        if (spec->argument && strchr(spec->argument, '|'))
            printf("# %s\n", spec->argument);
        printf("%s%s = %s\n", strcmp(spec->name, "backend") == 0 ? "" : "#", spec->name,
               spec->sample);
    }
}
