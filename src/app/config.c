#include "app/config.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/small_file.h"

struct config_reading {
    struct options *options;
    const char *path;
    const char *rest; /* of the file's text */
    unsigned line;
    bool failed; /* the first fault is told; inih reads on */
    struct failure *failure;
};

static void fault(struct config_reading *reading, const char *text)
{
    if (!reading->failed)
        failure_set(reading->failure, ERROR_INVALID_PARAMETERS, "%.100s:%u: %.200s", reading->path,
                    reading->line, text);
    reading->failed = true;
}

/* Without the blanks before its key: inih would take the line for more of the value above it. */
static char *read_line(char *text, int size, void *user)
{
    struct config_reading *reading = user;
    const size_t whole = strcspn(reading->rest, "\n"), end = whole + (reading->rest[whole] == '\n');

    if (end == 0)
        return NULL;
    reading->line++;
    if (end >= (size_t)size) {
        fault(reading, "this line is too long.");
        return NULL;
    }
    const size_t blanks = strspn(reading->rest, " \t");
    memcpy(text, reading->rest + blanks, end - blanks);
    text[end - blanks] = '\0';
    reading->rest += end;
    return text;
}

static void refuse_key(struct config_reading *reading, const char *key, bool known)
{
    struct failure failure;

    failure_set(&failure, ERROR_INVALID_PARAMETERS,
                known ? "%.60s is for the command line only."
                      : "%.60s is no option; linkbandd.conf(5) has them all.",
                key);
    fault(reading, failure.message);
}

static int take_setting(void *user, const char *section, const char *key, const char *value)
{
    struct config_reading *reading = user;
    struct options *options = reading->options;
    const struct option_spec *spec = options_find(key, strlen(key));
    struct failure failure = {.message = "out of memory."};

    if (section[0] != '\0')
        fault(reading, "this file has no [sections].");
    else if (!spec || !(spec->use & OPTION_IN_FILE))
        refuse_key(reading, key, spec != NULL);
    else if (strstr(value, " #") || strstr(value, "\t#"))
        fault(reading, "what follows # would be part of the value: put the comment on a line of "
                       "its own.");
    else if (options_given(options, spec) && !options_is_list(spec)) {
        failure_set(&failure, ERROR_INVALID_PARAMETERS, "%s is given twice.", key);
        fault(reading, failure.message);
    } else {
        const char *copy = options_keep(options, value);
        if (!copy || !options_set(options, spec, copy, &failure))
            fault(reading, failure.message);
    }
    return !reading->failed;
}

static bool refuse_file(const char *path, const char *why, struct failure *failure)
{
    failure_set(failure, ERROR_INVALID_PARAMETERS,
                "The configuration file %.120s can't be read: %s.", path, why);
    return false;
}

static bool parse(struct config_reading *reading)
{
    const int line = ini_parse_stream(read_line, reading, take_setting, reading);

    if (line < 0)
        return refuse_file(reading->path, "out of memory", reading->failure);
    if (line > 0 && !reading->failed) {
        reading->line = (unsigned)line;
        fault(reading, "a line is `key = value`, or a comment after #.");
    }
    return !reading->failed;
}

bool config_read(struct options *options, const char *path, struct failure *failure)
{
    struct config_reading reading = {.options = options, .path = path, .failure = failure};
    char *text = malloc(CONFIG_BYTES_MAX + 1);
    bool good = false;

    if (!text)
        return refuse_file(path, "out of memory", failure);
    const ssize_t len = small_file_read(path, text, CONFIG_BYTES_MAX + 1, NULL);
    if (len < 0)
        refuse_file(path, small_file_trouble(len), failure);
    else if (memchr(text, '\0', (size_t)len))
        refuse_file(path, "it is no text, there is a zero byte in it", failure);
    else {
        reading.rest = text;
        good = parse(&reading);
    }
    free(text);
    return good;
}
