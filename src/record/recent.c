#include "recent.h"

#include <stdlib.h>
#include <string.h>

/* Of an entry in the ring; its payload follows. */
struct head {
    int64_t at_us;
    uint32_t size; /* of the payload */
    uint8_t kind, sensor, lane;
};

#define KIND_BEGINNING 255

struct recent {
    size_t size, first, used; /* bytes of the ring */
    int64_t keep_us, due_us, newest_us;
    size_t place; /* what recent_next() reads next, from `first` on */
    int64_t origin_us;
    struct recent_marker marked;
    uint8_t bytes[];
};

struct marker {
    double ms;
    struct recent_marker as;
    char label[CAPTURE_LABEL_MAX];
};

struct recent *recent_create(int minutes)
{
    const size_t size = (size_t)minutes * RECENT_BYTES_A_MINUTE;
    struct recent *recent = calloc(1, sizeof(*recent) + size);

    if (!recent)
        return NULL;
    recent->size = size;
    recent->keep_us = minutes * INT64_C(60000000) + 2 * RECENT_PERIOD_US;
    recent->due_us = recent->newest_us = INT64_MIN;
    return recent;
}

void recent_destroy(struct recent *recent)
{
    free(recent);
}

/* ---- bytes of the ring, `at` counted from its oldest */

static void write_bytes(struct recent *recent, size_t at, const void *from, size_t len)
{
    const size_t begin = (recent->first + at) % recent->size;
    const size_t whole = recent->size - begin < len ? recent->size - begin : len;

    memcpy(recent->bytes + begin, from, whole);
    memcpy(recent->bytes, (const uint8_t *)from + whole, len - whole);
}

static void read_bytes(const struct recent *recent, size_t at, void *to, size_t len)
{
    const size_t begin = (recent->first + at) % recent->size;
    const size_t whole = recent->size - begin < len ? recent->size - begin : len;

    memcpy(to, recent->bytes + begin, whole);
    memcpy((uint8_t *)to + whole, recent->bytes, len - whole);
}

/* Only to be read: no longer than what is in it. */
struct recent *recent_copy(const struct recent *recent)
{
    struct recent *copy = malloc(sizeof(*recent) + recent->used);

    if (!copy)
        return NULL;
    *copy = *recent;
    copy->first = 0;
    copy->size = recent->used;
    if (recent->used)
        read_bytes(recent, 0, copy->bytes, recent->used);
    return copy;
}

static size_t read_head(const struct recent *recent, size_t at, struct head *head)
{
    read_bytes(recent, at, head, sizeof(*head));
    return sizeof(*head) + head->size;
}

/* Room for an entry, by age and by size. */
static void let_go(struct recent *recent, int64_t now_us, size_t need)
{
    struct head head;

    while (recent->used > 0) {
        const size_t size = read_head(recent, 0, &head);

        if (recent->size - recent->used >= need && head.at_us >= now_us - recent->keep_us)
            return;
        recent->first = (recent->first + size) % recent->size;
        recent->used -= size;
    }
}

static void put(struct recent *recent, const struct head *head, const void *payload)
{
    const size_t need = sizeof(*head) + head->size;

    let_go(recent, head->at_us, need);
    write_bytes(recent, recent->used, head, sizeof(*head));
    write_bytes(recent, recent->used + sizeof(*head), payload, head->size);
    recent->used += need;
    if (head->at_us > recent->newest_us)
        recent->newest_us = head->at_us;
}

/* ---- in */

bool recent_is_due(const struct recent *recent, int64_t at_us)
{
    return at_us >= recent->due_us;
}

void recent_make_due(struct recent *recent)
{
    recent->due_us = INT64_MIN;
}

void recent_begin(struct recent *recent, const struct recent_beginning *beginning)
{
    const size_t size =
        offsetof(struct recent_beginning, clock) + strlen(beginning->clock) + 1; /* no more of it */
    const struct head head = {
        .at_us = beginning->at_us, .size = (uint32_t)size, .kind = KIND_BEGINNING};

    put(recent, &head, beginning);
    recent->due_us = beginning->at_us + RECENT_PERIOD_US;
}

/* A band that is simulated faster than time is ahead of what else happens. */
static int64_t in_order(const struct recent *recent, int64_t at_us)
{
    return at_us > recent->newest_us ? at_us : recent->newest_us;
}

int64_t recent_now(const struct recent *recent, int64_t boot_us)
{
    return in_order(recent, boot_us);
}

void recent_mark(struct recent *recent, const struct capture_record *record,
                 struct recent_marker as)
{
    struct marker marker = {.ms = record->marker_ms, .as = as};
    const size_t len = strnlen(record->label, sizeof(marker.label) - 1);
    const struct head head = {.at_us = in_order(recent, record->at_us),
                              .size = (uint32_t)(offsetof(struct marker, label) + len + 1),
                              .kind = CAPTURE_MARKER};

    memcpy(marker.label, record->label, len);
    put(recent, &head, &marker);
}

void recent_take(struct recent *recent, const struct capture_record *record)
{
    struct head head = {.at_us = in_order(recent, record->at_us), .kind = (uint8_t)record->kind};

    switch (record->kind) {
    case CAPTURE_PACKET:
        head.at_us = record->packet.arrival_us;
        head.sensor = (uint8_t)record->packet.sensor;
        head.lane = (uint8_t)record->packet.lane;
        head.size = (uint32_t)record->packet.len;
        put(recent, &head, record->packet.bytes);
        break;
    case CAPTURE_LINK_UP:
        head.size = sizeof(record->anchor);
        put(recent, &head, &record->anchor);
        break;
    case CAPTURE_LINK_DOWN:
        put(recent, &head, "");
        break;
    case CAPTURE_STREAM:
        head.size = sizeof(record->sensors);
        put(recent, &head, &record->sensors);
        break;
    case CAPTURE_MARKER:
    case CAPTURE_NOTHING:
    case CAPTURE_START:
    case CAPTURE_MODEL:
    case CAPTURE_DEVICE:
    case CAPTURE_CLOCK:
        break;
    }
}

/* ---- out */

static bool is_near(int64_t at_us, int64_t since_us)
{
    return at_us <= since_us && at_us >= since_us - 2 * RECENT_PERIOD_US;
}

bool recent_rewind(struct recent *recent, int64_t since_us, struct recent_beginning *beginning)
{
    size_t chosen = recent->used, size;
    struct head head;

    for (size_t at = 0; at < recent->used; at += size) {
        size = read_head(recent, at, &head);
        if (head.kind != KIND_BEGINNING || head.at_us < since_us - 2 * RECENT_PERIOD_US)
            continue;
        if (chosen == recent->used || is_near(head.at_us, since_us))
            chosen = at;
    }
    if (chosen == recent->used)
        return false;
    size = read_head(recent, chosen, &head);
    read_bytes(recent, chosen + sizeof(head), beginning, head.size);
    recent->place = chosen + size;
    recent->origin_us = beginning->at_us;
    return true;
}

static void read_payload(struct recent *recent, size_t at, const struct head *head,
                         struct capture_record *record)
{
    struct marker marker;

    record->kind = head->kind;
    record->at_us = head->at_us - recent->origin_us;
    if (head->kind == CAPTURE_PACKET) {
        read_bytes(recent, at, record->bytes, head->size);
        record->packet = (struct packet){.sensor = head->sensor,
                                         .arrival_us = record->at_us,
                                         .bytes = record->bytes,
                                         .len = head->size,
                                         .lane = head->lane};
    } else if (head->kind == CAPTURE_LINK_UP) {
        read_bytes(recent, at, &record->anchor, head->size);
        record->anchor.boot_us -= recent->origin_us;
    } else if (head->kind == CAPTURE_STREAM)
        read_bytes(recent, at, &record->sensors, head->size);
    else if (head->kind == CAPTURE_MARKER) {
        read_bytes(recent, at, &marker, head->size);
        record->marker_ms = marker.ms;
        recent->marked = marker.as;
        memcpy(record->label, marker.label, head->size - offsetof(struct marker, label));
    }
}

bool recent_next(struct recent *recent, struct capture_record *record)
{
    struct head head;

    while (recent->place < recent->used) {
        const size_t at = recent->place;

        recent->place += read_head(recent, at, &head);
        if (head.kind == KIND_BEGINNING ||
            (head.kind == CAPTURE_PACKET && head.at_us < recent->origin_us))
            continue;
        read_payload(recent, at + sizeof(head), &head, record);
        return true;
    }
    return false;
}

struct recent_marker recent_marked(const struct recent *recent)
{
    return recent->marked;
}
