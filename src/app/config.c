#include "app/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

struct reading {
    struct options *options;
    const char *path;
    FILE *file;
    unsigned line;
    bool failed; /* the first fault is told; inih reads on */
    struct failure *failure;
};

static void fault(struct reading *reading, const char *text)
{
    if (!reading->failed)
        failure_set(reading->failure, ERROR_INVALID_PARAMETERS, "%.100s:%u: %.120s", reading->path,
                    reading->line, text);
    reading->failed = true;
}

/* Without the blanks before its key: inih would take the line for more of the value above it. */
static char *read_line(char *text, int size, void *user)
{
    struct reading *reading = user;

    if (!fgets(text, size, reading->file))
        return NULL;
    reading->line++;
    if (!strchr(text, '\n') && !feof(reading->file)) {
        fault(reading, "this line is too long.");
        return NULL;
    }
    const char *begin = text + strspn(text, " \t");
    memmove(text, begin, strlen(begin) + 1);
    return text;
}

static void refuse_key(struct reading *reading, const char *key, bool known)
{
    struct failure failure;

    failure_set(&failure, ERROR_INVALID_PARAMETERS,
                known ? "%.60s is for the command line only."
                      : "%.60s is no option; linkbandd.conf(5) has them all.",
                key);
    fault(reading, failure.message);
}

static int take(void *user, const char *section, const char *key, const char *value)
{
    struct reading *reading = user;
    struct options *options = reading->options;
    const struct option_spec *spec = options_find(key, strlen(key));
    struct failure failure = {.message = "out of memory."};

    if (section[0] != '\0')
        fault(reading, "this file has no [sections].");
    else if (!spec || !(spec->use & OPTION_IN_FILE))
        refuse_key(reading, key, spec != NULL);
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

bool config_read(struct options *options, const char *path, struct failure *failure)
{
    struct reading reading = {.options = options, .path = path, .failure = failure};

    reading.file = fopen(path, "re");
    if (!reading.file) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "The configuration file %.120s can't be read: %s.", path, strerror(errno));
        return false;
    }
    int line = ini_parse_stream(read_line, &reading, take, &reading);
    bool broken = ferror(reading.file);
    fclose(reading.file);
    if (broken || line < 0) {
        failure_set(failure, ERROR_INVALID_PARAMETERS,
                    "The configuration file %.120s can't be read.", path);
        return false;
    }
    if (line > 0 && !reading.failed) {
        reading.line = (unsigned)line;
        fault(&reading, "a line is `key = value`, or a comment after #.");
    }
    return !reading.failed;
}
