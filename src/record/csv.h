/* Rows of the CSV files; docs/recording.md describes the columns. */
#ifndef RECORD_CSV_H
#define RECORD_CSV_H

#include "band/block.h"
#include "record/buffer.h"
#include "record/session.h"

/* The file a sensor's samples go to. */
enum session_file csv_file(enum sensor sensor);
/* The first line, of a band of this kind; nothing where the file is no CSV. */
void csv_header(struct buffer *out, enum session_file file, const struct band_model *model);

/* A row of eeg.csv. */
struct eeg_row {
    double ms;
    const struct model_sensor *as;
    struct eeg_sample sample;
    uint32_t lost;  /* samples missing just before it, at the file's rate */
    unsigned flags; /* of flags.h; its words stand in the last column, a blank between two */
};
void csv_eeg(struct buffer *out, const struct eeg_row *row);
/* Of the other sensors: one row a sample; `lost` stands in the first row of a block, the others
 * have 0. */
void csv_block(struct buffer *out, const struct sample_block *block);
void csv_level(struct buffer *out, double ms, int level);
void csv_marker(struct buffer *out, double ms, const char *label);

/* Of several bands: the first line, and a row; device_id "": it is of all of them. */
void csv_markers_of_several(struct buffer *out);
void csv_marker_of(struct buffer *out, double ms, const char *label, const char *device_id);
/* Rows of one band, the first line among them or not, as rows of several: all of this one. False,
 * and nothing is added: they begin with the first line of several. */
bool csv_widen_markers(struct buffer *out, const char *text, size_t len, const char *device_id);

#endif
