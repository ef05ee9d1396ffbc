#include "checkasm/report.h"

#include <stdarg.h>
#include <stdio.h>

void report_fault(kernel_report *report, const char *format, ...)
{
    if (report->faults++ == 0) {
        va_list args;
        va_start(args, format);
        vsnprintf(report->first, sizeof report->first, format, args);
        va_end(args);
    }
}
