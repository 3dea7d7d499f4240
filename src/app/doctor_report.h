/* The doctor's report, a line a finding. */
#ifndef DOCTOR_REPORT_H
#define DOCTOR_REPORT_H

#include <stdbool.h>

void report_ok(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* With a second line: the command that mends it. */
void report_wrong(const char *what, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether any line was of something wrong. */
bool report_found_fault(void);

#endif
