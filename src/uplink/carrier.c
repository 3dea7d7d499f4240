#include "carrier.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "base/now.h"
#include "board.h"
#include "cursors.h"
#include "source.h"
#include "spool_id.h"

#define NAME_SIZE 32
#define PATH_SIZE 4096

/* Enough of the spool's id, and the cursor's: with the default name all of 23, which every MQTT
 * server takes. */
#define CLIENT_FORMAT "lb-%.12s-%s"
#define CLIENT_SIZE   80

struct carried {
    char name[NAME_SIZE];
    struct source source;
    bool is_behind; /* it had a batch when it was last asked */
    struct board_place place;
};

struct carrier {
    uv_loop_t *loop;
    struct carrier_options options;
    char id[SPOOL_ID_SIZE]; /* the spool's */
    char client[CLIENT_SIZE], status[WINDOW_SUB_SIZE];
    struct cursors *cursors;
    struct carried bands[CARRIER_BANDS_MAX];
    size_t band_count, turn;
    struct batch kept; /* of the band whose turn it is, until there is memory for its messages */
    bool is_keeping;
    struct driver *driver;
    struct board board;
    struct window window;
    uv_timer_t poll, retry;
    bool up, is_waiting; /* after a refusal */
    uint64_t bands_at, saved_at;
    unsigned trouble; /* times in a row */
    char told[160];
    int closing; /* handles */
    void (*done)(void *user);
    void *done_user;
};

/* Of the gateway (NULL), or of one of its bands. */
static struct message_names names_of(const struct carrier *carrier, const char *device)
{
    return (struct message_names){carrier->id, carrier->options.site, carrier->options.gateway,
                                  device};
}

/* ---- bands */

static bool has_band(const struct carrier *carrier, const char *name)
{
    for (size_t i = 0; i < carrier->band_count; i++) {
        if (strcmp(carrier->bands[i].name, name) == 0)
            return true;
    }
    return false;
}

static void add_band(struct carrier *carrier, const char *name)
{
    const struct carrier_options *options = &carrier->options;
    const uint64_t from = cursors_get(carrier->cursors, name);

    if (name[0] == '.' || strlen(name) >= NAME_SIZE || has_band(carrier, name) ||
        carrier->band_count == CARRIER_BANDS_MAX)
        return;
    struct carried *band = &carrier->bands[carrier->band_count];
    snprintf(band->name, sizeof(band->name), "%s", name);
    if (!source_open(&band->source, options->spool, band->name, from, options->publish,
                     options->mains_hz))
        return; /* looked for again */
    if (++carrier->band_count == CARRIER_BANDS_MAX)
        log_warning("%s/bands: the spool holds %d bands or more, others than these are not "
                    "carried: take away what is no longer needed",
                    options->spool, CARRIER_BANDS_MAX);
    log_info("%s: carried from record %llu on", name, (unsigned long long)from);
}

/* What is open here, and the cursor, are of folders that are gone. */
static void end_if_made_anew(const struct carrier *carrier)
{
    char id[SPOOL_ID_SIZE];
    struct failure failure;

    if (!spool_id_read(carrier->options.spool, id, &failure) || strcmp(id, carrier->id) == 0)
        return;
    log_error(
        "uplink: the spool %s was made anew; it is carried once this program is started again",
        carrier->options.spool);
    _Exit(EXIT_FAILURE);
}

static void look_for_bands(struct carrier *carrier)
{
    char path[PATH_SIZE];
    struct dirent *entry;

    snprintf(path, sizeof(path), "%s/bands", carrier->options.spool);
    DIR *folder = opendir(path);
    while (folder && (entry = readdir(folder)))
        add_band(carrier, entry->d_name);
    if (folder)
        closedir(folder);
}

/* ---- out */

/* False: no memory; the batch is kept, and tried again at the next poll. */
static bool take_kept(struct carrier *carrier)
{
    const struct carried *band = &carrier->bands[carrier->turn];
    const struct message_names names = names_of(carrier, band->name);
    const struct buffer *texts[PUBLISH_COUNT];
    struct message_made made;

    source_texts(&band->source, &carrier->kept, texts);
    carrier->is_keeping = !message_make(&made, &names, &carrier->kept, texts);
    if (carrier->is_keeping)
        return false;
    for (size_t i = 0; i < made.count; i++) {
        made.messages[i].band = (unsigned)carrier->turn;
        window_add(&carrier->window, &made.messages[i]);
    }
    buffer_finish(&carrier->kept.text);
    return true;
}

/* The next band's turn. */
static enum source_pulled pull(struct carrier *carrier)
{
    carrier->turn = (carrier->turn + 1) % carrier->band_count;
    struct carried *band = &carrier->bands[carrier->turn];
    const enum source_pulled pulled =
        source_pull(&band->source, &carrier->kept, &band->place.status);
    if (pulled != SOURCE_LEAD) /* that is of before, and says nothing of now */
        band->is_behind = pulled == SOURCE_BATCH;
    return pulled;
}

static void on_poll(uv_timer_t *timer);

/* A batch of each band in its turn, until the window is full or nobody has one. */
static void fill(struct carrier *carrier)
{
    const size_t kinds = (size_t)__builtin_popcount(carrier->options.publish);
    size_t idle = 0, lead = 0;

    while (idle < carrier->band_count && lead < CARRIER_LEAD_MAX &&
           window_has_room(&carrier->window, kinds, kinds * BATCH_BYTES_MAX)) {
        switch (carrier->is_keeping ? SOURCE_BATCH : pull(carrier)) {
        case SOURCE_BATCH:
            if (!take_kept(carrier))
                return;
            idle = 0;
            break;
        case SOURCE_LEAD:
            lead++;
            idle = 0;
            break;
        case SOURCE_NOTHING:
            idle++;
            break;
        }
    }
    if (lead == CARRIER_LEAD_MAX) /* goes on once the loop had its turn */
        uv_timer_start(&carrier->poll, on_poll, 0, CARRIER_POLL_MS);
}

static void send_all(struct carrier *carrier)
{
    struct window_message *message;

    while (carrier->up && !carrier->is_waiting &&
           (message = window_unsent(&carrier->window, uv_now(carrier->loop), CARRIER_WAIT_MS))) {
        if (!carrier->driver->ops->publish(carrier->driver, message))
            return; /* `down` comes, or the next poll tries again */
        message->sent = true;
        message->sent_ms = uv_now(carrier->loop);
    }
}

/* What is unread, or long past, is not how the band is. */
static bool is_known(const struct carried *band)
{
    if (band->is_behind)
        return false;
    return band->place.status.link == STATUS_LINK_DOWN ||
           now_utc_us() / 1000000 - source_written_s(&band->source) < CARRIER_STALE_S;
}

static void tell_all(struct carrier *carrier)
{
    if (!carrier->driver->ops->tell)
        return;
    board_tell_gateway(&carrier->board, carrier->status);
    for (size_t i = 0; i < carrier->band_count; i++) {
        struct carried *band = &carrier->bands[i];
        const struct message_names names = names_of(carrier, band->name);
        board_tell_band(&carrier->board, &band->place, &names, is_known(band),
                        uv_now(carrier->loop));
    }
}

static void go_on(struct carrier *carrier)
{
    if (!carrier->up)
        return;
    fill(carrier);
    send_all(carrier);
    tell_all(carrier);
}

/* ---- what the driver tells */

static uint64_t delay(struct carrier *carrier)
{
    uint64_t most = CARRIER_RETRY_MIN_MS;
    uint16_t random = 0;

    for (unsigned i = 0; i < carrier->trouble && most < CARRIER_RETRY_MAX_MS; i++)
        most *= 2;
    if (most > CARRIER_RETRY_MAX_MS)
        most = CARRIER_RETRY_MAX_MS;
    (void)!getrandom(&random, sizeof(random), GRND_NONBLOCK);
    carrier->trouble++;
    return most / 2 + most / 2 * random / UINT16_MAX;
}

/* Once for the same reason. */
static void tell(struct carrier *carrier, const char *what, const char *why)
{
    if (strcmp(carrier->told, why) != 0)
        log_warning("%s: %s (%s); the spool keeps what comes, and it is tried again",
                    carrier->options.driver.url, what, why);
    snprintf(carrier->told, sizeof(carrier->told), "%s", why);
}

static void on_retry(uv_timer_t *timer)
{
    struct carrier *carrier = timer->data;

    carrier->is_waiting = false;
    if (carrier->up)
        go_on(carrier);
    else
        carrier->driver->ops->open(carrier->driver);
}

static void on_up(void *user)
{
    struct carrier *carrier = user;

    log_info("%s: connected", carrier->options.driver.url);
    carrier->up = true;
    carrier->is_waiting = false;
    carrier->board.told = false;
    for (size_t i = 0; i < carrier->band_count; i++)
        board_forget_place(&carrier->bands[i].place);
    go_on(carrier);
}

static void on_acked(void *user, const char *id, bool duplicate)
{
    struct carrier *carrier = user;

    (void)duplicate;
    if (carrier->told[0])
        log_info("%s: takes messages again", carrier->options.driver.url);
    carrier->told[0] = '\0';
    carrier->trouble = 0;
    if (window_acked(&carrier->window, id, uv_now(carrier->loop)))
        go_on(carrier);
}

static void on_refused(void *user, const char *id, const char *why)
{
    struct carrier *carrier = user;

    window_failed(&carrier->window, id);
    if (carrier->is_waiting)
        return;
    tell(carrier, "a message was not taken", why);
    carrier->is_waiting = true;
    uv_timer_start(&carrier->retry, on_retry, delay(carrier), 0);
}

static void on_down(void *user, const char *why)
{
    struct carrier *carrier = user;

    tell(carrier, "no connection", why);
    carrier->up = carrier->is_waiting = false;
    window_all_failed(&carrier->window);
    uv_timer_start(&carrier->retry, on_retry, delay(carrier), 0);
}

/* ---- the cursor */

/* The first record of the band that is in no message. */
static uint64_t next_of(const struct carrier *carrier, size_t band)
{
    if (carrier->is_keeping && carrier->turn == band)
        return carrier->kept.first;
    return source_next(&carrier->bands[band].source);
}

static void save(struct carrier *carrier)
{
    struct failure failure;
    bool moved = false;

    for (size_t i = 0; i < carrier->band_count; i++) {
        const uint64_t next = window_cursor(&carrier->window, (unsigned)i, next_of(carrier, i));
        moved |= cursors_set(carrier->cursors, carrier->bands[i].name, next);
    }
    carrier->saved_at = uv_now(carrier->loop);
    if (moved && !cursors_save(carrier->cursors, &failure))
        log_warning("uplink: %s; what has gone up meanwhile is sent again after a restart",
                    failure.message);
}

static void on_poll(uv_timer_t *timer)
{
    struct carrier *carrier = timer->data;
    const uint64_t now = uv_now(carrier->loop);

    if (carrier->band_count == 0 || now - carrier->bands_at >= CARRIER_BANDS_MS) {
        carrier->bands_at = now;
        end_if_made_anew(carrier);
        look_for_bands(carrier);
    }
    go_on(carrier);
    if (now - carrier->saved_at >= CARRIER_SAVE_MS)
        save(carrier);
}

/* ---- life */

/* For a server that tells the gateway's end. */
static void name_itself(struct carrier *carrier)
{
    const struct message_names names = names_of(carrier, NULL);

    message_subject(carrier->status, &names, "status");
    snprintf(carrier->client, sizeof(carrier->client), CLIENT_FORMAT, carrier->id,
             carrier->options.cursor);
    carrier->options.driver.status = carrier->status;
    carrier->options.driver.client = carrier->client;
}

static bool begin(struct carrier *carrier, const struct driver_ops *ops, struct failure *failure)
{
    const struct driver_listener listener = {carrier, on_up, on_acked, on_refused, on_down};

    if (!spool_id_read(carrier->options.spool, carrier->id, failure))
        return false;
    name_itself(carrier);
    carrier->cursors = cursors_open(carrier->options.spool, carrier->options.cursor, failure);
    if (!carrier->cursors)
        return false;
    carrier->driver = ops->create(carrier->loop, &carrier->options.driver, &listener, failure);
    if (!carrier->driver) {
        cursors_close(carrier->cursors);
        return false;
    }
    carrier->board = (struct board){
        .driver = carrier->driver,
        .home_assistant = carrier->options.home_assistant,
        .computed = carrier->options.publish & PUBLISH_BIT(PUBLISH_PROCESSED),
    };
    return true;
}

struct carrier *carrier_create(uv_loop_t *loop, const struct carrier_options *options,
                               const struct driver_ops *driver, struct failure *failure)
{
    struct carrier *carrier = calloc(1, sizeof(*carrier));

    failure_set(failure, ERROR_INTERNAL, "Out of memory.");
    if (!carrier)
        return NULL;
    carrier->loop = loop;
    carrier->options = *options;
    if (!begin(carrier, driver, failure)) {
        free(carrier);
        return NULL;
    }
    uv_timer_init(loop, &carrier->poll);
    uv_timer_init(loop, &carrier->retry);
    carrier->poll.data = carrier->retry.data = carrier;
    uv_timer_start(&carrier->poll, on_poll, 0, CARRIER_POLL_MS);
    carrier->driver->ops->open(carrier->driver);
    return carrier;
}

static void close_one(struct carrier *carrier)
{
    void (*done)(void *user) = carrier->done;
    void *user = carrier->done_user;

    if (--carrier->closing > 0)
        return;
    for (size_t i = 0; i < carrier->band_count; i++)
        source_close(&carrier->bands[i].source);
    buffer_finish(&carrier->kept.text);
    window_finish(&carrier->window);
    cursors_close(carrier->cursors);
    free(carrier);
    done(user);
}

static void on_timer_closed(uv_handle_t *handle)
{
    close_one(handle->data);
}

static void on_driver_gone(void *user)
{
    close_one(user);
}

void carrier_stop(struct carrier *carrier, void (*done)(void *user), void *user)
{
    save(carrier);
    carrier->done = done;
    carrier->done_user = user;
    carrier->closing = 3;
    carrier->up = false;
    uv_close((uv_handle_t *)&carrier->poll, on_timer_closed);
    uv_close((uv_handle_t *)&carrier->retry, on_timer_closed);
    carrier->driver->ops->destroy(carrier->driver, on_driver_gone, carrier);
}
