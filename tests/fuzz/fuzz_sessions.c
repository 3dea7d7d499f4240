/*
 * Session folders with any session.json and any packets in them: read, written back, listed, and
 * brought to their end, as the daemon does at its start with what a crash has left.
 *
 * The input is session.json up to a line `---`, then packets.lbcap.
 */
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "bdf_plan.h"
#include "hold.h"
#include "input.h"
#include "record/session.h"

#define ID "20261124T090000Z_fuzz"

static char data_dir[64];

static void remove_data_dir(void)
{
    rmdir(data_dir);
}

static void make_data_dir(void)
{
    snprintf(data_dir, sizeof(data_dir), "/dev/shm/fuzz_sessions.XXXXXX");
    HOLD(mkdtemp(data_dir));
    atexit(remove_data_dir);
    log_set_level(LOG_LEVEL_ERROR);
}

static void put_file(int dir, const char *name, const uint8_t *data, size_t size)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    HOLD(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void hold_info(const struct session_info *info)
{
    HOLD(memchr(info->id, '\0', sizeof(info->id)) && memchr(info->name, '\0', sizeof(info->name)));
    HOLD(info->state <= SESSION_INTERRUPTED);
    HOLD(info->gap_count <= SESSION_GAPS_MAX && info->marker_count <= SESSION_MARKERS_MAX);
    HOLD(info->step_count <= SESSION_STEPS_MAX);
    HOLD(isfinite(info->duration) && info->duration >= 0);
}

static void hold_bands(const struct session *session)
{
    HOLD(session->band_count <= SESSION_BANDS_MAX);
    for (size_t i = 0; i < session->band_count; i++) {
        hold_info(session->bands[i]);
        HOLD(session_folder_is_valid(session->bands[i]->folder));
    }
}

/* What is read and written once is the same when it is read and written again. */
static void there_and_back(int dir)
{
    struct session *session = session_new(), *another = session_new();

    HOLD(session && another);
    if (session_load_whole(dir, session)) {
        const struct session_info *info = &session->info, *again = &another->info;
        hold_info(info);
        hold_bands(session);
        HOLD(session_save_whole(dir, session));
        HOLD(session_load_whole(dir, another));
        HOLD(again->state == info->state && again->sensors == info->sensors);
        HOLD(session->band_count || again->gap_count == info->gap_count);
        HOLD(again->marker_count == info->marker_count);
        HOLD(again->start_utc_us == info->start_utc_us);
        HOLD(another->band_count == session->band_count);
    }
    session_free(session);
    session_free(another);
}

/* Of several bands all but the first have these packets, too: that one's come to it by repair. */
static void put_bands(int dir, const uint8_t *packets, size_t size)
{
    struct session *session = session_new();

    HOLD(session);
    if (session_load_whole(dir, session)) {
        for (size_t i = 1; i < session->band_count; i++) {
            const char *folder = session->bands[i]->folder;
            mkdirat(dir, folder, 0700);
            int within = openat(dir, folder, O_RDONLY | O_DIRECTORY);
            HOLD(within >= 0);
            put_file(within, "packets.lbcap", packets, size);
            close(within);
        }
    }
    session_free(session);
}

/* A gap of days is a hundred megabytes of padding, and takes as long as all other runs together. */
#define SPAN_MAX_S 3600

static bool is_short(int dir)
{
    struct bdf_plan plan = {.seconds = 0};
    struct failure failure;
    FILE *in = fdopen(openat(dir, "packets.lbcap", O_RDONLY), "r");

    HOLD(in);
    bool planned = bdf_plan_make(in, SENSOR_SET_ALL, 50, NULL, &plan, &failure);
    fclose(in);
    return !planned || plan.seconds <= SPAN_MAX_S;
}

static void bring_to_end(void)
{
    static struct session_summary summary[SESSION_LIST_MAX];
    struct failure failure;
    char id[SESSION_ID_SIZE];
    bool more;

    HOLD(session_list(data_dir, SESSION_LIST_MAX, NULL, summary, &more) == 1 && !more);
    if (session_next_unfinished(data_dir, "", id))
        HOLD(session_finish(data_dir, id, &failure) || failure.message[0]);
    HOLD(session_list(data_dir, SESSION_LIST_MAX, NULL, summary, &more) == 1);
    HOLD(isfinite(summary[0].duration) && summary[0].state <= SESSION_INTERRUPTED);
    HOLD(session_delete(data_dir, ID, &failure));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char cut[] = "\n---\n";
    const uint8_t *mark = memmem(data, size, cut, sizeof(cut) - 1);
    char id[SESSION_ID_SIZE] = ID;
    struct failure failure;

    if (!data_dir[0])
        make_data_dir();
    int dir = session_create(data_dir, id, &failure);
    HOLD(dir >= 0 && strcmp(id, ID) == 0);
    put_file(dir, "session.json", data, mark ? (size_t)(mark - data) : size);
    there_and_back(dir);
    if (mark) {
        const uint8_t *packets = mark + sizeof(cut) - 1;
        const size_t rest = size - (size_t)(packets - data);
        put_file(dir, "packets.lbcap", packets, rest);
        put_bands(dir, packets, rest);
    }
    const bool runs = !mark || is_short(dir);
    close(dir);
    if (runs)
        bring_to_end();
    else
        HOLD(session_delete(data_dir, ID, &failure));
    return 0;
}
