/*
 * One packet of several: a sensor whose channels come over a characteristic each sends the samples
 * of one span in as many packets, of one tick. Put together they are the bytes of one lane behind
 * those of the other, as the model's decoder reads them.
 */
#ifndef BAND_LANES_H
#define BAND_LANES_H

#include "band/packet.h"

/* Spans under way at once: characteristics may be read one by one, so that one is ahead. */
#define LANES_ROWS 4

struct lanes_row {
    unsigned have; /* a bit for each lane; 0: free */
    uint64_t age;
    uint32_t tick;
    size_t len; /* of each lane */
    uint8_t bytes[BAND_WHOLE_MAX];
};

struct lanes {
    uint64_t clock;
    struct lanes_row rows[LANES_ROWS];
};

void lanes_clear(struct lanes *lanes);

/*
 * Takes a packet that packet_check() has approved; true where with it a span is whole, told in
 * *whole, its bytes valid until the next call. What is older and still not whole is given up then:
 * each lane keeps its order, so nothing more can come of it. Where all rows are taken the oldest
 * goes.
 */
bool lanes_join(struct lanes *lanes, const struct model_sensor *as, const struct packet *packet,
                struct packet *whole);

#endif
