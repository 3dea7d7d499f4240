/* SHA-256 of a file by libmd. */
#ifndef RECORD_CHECKSUM_H
#define RECORD_CHECKSUM_H

#include <stdbool.h>

/* Hexadecimal; "" and false where the file can't be read. */
bool checksum_file(int dir, const char *name, char hex[65]);

#endif
