/* `linkbandd export`: the command line's side; src/record/export.c does it. */
#include "record/export.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/lines.h"
#include "app/recorded.h"

static struct pipeline_listener begin_lines(void *user, FILE *out, const struct session_info *info)
{
    struct lines *lines = user;

    lines->out = out;
    lines->sensors = info->sensors;
    if (info->device[0])
        session_copy_text(lines->device_id, sizeof(lines->device_id), info->device);
    return lines_listener(lines, false);
}

int export_run(const struct options *options)
{
    struct lines lines;
    const struct export_lines messages = {
        .user = &lines, .begin = begin_lines, .mains_hz = options_mains_hz(options)};
    char folder[DIRECTORY_PATH_MAX];
    struct failure failure;

    recorded_folder(options, options->capture, folder);
    lines_init(&lines, NULL);
    const bool done = export_session(folder, options->format, options->out ? options->out : ".",
                                     &messages, &failure);
    lines_finish(&lines);
    if (!done)
        fprintf(stderr, "linkbandd: %s\n", failure.message);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
