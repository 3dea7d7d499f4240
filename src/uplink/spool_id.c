#include "spool_id.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool spool_id_read(const char *spool, char id[SPOOL_ID_SIZE], struct failure *failure)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/id", spool);
    FILE *file = fopen(path, "r");
    const bool read = file && fscanf(file, "%32[0-9a-f]", id) == 1;
    if (!file && errno == EACCES)
        failure_set(failure, ERROR_RECORDING,
                    "This user may not read %.120s: run it in the group of the folder (the "
                    "package's is linkbandd).",
                    path);
    else if (!read)
        failure_set(failure, ERROR_RECORDING,
                    "%.120s is no spool (%s): name the folder that linkbandd has as --spool.", path,
                    file ? "it holds no id" : strerror(errno));
    if (file)
        fclose(file);
    return read;
}
