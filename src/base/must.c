#include "base/must.h"

#include <stdlib.h>

#include "base/log.h"

void must_fail(bool *told, bool aborts, const char *function, const char *condition)
{
    if (!*told)
        log_error("linkbandd: a bug, please report it: in %s() `%s` must hold", function,
                  condition);
    *told = true;
    if (aborts)
        abort();
}
