/* `name:port` or `[address]:port`, as a Host header and an origin have them. */
#ifndef AUTHORITY_H
#define AUTHORITY_H

#include <stdbool.h>

/* The longest DNS name. */
#define NAME_MAX_LENGTH 253

/* Taken apart: `name` in lower case without brackets; port "" if there is none. */
struct authority {
    char name[NAME_MAX_LENGTH + 1];
    char port[6];
    bool bracketed;
};

/* False: it is none. */
bool authority_parse(const char *text, struct authority *authority);

#endif
