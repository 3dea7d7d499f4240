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

void reply_now(struct manager_reply reply, unsigned device, const struct manager_outcome *outcome)
{
    struct manager_outcome told = *outcome;

    told.device = device;
    if (reply.done)
        reply.done(reply.user, &told);
}

/* The first that was forgotten; `count`: none. */
static size_t forgotten(const struct replies *replies)
{
    size_t i = 0;

    while (i < replies->count && replies->owed[i].done)
        i++;
    return i;
}

bool replies_add(struct replies *replies, struct manager_reply reply)
{
    size_t at = replies->count < REPLIES_MAX ? replies->count : forgotten(replies);

    if (at == REPLIES_MAX) {
        struct manager_outcome busy =
            outcome_failure(ERROR_BUSY, "Too many commands are waiting for the same outcome");
        reply_now(reply, replies->device, &busy);
        return false;
    }
    replies->owed[at] = reply;
    replies->count += at == replies->count;
    return true;
}

void replies_forget(struct replies *replies, const void *user)
{
    for (size_t i = 0; i < replies->count; i++) {
        if (replies->owed[i].user == user)
            replies->owed[i].done = NULL;
    }
}

void replies_answer(struct replies *replies, const struct manager_outcome *outcome)
{
    const struct replies owed = *replies;

    replies->count = 0;
    for (size_t i = 0; i < owed.count; i++)
        reply_now(owed.owed[i], owed.device, outcome);
}
