#include "band/lanes.h"

#include <string.h>

void lanes_clear(struct lanes *lanes)
{
    for (int i = 0; i < LANES_ROWS; i++)
        lanes->rows[i].have = 0;
}

static struct lanes_row *row_of(struct lanes *lanes, uint32_t tick, size_t len)
{
    struct lanes_row *room = &lanes->rows[0];

    for (int i = 0; i < LANES_ROWS; i++) {
        struct lanes_row *row = &lanes->rows[i];
        if (row->have && row->tick == tick && row->len == len)
            return row;
        if (room->have && (!row->have || row->age < room->age))
            room = row;
    }
    room->have = 0;
    room->age = ++lanes->clock;
    room->tick = tick;
    room->len = len;
    return room;
}

static void give_up(struct lanes *lanes, uint64_t age)
{
    for (int i = 0; i < LANES_ROWS; i++) {
        if (lanes->rows[i].age <= age)
            lanes->rows[i].have = 0;
    }
}

bool lanes_join(struct lanes *lanes, const struct model_sensor *as, const struct packet *packet,
                struct packet *whole)
{
    struct lanes_row *row = row_of(lanes, as->tick(packet->bytes), packet->len);

    memcpy(row->bytes + packet->lane * packet->len, packet->bytes, packet->len);
    row->have |= 1u << packet->lane;
    if (row->have != (1u << as->lanes) - 1)
        return false;
    give_up(lanes, row->age);
    *whole = (struct packet){packet->sensor, packet->arrival_us, row->bytes, as->lanes * row->len,
                             packet->lane};
    return true;
}
