/*
 * The log, on stderr: one line a change of state, none a packet. Into the journal ($JOURNAL_STREAM)
 * each line begins with its priority, `<6>`, for the journal; on a terminal with a time and a
 * level.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

/* Syslog's numbers. */
enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

/* "error", "warning", "info" or "debug"; false if it is none of them. */
bool log_level_from_name(const char *name, enum log_level *level);

void log_set_level(enum log_level level);

/*
 * Never waits: a line for which stderr has no room is dropped, and counted in the next that has.
 * Control characters in the text are written as `?`: nothing a peer sends can forge a line.
 */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
