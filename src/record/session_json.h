/* Of session.json what those of its own room need: struct session_info as JSON. */
#ifndef RECORD_SESSION_JSON_H
#define RECORD_SESSION_JSON_H

#include <cjson/cJSON.h>

#include "record/session.h"

/* To be deleted by the caller; NULL: no memory. */
cJSON *session_to_json(const struct session_info *info);
/* False: it tells no state, so it is no session.json. */
bool session_from_json(const cJSON *root, struct session_info *info);
/* The same of what a band's part has, whose state is its session's. */
void session_band_from_json(const cJSON *root, struct session_info *info);

/* The file's, written and read; as session_save() and session_load() tell errors. */
bool session_write_json(int dir, const cJSON *root);
cJSON *session_read_json(int dir);

#endif
