#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/length.h"

static enum log_level threshold = LOG_LEVEL_INFO;
static unsigned long lost; /* lines, since the last that was written */

static const struct {
    const char *name;
    enum log_level level;
} levels[] = {
    {"error", LOG_LEVEL_ERROR},
    {"warning", LOG_LEVEL_WARNING},
    {"info", LOG_LEVEL_INFO},
    {"debug", LOG_LEVEL_DEBUG},
};

bool log_level_from_name(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < LENGTH(levels); i++) {
        if (strcmp(name, levels[i].name) == 0) {
            *level = levels[i].level;
            return true;
        }
    }
    return false;
}

void log_set_level(enum log_level level)
{
    threshold = level;
}

static const char *level_name(enum log_level level)
{
    for (size_t i = 0; i < LENGTH(levels); i++) {
        if (levels[i].level == level)
            return levels[i].name;
    }
    return "";
}

/* What a peer sent may be in it, and the log may be read in a terminal: no C0 control character,
 * and none of C1, U+0080 to U+009F, of which one begins terminals' commands. */
static void blank_controls(char *text)
{
    for (; *text; text++) {
        const unsigned char byte = (unsigned char)text[0], next = (unsigned char)text[1];

        if (byte == 0xc2 && next >= 0x80 && next < 0xa0)
            text[0] = text[1] = '?';
        else if (byte < 0x20 || byte == 0x7f)
            *text = '?';
    }
}

/* systemd names the device and inode of the stream it reads: stderr may have been redirected since.
 */
static bool goes_to_journal(void)
{
    static int answer = -1;
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat file;

    if (answer < 0)
        answer = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                 fstat(STDERR_FILENO, &file) == 0 && file.st_dev == device && file.st_ino == inode;
    return answer;
}

static void print_line(enum log_level level, const char *text)
{
    if (goes_to_journal()) {
        fprintf(stderr, "<%d>%s\n", (int)level, text);
        return;
    }
    struct timespec now;
    struct tm local;
    char clock[16];
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    fprintf(stderr, "%s.%03ld %-7s %s\n", clock, now.tv_nsec / 1000000, level_name(level), text);
}

/* A pipe that nobody reads, a terminal that was stopped: to write there would stop the daemon. */
static bool has_room(void)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

    return poll(&out, 1, 0) != 0;
}

void log_write(enum log_level level, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (level > threshold)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    blank_controls(text);

    if (!has_room()) {
        lost++;
        return;
    }
    if (lost) {
        unsigned long count = lost;
        lost = 0;
        log_warning("log: %lu lines are missing here: nobody read them", count);
    }
    print_line(level, text);
}
