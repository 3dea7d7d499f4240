#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/length.h"
#include "base/text.h"

const char *error_code_name(enum error_code code)
{
    static const char *const names[] = {
        [ERROR_NONE] = "",
        [ERROR_DEVICE_NOT_FOUND] = "DEVICE_NOT_FOUND",
        [ERROR_CONNECTION_FAILED] = "CONNECTION_FAILED",
        [ERROR_BLUETOOTH] = "BLUETOOTH_ERROR",
        [ERROR_STREAMING] = "STREAMING_ERROR",
        [ERROR_INVALID_MESSAGE] = "INVALID_MESSAGE",
        [ERROR_UNKNOWN_COMMAND] = "UNKNOWN_COMMAND",
        [ERROR_INVALID_PARAMETERS] = "INVALID_PARAMETERS",
        [ERROR_NOT_CONNECTED] = "NOT_CONNECTED",
        [ERROR_BUSY] = "BUSY",
        [ERROR_CANCELLED] = "CANCELLED",
        [ERROR_RECORDING] = "RECORDING_ERROR",
        [ERROR_NOT_ALLOWED] = "NOT_ALLOWED",
        [ERROR_INTERNAL] = "INTERNAL_ERROR",
    };
    ASSERT_GOES_TO(names, ERROR_INTERNAL);
    return names[code];
}

struct failure *failure_set(struct failure *failure, enum error_code code, const char *format, ...)
{
    va_list args;

    failure->code = code;
    va_start(args, format);
    vsnprintf(failure->message, sizeof(failure->message), format, args);
    va_end(args);
    text_blank_controls(failure->message);
    return failure;
}
