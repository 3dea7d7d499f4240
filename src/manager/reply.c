#include "reply.h"

#include <stdarg.h>
#include <stdio.h>

struct manager_outcome outcome_success(void)
{
    return (struct manager_outcome){.sensor = -1};
}

struct manager_outcome outcome_failure(enum error_code code, const char *format, ...)
{
    struct manager_outcome outcome = outcome_success();
    va_list args;

    outcome.failure.code = code;
    va_start(args, format);
    /* clang-tidy 14 misses the va_start above. NOLINTNEXTLINE(clang-analyzer-valist.*) */
    vsnprintf(outcome.failure.message, sizeof(outcome.failure.message), format, args);
    va_end(args);
    return outcome;
}

void reply_now(struct manager_reply reply, const struct manager_outcome *outcome)
{
    if (reply.done)
        reply.done(reply.user, outcome);
}

bool replies_add(struct replies *replies, struct manager_reply reply)
{
    if (replies->count == REPLIES_MAX) {
        struct manager_outcome busy =
            outcome_failure(ERROR_BUSY, "Too many commands are waiting for the same outcome");
        reply_now(reply, &busy);
        return false;
    }
    replies->owed[replies->count++] = reply;
    return true;
}

void replies_answer(struct replies *replies, const struct manager_outcome *outcome)
{
    const struct replies owed = *replies;

    replies->count = 0;
    for (size_t i = 0; i < owed.count; i++)
        reply_now(owed.owed[i], outcome);
}
