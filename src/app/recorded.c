#include "app/recorded.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* NULL where it can't be read: then it is taken for one of one band. */
static struct session *load(const char *folder)
{
    struct session *session = session_new();
    const int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool loaded = session && dir >= 0 && session_load_whole(dir, session);

    if (dir >= 0)
        close(dir);
    if (loaded)
        return session;
    session_free(session);
    return NULL;
}

static void put_packets(const char *folder, const char *band, char path[DIRECTORY_PATH_MAX])
{
    snprintf(path, DIRECTORY_PATH_MAX, "%.*s/%s%s%s", DIRECTORY_PATH_MAX - SESSION_FOLDER_SIZE - 32,
             folder, band, band[0] ? "/" : "", session_file_name(FILE_PACKETS));
}

size_t recorded_captures(const struct options *options, const char *given,
                         char (*paths)[DIRECTORY_PATH_MAX], size_t room)
{
    char folder[DIRECTORY_PATH_MAX];
    size_t count = 0;

    recorded_folder(options, given, folder);
    if (!is_folder(folder)) {
        snprintf(paths[0], DIRECTORY_PATH_MAX, "%s", given);
        return 1;
    }
    struct session *session = load(folder);
    for (size_t i = 0; session && i < session->band_count && count < room; i++)
        put_packets(folder, session->bands[i]->folder, paths[count++]);
    session_free(session);
    if (count == 0)
        put_packets(folder, "", paths[count++]);
    return count;
}
