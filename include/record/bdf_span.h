/* What the records of a BDF cover. */
#ifndef RECORD_BDF_SPAN_H
#define RECORD_BDF_SPAN_H

#include <stdint.h>

struct bdf_span {
    double start_ms; /* UTC, a whole second */
    int64_t seconds;
};

#endif
