/* The bands there are (connected, being connected, waited for or being let go), and which of them a
 * command is for. */
#ifndef PROTOCOL_BANDS_H
#define PROTOCOL_BANDS_H

#include "parameters.h"
#include "protocol/json.h"
#include "protocol/protocol.h"

/* Some of them, by their places, in the order they came. */
struct bands {
    unsigned places[MANAGER_DEVICES_MAX];
    size_t count;
};

struct bands bands_all(const struct protocol *protocol);

/* What a command is for where there is none: the place in which the next one would be, of which the
 * manager tells what it tells of none. */
struct bands bands_or_none(const struct protocol *protocol);

/*
 * Those that a device_id names, by name or address; absent: all, or none as above. A name that is
 * none of theirs is returned, and NULL where all are known.
 */
const char *bands_named(const struct protocol *protocol, const struct value *device_id,
                        struct bands *bands);

/* The device_ids of those there are, to be read by a person: "LXB-1, LXB-2". */
#define BANDS_TEXT_SIZE (MANAGER_DEVICES_MAX * (BAND_NAME_SIZE + 2))
void bands_text(const struct protocol *protocol, char text[BANDS_TEXT_SIZE]);

/* What list_devices tells of a band: members of an object. */
void put_listed(struct protocol *protocol, struct json *json, unsigned device);
/* The member "devices": each band there is. */
void put_all_bands(struct protocol *protocol, struct json *json);

#endif
