#include "spool/spool.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/now.h"
#include "folder.h"
#include "queue.h"
#include "spool/segment.h"
#include "store.h"

/* Of a block at least: a segment's head holds a clock's state, and one record more fits. */
#define FRONT_ROOM ((size_t)4 * CAPTURE_LINE_MAX)

/* A band that the spool has or had: its numbers go on. */
struct known_band {
    char name[32];
    uint64_t next;
};

struct spooled {
    struct known_band *band; /* NULL: its link is down, or no memory */
    bool full;               /* records are left out until there is room */
    struct spool_part segment;
    struct spool_block *block; /* being filled; NULL: none */
};

struct spool {
    uv_loop_t *loop;
    struct spool_owner owner;
    struct known_band **known;
    size_t known_count;
    struct spooled bands[SPOOL_BANDS_MAX];
    struct spool_queue queue;
    uv_timer_t tick;
    struct capture_record record; /* big */
    char clock[CLOCK_STATE_MAX];
    bool busy, closing;
    uint64_t tended_at;
    struct spool_usage usage;
    char problem[sizeof(((struct failure *)0)->message)];
    void (*closed)(void *user);
    void *closed_user;

    /* The job's, while busy. */
    uv_work_t work;
    struct spool_store *store;
    struct spool_block *writing; /* a list */
    struct spool_usage seen;
    bool tend;
    struct failure failure;
};

static struct known_band *know(struct spool *spool, const char *name)
{
    for (size_t i = 0; i < spool->known_count; i++) {
        if (strcmp(spool->known[i]->name, name) == 0)
            return spool->known[i];
    }
    struct known_band **grown =
        realloc(spool->known, (spool->known_count + 1) * sizeof(struct known_band *));
    struct known_band *band = calloc(1, sizeof(*band));
    if (grown)
        spool->known = grown;
    if (!grown || !band) {
        free(band);
        return NULL;
    }
    session_copy_text(band->name, sizeof(band->name), name);
    band->next = 1;
    return spool->known[spool->known_count++] = band;
}

/* ---- what comes in */

/* Room for a segment's head, or a record: what is added then can't fail. NULL: no memory. */
static struct buffer *front(struct spooled *band)
{
    if (!band->block)
        band->block = spool_block_create(band->band->name, band->segment.first);
    if (!band->block || !buffer_reserve(&band->block->text, FRONT_ROOM))
        return NULL;
    return &band->block->text;
}

static void hand_over(struct spool *spool, struct spooled *band)
{
    if (band->block) {
        band->block->end = band->segment.next;
        spool_queue_add(&spool->queue, band->block);
    }
    band->block = NULL;
}

/* Without memory for its last line it is over all the same: the next segment says so. */
static void end(struct spool *spool, struct spooled *band)
{
    if (!band->segment.open)
        return;
    struct buffer *out = front(band);
    if (out)
        segment_end(&band->segment, out);
    band->segment.open = false;
    band->band->next = band->segment.next;
    hand_over(spool, band);
}

/* A record goes by, its number with it. */
static void leave_out(struct spool *spool, struct spooled *band)
{
    end(spool, band);
    band->band->next++;
    spool->usage.lost_records++;
}

static bool begin(struct spool *spool, unsigned device, int64_t at_us)
{
    struct spooled *band = &spool->bands[device];
    struct recording_band now;

    if (!spool->owner.band(spool->owner.user, device, &now))
        return false;
    pipeline_clock_save(now.pipeline, at_us, spool->clock);
    const struct preamble preamble = {.start_utc_us =
                                          now.anchor.utc_us + at_us - now.anchor.boot_us,
                                      .origin_us = at_us,
                                      .model = pipeline_model(now.pipeline),
                                      .name = now.name,
                                      .address = now.address,
                                      .firmware = now.firmware,
                                      .anchor = now.anchor,
                                      .clock = spool->clock,
                                      .flowing = now.flowing};
    band->segment.first = band->band->next;
    struct buffer *out = front(band);
    if (out)
        segment_begin(&band->segment, band->band->next, &preamble, out);
    return out;
}

/* From a full queue on until half of it was written. */
static bool is_full(struct spool *spool, struct spooled *band)
{
    const size_t limit = band->full ? SPOOL_QUEUE_MAX / 2 : SPOOL_QUEUE_MAX;

    band->full = spool_queue_bytes(&spool->queue) > limit;
    return band->full;
}

static struct buffer *open_front(struct spool *spool, unsigned device, int64_t at_us)
{
    struct spooled *band = &spool->bands[device];

    if (segment_is_over(&band->segment, at_us))
        end(spool, band);
    if (!band->segment.open && !begin(spool, device, at_us))
        return NULL;
    return front(band);
}

/* Where a record of this time goes; NULL: nowhere. */
static struct buffer *place(struct spool *spool, unsigned device, int64_t at_us)
{
    if (device >= SPOOL_BANDS_MAX || !spool->bands[device].band || spool->closing)
        return NULL;
    struct spooled *band = &spool->bands[device];
    struct buffer *out = is_full(spool, band) ? NULL : open_front(spool, device, at_us);
    if (!out)
        leave_out(spool, band);
    return out;
}

static void add(struct spool *spool, unsigned device, enum capture_kind kind, int64_t at_us)
{
    struct buffer *out = place(spool, device, at_us);

    if (!out)
        return;
    spool->record.kind = kind;
    spool->record.at_us = at_us;
    segment_add(&spool->bands[device].segment, &spool->record, out);
}

void spool_link_up(struct spool *spool, unsigned device, const struct clock_anchor *anchor)
{
    struct recording_band now;

    if (device >= SPOOL_BANDS_MAX || !spool->owner.band(spool->owner.user, device, &now))
        return;
    struct spooled *band = &spool->bands[device];
    band->band = spool_folder_takes(now.name) ? know(spool, now.name) : NULL;
    if (!band->band)
        log_warning("%s: not spooled, for its name can't be a folder's", now.name);
    spool->record.anchor = *anchor;
    add(spool, device, CAPTURE_LINK_UP, anchor->boot_us);
}

void spool_link_down(struct spool *spool, unsigned device, int64_t boot_us)
{
    add(spool, device, CAPTURE_LINK_DOWN, boot_us);
    if (device >= SPOOL_BANDS_MAX || !spool->bands[device].band)
        return;
    end(spool, &spool->bands[device]);
    hand_over(spool, &spool->bands[device]);
    spool->bands[device].band = NULL;
}

void spool_subscription(struct spool *spool, unsigned device, sensor_set sensors)
{
    spool->record.sensors = sensors;
    add(spool, device, CAPTURE_STREAM, now_boot_us());
}

void spool_packet(struct spool *spool, unsigned device, const struct packet *packet)
{
    if (packet->len > BAND_PACKET_MAX)
        return;
    spool->record.packet = *packet;
    add(spool, device, CAPTURE_PACKET, packet->arrival_us);
}

void spool_marker(struct spool *spool, unsigned device, double ms, const char *label)
{
    spool->record.marker_ms = ms;
    session_copy_text(spool->record.label, sizeof(spool->record.label), label);
    for (unsigned band = 0; band < SPOOL_BANDS_MAX; band++) {
        if (device == SPOOL_ALL_BANDS || device == band)
            add(spool, band, CAPTURE_MARKER, now_boot_us());
    }
}

void spool_event(struct spool *spool, const char *device_id, const char *text, size_t len)
{
    for (unsigned device = 0; device < SPOOL_BANDS_MAX; device++) {
        struct spooled *band = &spool->bands[device];
        if (!band->band || (device_id && strcmp(device_id, band->band->name) != 0))
            continue;
        struct buffer *out = place(spool, device, now_boot_us());
        if (out)
            segment_add_event(&band->segment, text, len, out);
    }
}

/* ---- to the disk */

static void work(uv_work_t *request)
{
    struct spool *spool = request->data;

    spool->failure.code = ERROR_NONE;
    while (spool->writing && spool_store_write(spool->store, spool->writing, &spool->failure))
        spool_block_pop(&spool->writing);
    if (spool->tend || spool->writing)
        spool_store_tend(spool->store, &spool->seen);
}

static void tell_problem(struct spool *spool)
{
    const bool was = spool->usage.problem, is = spool->failure.code != ERROR_NONE;

    session_copy_text(spool->problem, sizeof(spool->problem), spool->failure.message);
    spool->usage.problem = is ? spool->problem : NULL;
    if (is && !was)
        log_warning("spool: %s; it is tried again, and up to %u MB wait in memory", spool->problem,
                    SPOOL_QUEUE_MAX >> 20);
    else if (was && !is)
        log_info("spool: written again");
}

static void look(struct spool *spool)
{
    const uint64_t lost = spool->usage.lost_segments;

    spool->seen.problem = spool->usage.problem;
    spool->seen.lost_records = spool->usage.lost_records;
    spool->usage = spool->seen;
    if (lost < spool->usage.lost_segments)
        log_warning("spool: full, %llu segments went that were not read by all, the oldest "
                    "first. Give it more (--spool-size), or see why its readers are late",
                    (unsigned long long)(spool->usage.lost_segments - lost));
}

static void on_closed(uv_handle_t *handle)
{
    struct spool *spool = handle->data;
    void (*closed)(void *user) = spool->closed;
    void *user = spool->closed_user;

    spool_queue_finish(&spool->queue);
    spool_store_close(spool->store);
    for (size_t i = 0; i < spool->known_count; i++)
        free(spool->known[i]);
    free(spool->known);
    free(spool);
    closed(user);
}

static void write_out(struct spool *spool);

static void after_work(uv_work_t *request, int status)
{
    struct spool *spool = request->data;

    (void)status;
    spool->busy = false;
    spool_queue_put_back(&spool->queue, &spool->writing);
    tell_problem(spool);
    look(spool);
    if (!spool->closing)
        return;
    if (!spool->usage.problem && spool->queue.first)
        write_out(spool);
    else
        uv_close((uv_handle_t *)&spool->tick, on_closed);
}

static void write_out(struct spool *spool)
{
    const uint64_t now = uv_now(spool->loop);

    if (spool->busy)
        return; /* all below is the job's then */
    spool->tend = now - spool->tended_at >= SPOOL_TEND_MS;
    if (!(spool->queue.first || spool->tend || spool->closing))
        return;
    if (spool->tend)
        spool->tended_at = now;
    spool->busy = true;
    spool->writing = spool_queue_take(&spool->queue);
    uv_queue_work(spool->loop, &spool->work, work, after_work);
}

/* A band that went silent ends its minute, too. */
static void on_tick(uv_timer_t *timer)
{
    struct spool *spool = timer->data;

    for (size_t i = 0; i < SPOOL_BANDS_MAX; i++) {
        struct spooled *band = &spool->bands[i];
        if (band->band && segment_is_over(&band->segment, now_boot_us()))
            end(spool, band);
        hand_over(spool, band);
    }
    write_out(spool);
}

/* ---- life */

static bool take_up(void *user, const char *band)
{
    struct spool *spool = user;
    struct known_band *known = know(spool, band);

    if (known)
        known->next = spool_store_next(spool->store, band);
    return known;
}

static bool open_disk(struct spool *spool, const struct spool_config *config,
                      struct failure *failure)
{
    spool->store = spool_store_open(config, failure);
    if (!spool->store)
        return false;
    if (spool_store_each(spool->store, take_up, spool))
        return true;
    failure_set(failure, ERROR_INTERNAL, "There is no memory for the spool's bands.");
    spool_store_close(spool->store);
    return false;
}

struct spool *spool_create(uv_loop_t *loop, const struct spool_config *config,
                           const struct spool_owner *owner, struct failure *failure)
{
    struct spool *spool = calloc(1, sizeof(*spool));

    if (!spool) {
        failure_set(failure, ERROR_INTERNAL, "There is no memory for a spool.");
        return NULL;
    }
    spool->loop = loop;
    spool->owner = *owner;
    if (!open_disk(spool, config, failure)) {
        free(spool->known);
        free(spool);
        return NULL;
    }
    spool->work.data = spool;
    uv_timer_init(loop, &spool->tick);
    spool->tick.data = spool;
    uv_timer_start(&spool->tick, on_tick, SPOOL_FLUSH_MS, SPOOL_FLUSH_MS);
    return spool;
}

const struct spool_usage *spool_usage(const struct spool *spool)
{
    return &spool->usage;
}

void spool_close(struct spool *spool, void (*done)(void *user), void *user)
{
    for (size_t i = 0; i < SPOOL_BANDS_MAX; i++) {
        if (spool->bands[i].band)
            end(spool, &spool->bands[i]);
    }
    spool->closing = true;
    spool->closed = done;
    spool->closed_user = user;
    uv_timer_stop(&spool->tick);
    write_out(spool);
}
