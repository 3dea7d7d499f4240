#include "app/recorded.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "record/session.h"

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

void recorded_folder(const struct options *options, const char *given,
                     char path[DIRECTORY_PATH_MAX])
{
    char data_dir[DIRECTORY_PATH_MAX];
    struct failure failure;

    snprintf(path, DIRECTORY_PATH_MAX, "%s", given);
    if (is_folder(given) || !session_id_is_valid(given) ||
        !directory_for_data(options->data_dir, false, data_dir, &failure))
        return;
    snprintf(path, DIRECTORY_PATH_MAX, "%.*s/%s", DIRECTORY_PATH_MAX - SESSION_ID_SIZE - 2,
             data_dir, given);
}

void recorded_capture(const struct options *options, const char *given,
                      char path[DIRECTORY_PATH_MAX])
{
    char folder[DIRECTORY_PATH_MAX];

    recorded_folder(options, given, folder);
    if (is_folder(folder))
        snprintf(path, DIRECTORY_PATH_MAX, "%.*s/%s", DIRECTORY_PATH_MAX - 32, folder,
                 session_file_name(FILE_PACKETS));
    else
        snprintf(path, DIRECTORY_PATH_MAX, "%s", given);
}
