/* columns.json: what stands in each column of the CSV files, and in what unit; the names that BIDS
 * has for that. */
#ifndef RECORD_COLUMNS_H
#define RECORD_COLUMNS_H

#include "band/model.h"
#include "record/buffer.h"

/* The same for all sessions of one kind of band. */
void columns_write(struct buffer *out, const struct band_model *model);

#endif
