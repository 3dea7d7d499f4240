/* The bands there are: connected, being connected, waited for or being let go. */
#ifndef PROTOCOL_BANDS_H
#define PROTOCOL_BANDS_H

#include "protocol/json.h"
#include "protocol/protocol.h"

/* The member "devices": each band there is, in the order they came. */
void put_bands(struct protocol *protocol, struct json *json);

#endif
