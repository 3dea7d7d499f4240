/* Names of a session: its folder, its files, its states. Pure. */
#include "record/session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/digits.h"
#include "base/length.h"
#include "base/text.h"

#define STAMP_LEN 16 /* 20261124T001009Z */
#define SLUG_MAX  40 /* leaves room for a suffix that makes it unique */

static const char *const file_names[FILE_COUNT] = {
    [FILE_PACKETS] = "packets.lbcap", [FILE_EEG] = "eeg.csv",
    [FILE_PPG] = "ppg.csv",           [FILE_ACC] = "acc.csv",
    [FILE_BAT] = "bat.csv",           [FILE_MARKERS] = "markers.csv",
    [FILE_BDF] = "session.bdf",       [FILE_PROCESSED] = "processed.jsonl",
    [FILE_JSON] = "session.json",     [FILE_COLUMNS] = "columns.json",
};

static void copy_or_none(char *out, size_t size, const char *text)
{
    session_copy_text(out, size, text ? text : "");
}

void session_describe(struct session_info *info, const struct session_about *about)
{
    copy_or_none(info->name, sizeof(info->name), about->session_name);
    copy_or_none(info->participant, sizeof(info->participant), about->participant);
    copy_or_none(info->task, sizeof(info->task), about->task);
    copy_or_none(info->notes, sizeof(info->notes), about->notes);
}

const char *session_file_name(enum session_file file)
{
    return file_names[file];
}

enum session_file session_file_from_name(const char *name)
{
    int file = 0;

    while (file < FILE_COUNT && strcmp(name, file_names[file]) != 0)
        file++;
    return (enum session_file)file;
}

const char *session_state_name(enum session_state state)
{
    static const char *const names[] = {
        [SESSION_RECORDING] = "recording",
        [SESSION_RECORDED] = "recorded",
        [SESSION_COMPLETE] = "complete",
        [SESSION_INTERRUPTED] = "interrupted",
    };
    ASSERT_GOES_TO(names, SESSION_INTERRUPTED);
    return names[state];
}

/* What of a name can stand in a folder's: ASCII letters, digits and hyphens, the rest one `_`. */
static size_t slug(const char *name, char out[SLUG_MAX + 1])
{
    size_t len = 0;

    for (; *name && len < SLUG_MAX; name++) {
        unsigned char c = (unsigned char)*name;

        if (c < 0x80 && (isalnum(c) || (c == '-' && len > 0)))
            out[len++] = (char)c;
        else if (len > 0 && out[len - 1] != '_')
            out[len++] = '_';
    }
    while (len > 0 && out[len - 1] == '_')
        len--;
    out[len] = '\0';
    return len;
}

void session_make_id(int64_t utc_us, const char *name, char id[SESSION_ID_SIZE])
{
    time_t seconds = (time_t)(utc_us / 1000000);
    struct tm utc;
    char stamp[STAMP_LEN + 1];
    char text[SLUG_MAX + 1];

    gmtime_r(&seconds, &utc);
    /* A clock beyond the year 9999 must not make the stamp longer. */
    if (strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &utc) != STAMP_LEN)
        strcpy(stamp, "00000000T000000Z");
    if (!name || slug(name, text) == 0)
        strcpy(text, "session");
    snprintf(id, SESSION_ID_SIZE, "%s_%s", stamp, text);
}

bool session_id_is_valid(const char *id)
{
    static const char shape[] = "ddddddddTddddddZ_";
    size_t len = strnlen(id, SESSION_ID_SIZE);

    if (len <= STAMP_LEN + 1 || len >= SESSION_ID_SIZE)
        return false;
    for (size_t i = 0; i < STAMP_LEN + 1; i++) {
        if (shape[i] == 'd' ? !is_digit(id[i]) : id[i] != shape[i])
            return false;
    }
    for (size_t i = STAMP_LEN + 1; i < len; i++) {
        unsigned char c = (unsigned char)id[i];

        if (c >= 0x80 || !(isalnum(c) || c == '-' || c == '_'))
            return false;
    }
    return true;
}

void session_copy_text(char *out, size_t size, const char *text)
{
    size_t len = strnlen(text, size);

    if (len == size) {
        len = size - 1;
        /* Not inside a character: 10xxxxxx continues one. */
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(out, text, len);
    out[len] = '\0';
    text_blank_controls(out);
}

bool session_folder_is_valid(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    const size_t len = strlen(name);

    return len > 0 && len < SESSION_FOLDER_SIZE && strspn(name, allowed) == len;
}

const struct band_model *session_model(const struct session_info *info)
{
    const struct band_model *model = model_from_name(info->model, strlen(info->model));

    return model ? model : model_default();
}

int session_mains_hz(const struct session_info *info)
{
    return info->mains_hz == 60 ? 60 : 50;
}
