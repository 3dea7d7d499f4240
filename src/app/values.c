#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "band/capture.h"
#include "band/model.h"
#include "ble/backend.h"
#include "ble/sim.h"
#include "manager/manager.h"
#include "server/address.h"
#include "server/rules.h"
#include "spool/spool.h"

/* What is wrong is to follow the value. */
static bool refuse_value(const char *option, const char *value, const char *fault,
                         struct failure *failure)
{
    failure_set(failure, ERROR_INVALID_PARAMETERS, "%s %.60s %s.", option, value, fault);
    return false;
}

/* "AA:BB:CC:DD:EE:FF" */
static bool is_address(const char *value)
{
    const size_t len = strlen(value);

    for (size_t i = 0; i < len; i++) {
        const bool good = i % 3 == 2 ? value[i] == ':' : isxdigit((unsigned char)value[i]);
        if (!good)
            return false;
    }
    return len == BAND_ADDRESS_SIZE - 1;
}

static bool is_adapter_name(const char *value)
{
    const size_t digits = strncmp(value, "hci", 3) == 0 ? strspn(value + 3, "0123456789") : 0;

    return digits > 0 && digits <= 5 && value[3 + digits] == '\0' &&
           (digits == 1 || value[3] != '0');
}

VALUE_CHECK(values_adapter)
{
    (void)normal;
    if (is_address(value) || is_adapter_name(value))
        return true;
    return refuse_value(option, value,
                        "can't be found: it is hci0, hci1 … or an address, as "
                        "`bluetoothctl list` shows it",
                        failure);
}

VALUE_CHECK(values_band)
{
    (void)normal;
    if (strchr(value, ':') && !is_address(value))
        return refuse_value(option, value,
                            "is no address: one has six pairs of hexadecimal digits, "
                            "AA:BB:CC:DD:EE:FF",
                            failure);
    if (strlen(value) >= BAND_NAME_SIZE)
        return refuse_value(option, value, "can't match: a band's name has at most 31 bytes",
                            failure);
    for (const char *c = value; *c; c++) {
        if (iscntrl((unsigned char)*c))
            return refuse_value(option, "", "can't match: there is a control character in it",
                                failure);
    }
    return true;
}

/* Its own sentence begins with the option's dashes, which are added on the command line only. */
VALUE_CHECK(values_sim)
{
    struct sim_options options;
    struct failure own;

    (void)normal;
    sim_options_init(&options);
    if (sim_options_parse(value, &options, &own))
        return true;
    const size_t dashes = strspn(own.message, "-");
    if (dashes)
        failure_set(failure, own.code, "%s.", own.message + dashes);
    else
        failure_set(failure, own.code, "%s: %s.", option, own.message);
    return false;
}

VALUE_CHECK(values_bands)
{
    _Static_assert(MANAGER_DEVICES_MAX == 8, "one digit, and the option's help names it");

    (void)normal;
    if (value[0] >= '1' && value[0] <= '0' + MANAGER_DEVICES_MAX && value[1] == '\0')
        return true;
    return refuse_value(option, value, "is no number of bands from 1 to 8", failure);
}

/* As many as RECENT_MINUTES_MAX says, two digits. */
VALUE_CHECK(values_minutes)
{
    const size_t len = strspn(value, "0123456789");

    (void)normal;
    if (value[len] != '\0' || len > 2 || (len == 2 && strcmp(value, "60") > 0))
        return refuse_value(option, value, "is no whole number of minutes from 0 to 60", failure);
    return true;
}

static bool is_between(const char *value, long least, long most)
{
    char *end;

    if (value[0] < '0' || value[0] > '9')
        return false;
    errno = 0;
    const long number = strtol(value, &end, 10);
    return errno == 0 && *end == '\0' && number >= least && number <= most;
}

VALUE_CHECK(values_hours)
{
    (void)normal;
    return is_between(value, 1, SPOOL_HOURS_MAX) ||
           refuse_value(option, value, "is no whole number of hours from 1 to 8784", failure);
}

VALUE_CHECK(values_megabytes)
{
    (void)normal;
    return is_between(value, SPOOL_MB_MIN, SPOOL_MB_MAX) ||
           refuse_value(option, value, "is no whole number of MB from 16 to 1048576", failure);
}

/* What a shell would have made something of, had it seen it. */
VALUE_CHECK(values_path)
{
    (void)normal;
    if (strchr("~$\"'", value[0]))
        return refuse_value(option, value,
                            "is taken as it stands, no shell reads it: write the whole path, "
                            "without quotes",
                            failure);
    for (const char *c = value; *c; c++) {
        if (iscntrl((unsigned char)*c))
            return refuse_value(option, "", "has a control character in its path", failure);
    }
    return true;
}

VALUE_CHECK(values_address)
{
    struct addrinfo *where = address_resolve(value);

    (void)normal;
    if (!where)
        return refuse_value(option, value, ADDRESS_ADVICE, failure);
    freeaddrinfo(where);
    return true;
}

VALUE_CHECK(values_host)
{
    const char *fault = rules_host_fault(value);

    (void)normal;
    return !fault || refuse_value(option, value, fault, failure);
}

VALUE_CHECK(values_origin)
{
    _Static_assert(RULES_ORIGIN_SIZE <= OPTIONS_NORMAL_SIZE, "a normal origin must fit");
    const char *fault = rules_origin_fault(value, normal);

    return !fault || refuse_value(option, value, fault, failure);
}

VALUE_CHECK(values_start)
{
    static struct capture_record record;
    char line[128];

    (void)normal;
    snprintf(line, sizeof(line), "#! start %s", value);
    if (!capture_parse(line, &record) && record.kind == CAPTURE_START)
        return true;
    return refuse_value(option, value, "is no time; write it like 2026-01-31T12:00:00.000000Z",
                        failure);
}
