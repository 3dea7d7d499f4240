/* What the columns of the CSV files are, for programs: columns.json beside them. */
#ifndef RECORD_COLUMNS_H
#define RECORD_COLUMNS_H

/* The file's whole text. */
extern const char columns_text[];

#endif
