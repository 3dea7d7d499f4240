#include "doctor_report.h"

#include <stdarg.h>
#include <stdio.h>

static bool found_fault;

__attribute__((format(printf, 3, 0))) static void print(const char *mark, const char *what,
                                                        const char *format, va_list args)
{
    printf("%-6s %-11s ", mark, what);
    vprintf(format, args);
    putchar('\n');
}

void report_ok(const char *what, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print("ok", what, format, args);
    va_end(args);
}

void report_wrong(const char *what, const char *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print("WRONG", what, format, args);
    va_end(args);
    printf("       %-11s → %s\n", "", command);
    found_fault = true;
}

bool report_found_fault(void)
{
    return found_fault;
}
