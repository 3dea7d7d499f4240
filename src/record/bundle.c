#include "record/bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "record/buffer.h"

#define PIECE_SIZE (32 * 1024)
/* From here on the zip's directory is another, by what was written: not to be told beforehand. */
#define LENGTH_END UINT64_C(0xffffffff)

struct bundle {
    int dir;
    char id[SESSION_ID_SIZE];
    bool ended, closing;
    uint64_t length;
    /* What is in it. The first folder is the session's own, "". */
    char folders[1 + SESSION_BANDS_MAX][SESSION_FOLDER_SIZE];
    size_t folder_count;
    bool files[1 + SESSION_BANDS_MAX][FILE_COUNT];
    int64_t sizes[1 + SESSION_BANDS_MAX][FILE_COUNT];
    /* Where it is. */
    size_t folder;
    int file;
    int fd; /* of the file whose bytes come; −1: none */
    uint64_t left;
    struct archive *zip;
    struct archive_entry *entry;
    struct buffer out; /* what the zip has got and nobody has read */
    size_t out_read;
    char piece[PIECE_SIZE];
};

static la_ssize_t take_out(struct archive *zip, void *user, const void *bytes, size_t len)
{
    struct bundle *bundle = user;

    (void)zip;
    if (bundle->closing)
        return (la_ssize_t)len;
    buffer_add(&bundle->out, bytes, len);
    return bundle->out.failed ? -1 : (la_ssize_t)len;
}

static struct archive *begin_zip(void *user, archive_write_callback *write)
{
    struct archive *zip = archive_write_new();

    if (zip && archive_write_set_format_zip(zip) == ARCHIVE_OK &&
        archive_write_zip_set_compression_store(zip) == ARCHIVE_OK &&
        archive_write_set_bytes_per_block(zip, 0) == ARCHIVE_OK &&
        archive_write_open(zip, user, NULL, write, NULL) == ARCHIVE_OK)
        return zip;
    archive_write_free(zip);
    return NULL;
}

void bundle_close(struct bundle *bundle)
{
    /* One that isn't whole is brought to its end, for nobody: told to fail, libarchive leaks. */
    bundle->closing = true;
    archive_write_free(bundle->zip);
    archive_entry_free(bundle->entry);
    if (bundle->fd >= 0)
        close(bundle->fd);
    close(bundle->dir);
    buffer_finish(&bundle->out);
    free(bundle);
}

/* ---- what is in it */

/* The session's folder once more, or one in it; −1: it is none. */
static int open_folder(const struct bundle *bundle, size_t folder)
{
    return folder_open(bundle->dir, folder ? bundle->folders[folder] : ".");
}

/* Notes which of a recording's files are in it; false: none. */
static bool find_files(struct bundle *bundle, size_t folder)
{
    int dir = open_folder(bundle, folder);
    bool any = false;

    for (int i = 0; dir >= 0 && i < FILE_COUNT; i++) {
        struct stat stat = {0};
        bundle->files[folder][i] =
            fstatat(dir, session_file_name(i), &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(stat.st_mode);
        bundle->sizes[folder][i] = stat.st_size;
        any |= bundle->files[folder][i];
    }
    if (dir >= 0)
        close(dir);
    return any;
}

static void take_folder(struct bundle *bundle, const char *name)
{
    const size_t folder = bundle->folder_count;

    if (folder > SESSION_BANDS_MAX || !session_is_band_folder(bundle->dir, name))
        return;
    session_copy_text(bundle->folders[folder], SESSION_FOLDER_SIZE, name);
    if (find_files(bundle, folder))
        bundle->folder_count++;
}

static void look_around(struct bundle *bundle)
{
    int again = open_folder(bundle, 0);
    DIR *entries = again < 0 ? NULL : fdopendir(again);

    find_files(bundle, 0);
    bundle->folder_count = 1;
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        take_folder(bundle, entry->d_name);
    if (entries)
        closedir(entries);
    else if (again >= 0)
        close(again);
}

/* On to the next file that is there, from `file` on; false: that was the last. */
static bool find_next(struct bundle *bundle)
{
    for (; bundle->folder < bundle->folder_count; bundle->folder++, bundle->file = 0) {
        for (; bundle->file < FILE_COUNT; bundle->file++) {
            if (bundle->files[bundle->folder][bundle->file])
                return true;
        }
    }
    return false;
}

static void describe_entry(struct bundle *bundle, int64_t size, time_t changed)
{
    const char *folder = bundle->folders[bundle->folder];
    char path[3 * SESSION_ID_SIZE];

    snprintf(path, sizeof(path), "%s/%s%s%s", bundle->id, folder, folder[0] ? "/" : "",
             session_file_name(bundle->file));
    archive_entry_clear(bundle->entry);
    archive_entry_set_pathname(bundle->entry, path);
    archive_entry_set_filetype(bundle->entry, AE_IFREG);
    archive_entry_set_perm(bundle->entry, 0640);
    archive_entry_set_size(bundle->entry, size);
    archive_entry_set_mtime(bundle->entry, changed, 0);
}

/* ---- how long it will be */

static la_ssize_t count_out(struct archive *zip, void *user, const void *bytes, size_t len)
{
    uint64_t *sum = user;

    (void)zip;
    (void)bytes;
    *sum += len;
    return (la_ssize_t)len;
}

/* All there is of it has been made. */
static bool is_at_rest(const struct bundle *bundle)
{
    struct session_info *info = calloc(1, sizeof(*info));
    const bool known = info && !folder_is_held(bundle->dir) && session_load(bundle->dir, info);
    const bool at_rest =
        known && (info->state == SESSION_COMPLETE || info->state == SESSION_INTERRUPTED);

    free(info);
    return at_rest;
}

/* libarchive itself tells what lies around the files, by a zip of them without their bytes; 0:
 * something failed, or it is too long. */
static uint64_t measure(struct bundle *bundle)
{
    uint64_t length = 0, bytes = 0;
    struct archive *zip = begin_zip(&length, count_out);
    bool whole = zip;

    for (; whole && find_next(bundle); bundle->file++) {
        const int64_t size = bundle->sizes[bundle->folder][bundle->file];
        describe_entry(bundle, size, 0);
        whole = archive_write_header(zip, bundle->entry) == ARCHIVE_OK &&
                archive_write_finish_entry(zip) == ARCHIVE_OK;
        bytes += (uint64_t)size;
    }
    bundle->folder = 0;
    bundle->file = 0;
    whole = whole && archive_write_close(zip) == ARCHIVE_OK && length + bytes < LENGTH_END;
    archive_write_free(zip);
    return whole ? length + bytes : 0;
}

struct bundle *bundle_open(int dir, const char *id)
{
    struct bundle *bundle = calloc(1, sizeof(*bundle));

    if (!bundle) {
        close(dir);
        return NULL;
    }
    bundle->dir = dir;
    bundle->fd = -1;
    session_copy_text(bundle->id, sizeof(bundle->id), id);
    bundle->zip = begin_zip(bundle, take_out);
    bundle->entry = archive_entry_new();
    if (!bundle->zip || !bundle->entry) {
        bundle_close(bundle);
        return NULL;
    }
    const bool at_rest = is_at_rest(bundle);
    look_around(bundle);
    bundle->length = at_rest ? measure(bundle) : 0;
    return bundle;
}

uint64_t bundle_length(const struct bundle *bundle)
{
    return bundle->length;
}

/* ---- one step after the other: each puts at most a piece, or the zip's directory, out */

static bool begin_file(struct bundle *bundle)
{
    struct stat stat;
    int dir = open_folder(bundle, bundle->folder);

    if (dir < 0)
        return false;
    bundle->fd = session_open_in(dir, session_file_name(bundle->file), O_RDONLY);
    close(dir);
    if (bundle->fd < 0 || fstat(bundle->fd, &stat) != 0)
        return false;
    if (bundle->length && stat.st_size != bundle->sizes[bundle->folder][bundle->file])
        return false;
    bundle->left = (uint64_t)stat.st_size;
    describe_entry(bundle, stat.st_size, stat.st_mtim.tv_sec);
    return archive_write_header(bundle->zip, bundle->entry) == ARCHIVE_OK;
}

static bool end_file(struct bundle *bundle)
{
    close(bundle->fd);
    bundle->fd = -1;
    bundle->file++;
    return archive_write_finish_entry(bundle->zip) == ARCHIVE_OK;
}

static bool go_on_with_file(struct bundle *bundle)
{
    const size_t want = bundle->left < PIECE_SIZE ? (size_t)bundle->left : PIECE_SIZE;

    if (want == 0)
        return end_file(bundle);
    const ssize_t got = read(bundle->fd, bundle->piece, want);
    if (got <= 0)
        return false;
    bundle->left -= (uint64_t)got;
    return archive_write_data(bundle->zip, bundle->piece, (size_t)got) == got;
}

static bool step(struct bundle *bundle)
{
    if (bundle->fd >= 0)
        return go_on_with_file(bundle);
    if (find_next(bundle))
        return begin_file(bundle);
    bundle->ended = true;
    return archive_write_close(bundle->zip) == ARCHIVE_OK;
}

ssize_t bundle_read(struct bundle *bundle, char *bytes, size_t size)
{
    while (bundle->out_read == bundle->out.len) {
        if (bundle->ended)
            return 0;
        bundle->out.len = bundle->out_read = 0;
        if (!step(bundle))
            return -1;
    }
    size_t len = bundle->out.len - bundle->out_read;
    if (len > size)
        len = size;
    memcpy(bytes, bundle->out.data + bundle->out_read, len);
    bundle->out_read += len;
    return (ssize_t)len;
}
