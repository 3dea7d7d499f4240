/* The protocol's error codes, and a failure: one code, one sentence for a person. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_code {
    ERROR_NONE,
    ERROR_DEVICE_NOT_FOUND,
    ERROR_CONNECTION_FAILED,
    ERROR_BLUETOOTH,
    ERROR_STREAMING,
    ERROR_INVALID_MESSAGE,
    ERROR_UNKNOWN_COMMAND,
    ERROR_INVALID_PARAMETERS,
    ERROR_NOT_CONNECTED,
    ERROR_BUSY,
    ERROR_CANCELLED,
    ERROR_RECORDING,
    ERROR_NOT_ALLOWED,
    ERROR_INTERNAL,
};

/* "DEVICE_NOT_FOUND" …; "" for ERROR_NONE. */
const char *error_code_name(enum error_code code);

/* Says what went wrong and what to do next. */
struct failure {
    enum error_code code;
    char message[320];
};

/* Fills *failure, blanks for control characters; returns it, so that it can be handed on in one
 * expression. */
struct failure *failure_set(struct failure *failure, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
