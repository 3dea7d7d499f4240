/* What may stand in the lists of who may come in: a rule that no request can ever match is a fault.
 */
#ifndef SERVER_RULES_H
#define SERVER_RULES_H

#include <stdbool.h>
#include <stddef.h>

/* Of an origin as a rule has it, with its zero. */
#define RULES_ORIGIN_SIZE 512

/* A name for --allow-host. NULL, or what is wrong and what is allowed, to follow the value. */
const char *rules_host_fault(const char *text);

/* An origin for --allow-origin and --deny-origin. NULL, and `normal` is as browsers send it:
 * without the slash at the end and without the scheme's own port; else as above. */
const char *rules_origin_fault(const char *text, char normal[RULES_ORIGIN_SIZE]);

#endif
