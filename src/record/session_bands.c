/* Sessions of several bands: each has its own session_info, folder, and part of session.json. */
#include "record/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session_json.h"

/* What a band's part tells; at the top these are null, and the rest stands there only. */
static const char *const of_band[] = {"device",  "start",    "start_us",   "duration",
                                      "sensors", "eeg_rate", "signals",    "counts",
                                      "gaps",    "files",    "sample_rate"};
static const char *const only_of_band[] = {"device", "eeg_rate", "signals", "counts", "gaps"};

struct session *session_new(void)
{
    return calloc(1, sizeof(struct session));
}

static void free_bands(struct session *session)
{
    for (size_t i = 0; i < session->band_count; i++)
        free(session->bands[i]);
    session->band_count = 0;
}

void session_free(struct session *session)
{
    if (session)
        free_bands(session);
    free(session);
}

struct session_info *session_add_band(struct session *session)
{
    if (session->band_count == SESSION_BANDS_MAX)
        return NULL;
    struct session_info *band = malloc(sizeof(*band));
    if (band)
        session->bands[session->band_count++] = band;
    return band;
}

bool session_copy(struct session *to, const struct session *from)
{
    free_bands(to);
    to->info = from->info;
    for (size_t i = 0; i < from->band_count; i++) {
        struct session_info *band = session_add_band(to);
        if (!band)
            return false;
        *band = *from->bands[i];
    }
    return true;
}

/* ---- folders */

static bool is_taken(const struct session *session, const struct session_info *band)
{
    for (size_t i = 0; i < session->band_count; i++) {
        if (session->bands[i] != band && strcmp(session->bands[i]->folder, band->folder) == 0)
            return true;
    }
    return false;
}

void session_name_folder(const struct session *session, struct session_info *band)
{
    char name[sizeof(band->device)];

    session_copy_text(name, sizeof(name), band->device[0] ? band->device : "band");
    for (char *c = name; *c; c++) {
        const char one[2] = {*c, '\0'};
        if (!session_folder_is_valid(one))
            *c = '-';
    }
    session_copy_text(band->folder, sizeof(band->folder), name);
    for (int n = 2; is_taken(session, band) && n <= SESSION_BANDS_MAX; n++)
        snprintf(band->folder, sizeof(band->folder), "%s_%d", name, n);
}

/* ---- session.json */

static cJSON *band_to_json(const struct session_info *band)
{
    cJSON *all = session_to_json(band);
    cJSON *one = cJSON_CreateObject();

    cJSON_AddStringToObject(one, "folder", band->folder);
    for (size_t i = 0; i < sizeof(of_band) / sizeof(of_band[0]); i++) {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(all, of_band[i]);
        if (item)
            cJSON_AddItemToObject(one, of_band[i], item);
    }
    cJSON_Delete(all);
    return one;
}

bool session_save_whole(int dir, const struct session *session)
{
    if (session->band_count == 0)
        return session_save(dir, &session->info);
    cJSON *root = session_to_json(&session->info);
    for (size_t i = 0; i < sizeof(only_of_band) / sizeof(only_of_band[0]); i++)
        cJSON_ReplaceItemInObjectCaseSensitive(root, only_of_band[i], cJSON_CreateNull());
    cJSON *bands = cJSON_AddArrayToObject(root, "bands");
    for (size_t i = 0; i < session->band_count; i++)
        cJSON_AddItemToArray(bands, band_to_json(session->bands[i]));
    const bool saved = session_write_json(dir, root);
    const int error = errno;
    cJSON_Delete(root);
    errno = error;
    return saved;
}

void session_share(const struct session_info *from, struct session_info *band)
{
    memcpy(band->id, from->id, sizeof(band->id));
    memcpy(band->name, from->name, sizeof(band->name));
    memcpy(band->reason, from->reason, sizeof(band->reason));
    memcpy(band->version, from->version, sizeof(band->version));
    memcpy(band->backend, from->backend, sizeof(band->backend));
    band->state = from->state;
    band->mains_hz = from->mains_hz;
    band->formats = from->formats;
}

/* Someone may have edited the file: a folder that is none leaves its band out. */
static bool get_band(const cJSON *one, struct session *session)
{
    const char *folder = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "folder"));

    if (!folder || !session_folder_is_valid(folder) || session->band_count == SESSION_BANDS_MAX)
        return true;
    struct session_info *band = session_add_band(session);
    if (!band)
        return false;
    session_band_from_json(one, band);
    session_copy_text(band->folder, sizeof(band->folder), folder);
    session_share(&session->info, band);
    return true;
}

bool session_load_whole(int dir, struct session *session)
{
    cJSON *root = session_read_json(dir);
    const cJSON *one;
    bool loaded = root && session_from_json(root, &session->info), room = true;
    int error = loaded || !root ? errno : EBADMSG;

    free_bands(session);
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(loaded ? root : NULL, "bands")) room =
        room && get_band(one, session);
    cJSON_Delete(root);
    errno = room ? error : ENOMEM;
    return loaded && room;
}
