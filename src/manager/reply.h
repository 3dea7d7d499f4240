/* Replies that are owed: one list a kind of command that can be joined or has to wait. */
#ifndef MANAGER_REPLY_H
#define MANAGER_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "manager/manager.h"

/* All that ten clients may have pending, so that none of them can make another's BUSY: the place of
 * one that was forgotten is taken before that. */
#define REPLIES_MAX 320

struct replies {
    struct manager_reply owed[REPLIES_MAX];
    size_t count;
    unsigned device; /* whose they are */
};

struct manager_outcome outcome_success(void);
struct manager_outcome outcome_failure(enum error_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Of the device in this place; 0 where none is meant. */
void reply_now(struct manager_reply reply, unsigned device, const struct manager_outcome *outcome);

/* Owes the reply; where the list is full answers it BUSY. */
bool replies_add(struct replies *replies, struct manager_reply reply);

/* Replies to `user` are owed no longer. They still count: what was asked for goes on. */
void replies_forget(struct replies *replies, const void *user);

/* Answers all, in the order they came but for those in another's place. The list is empty before
 * the first is called. */
void replies_answer(struct replies *replies, const struct manager_outcome *outcome);

#endif
