/* `linkbandd export`: the command line's side; src/record/export.c does it. */
#include "record/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/lines.h"
#include "app/recorded.h"

static struct pipeline_listener begin_lines(void *user, FILE *out, const struct session_info *info)
{
    struct lines *lines = user;

    lines->out = out;
    memset(lines->raw, 0, sizeof(lines->raw)); /* of each band for itself */
    memset(lines->processed, 0, sizeof(lines->processed));
    lines->sensors = info->sensors;
    if (info->device[0])
        session_copy_text(lines->device_id, sizeof(lines->device_id), info->device);
    return lines_listener(lines, false);
}

static bool export_to(const char *folder, const char *format, const char *out, int mains_hz,
                      struct failure *failure)
{
    struct lines lines;
    const struct export_lines messages = {
        .user = &lines, .begin = begin_lines, .mains_hz = mains_hz};

    lines_init(&lines, NULL);
    const bool done = export_session(folder, format, out, &messages, failure);
    lines_finish(&lines);
    return done;
}

int export_run(const struct options *options)
{
    char folder[DIRECTORY_PATH_MAX];
    struct failure failure;

    recorded_folder(options, options->capture, folder);
    const bool done = export_to(folder, options->format, options->out ? options->out : ".",
                                options_mains_hz(options), &failure);
    if (!done)
        fprintf(stderr, "linkbandd: %s\n", failure.message);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
