/*
 * What holds unless there is a bug here. Where it does not, a build for tests and fuzzers aborts
 * (MUST_ABORT, a preset's); any other tells each place once and goes on, so what follows must be
 * safe either way. For nothing that a peer, a file or the radio can bring about, and for no call
 * that does something.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

#include <stdbool.h>

#ifndef MUST_ABORT
#define MUST_ABORT 0
#endif

#define must(condition)                                                                            \
    do {                                                                                           \
        static bool must_told;                                                                     \
        if (!(condition))                                                                          \
            must_fail(&must_told, MUST_ABORT, __func__, #condition);                               \
    } while (0)

/* `told` is one place's own. */
void must_fail(bool *told, bool aborts, const char *function, const char *condition);

#endif
