#ifndef BASE_LENGTH_H
#define BASE_LENGTH_H

/* How many elements an array has; not for pointers. */
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Of an array by an enum's values: it goes on to the last of them. */
#define ASSERT_GOES_TO(array, last)                                                                \
    _Static_assert(LENGTH(array) == (size_t)(last) + 1, #array " goes to " #last)

#endif
