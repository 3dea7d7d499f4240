/* `linkbandd process`: a capture through the pipeline, the data messages on stdout, one JSON a
 * line. */
#ifndef APP_PROCESS_H
#define APP_PROCESS_H

#include "app/options.h"

/* The exit status: 0, or 1 after a sentence on stderr. */
int process_run(const struct options *options);

#endif
