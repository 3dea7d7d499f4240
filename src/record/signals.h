/* What session.json tells of each sensor's signals: what a dataset has to say of them. */
#ifndef RECORD_SIGNALS_H
#define RECORD_SIGNALS_H

#include <cjson/cJSON.h>

#include "record/session.h"

/* Adds the member "signals": one object a sensor of the session. What nobody tells is null. */
void signals_add(cJSON *root, const struct session_info *info);

#endif
