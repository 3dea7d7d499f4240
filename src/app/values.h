/* What values of options can ever match or work: the checks of the table's rows. */
#ifndef VALUES_H
#define VALUES_H

#include "app/options.h"

/* As struct option_spec's `check`. */
#define VALUE_CHECK(name)                                                                          \
    bool name(const char *option, const char *value, char normal[OPTIONS_NORMAL_SIZE],             \
              struct failure *failure)

VALUE_CHECK(values_adapter);
VALUE_CHECK(values_band);
VALUE_CHECK(values_bands);
VALUE_CHECK(values_sim);
VALUE_CHECK(values_path);
VALUE_CHECK(values_minutes);
VALUE_CHECK(values_hours);
VALUE_CHECK(values_megabytes);
VALUE_CHECK(values_address);
VALUE_CHECK(values_host);
VALUE_CHECK(values_origin);
VALUE_CHECK(values_start);

#endif
