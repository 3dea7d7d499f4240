/* Parameters of commands, read by type; what is wrong with one is told with what is allowed. */
#ifndef PROTOCOL_PARAMETERS_H
#define PROTOCOL_PARAMETERS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

/* A refused parameter. */
struct refusal {
    const char *parameter;
    const cJSON *given; /* NULL: it was missing */
    const char *allowed;
};

enum parameter_type {
    PARAMETER_NUMBER,
    PARAMETER_INTEGER,
    PARAMETER_STRING, /* control characters are blanked */
    PARAMETER_ADDRESS,
    PARAMETER_SESSION,
    PARAMETER_TIME,    /* Unix ms, any number, or an ISO 8601 string */
    PARAMETER_LIST,    /* at least one of some names */
    PARAMETER_DEVICES, /* a band's name, or a list of up to PARAMETER_DEVICES_MAX of them */
    PARAMETER_TYPES
};

#define PARAMETERS_MAX        10 /* of one command */
#define PARAMETER_DEVICES_MAX 8  /* as many as there are bands at a time */

/* All that there is to know of one parameter of one command. */
struct parameter {
    const char *name;
    enum parameter_type type;
    bool required;
    double min, max;          /* of a number; of a string, a name in bytes. max 0: no range */
    const char *unit;         /* NULL: none */
    const char *const *names; /* of a list, by bit, ended by NULL */
    double number;            /* what counts where it is absent; 0: the command tells */
    unsigned set;             /* the same of a list */
    const char *allowed;      /* the end of the sentence "it must be …" */
};

/* What came for a row. Texts belong to the message. */
struct value {
    const struct parameter *row;
    const cJSON *given; /* NULL: absent; number and set are then the row's, text is NULL */
    double number;
    const char *text;
    unsigned set;
    const char *devices[PARAMETER_DEVICES_MAX];
    size_t device_count;
};

/* The member, NULL where it is missing or null. */
const cJSON *parameter(const cJSON *parameters, const char *name);
bool parameter_is_known(const struct parameter *rows, const char *name);
/* False and *refusal for the first that is wrong, else for the first that is missing. */
bool parameters_read(const struct parameter *rows, const cJSON *parameters,
                     struct value values[PARAMETERS_MAX], struct refusal *refusal);
/* The value of a row that the command has. */
const struct value *value_of(const struct value *values, const char *name);
const char *parameter_type_name(enum parameter_type type);

#endif
