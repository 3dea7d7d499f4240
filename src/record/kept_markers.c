#include "kept_markers.h"

#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "tally.h"

struct kept_marker {
    uint64_t number;
    double ms;
    const char *device_id; /* "": of all */
    char label[CAPTURE_LABEL_MAX];
};

static struct kept_marker *next_item(struct kept_markers *markers)
{
    if (markers->count == markers->size) {
        const size_t size = markers->size ? 2 * markers->size : 16;
        struct kept_marker *items = realloc(markers->items, size * sizeof(*items));

        if (!items) {
            markers->failed = true;
            return NULL;
        }
        markers->items = items;
        markers->size = size;
    }
    return &markers->items[markers->count++];
}

void kept_markers_add(struct kept_markers *markers, struct recent_marker as, const char *device_id,
                      const struct capture_record *record)
{
    struct kept_marker *marker = next_item(markers);

    if (!marker)
        return;
    marker->number = as.number;
    marker->ms = record->marker_ms;
    marker->device_id = as.of_all ? "" : device_id;
    memcpy(marker->label, record->label, sizeof(marker->label));
}

static int by_number(const void *a, const void *b)
{
    const struct kept_marker *one = a, *other = b;

    return (one->number > other->number) - (one->number < other->number);
}

void kept_markers_write(struct kept_markers *markers, struct session_info *info, struct buffer *out)
{
    if (markers->count)
        qsort(markers->items, markers->count, sizeof(*markers->items), by_number);
    csv_markers_of_several(out);
    for (size_t i = 0; i < markers->count; i++) {
        const struct kept_marker *marker = &markers->items[i];

        if (i > 0 && marker->number == markers->items[i - 1].number)
            continue;
        tally_marker(info, marker->ms, marker->label);
        csv_marker_of(out, marker->ms, marker->label, marker->device_id);
    }
}

void kept_markers_finish(struct kept_markers *markers)
{
    free(markers->items);
    *markers = (struct kept_markers){0};
}
