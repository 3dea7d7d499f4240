/* Parameters of commands, read by type; what is wrong with one is told with what is allowed. */
#ifndef PROTOCOL_PARAMETERS_H
#define PROTOCOL_PARAMETERS_H

#include <stdbool.h>

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
    PARAMETER_TIME, /* Unix ms, any number, or an ISO 8601 string */
    PARAMETER_LIST, /* at least one of some names */
    PARAMETER_TYPES
};

#define PARAMETERS_MAX 10 /* of one command */

/* All that there is to know of one parameter of one command. */
struct parameter {
    const char *name;
    enum parameter_type type;
    bool required;
    double min, max;          /* of a number; of a string in bytes. max 0: no range */
    const char *unit;         /* NULL: none */
    const char *const *names; /* of a list, by bit, ended by NULL */
    double number;            /* what counts where it is absent; 0: the command tells */
    unsigned set;             /* the same of a list */
    const char *allowed;      /* the end of the sentence "it must be …" */
};

/* What came for a row. */
struct value {
    const struct parameter *row;
    const cJSON *given; /* NULL: absent; number and set are then the row's, text is NULL */
    double number;
    const char *text; /* belongs to the message */
    unsigned set;
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
