/* report.h: what a check found about one kernel. */
#ifndef ARB_CHECKASM_REPORT_H
#define ARB_CHECKASM_REPORT_H

typedef struct kernel_report {
    const char *kernel;
    unsigned long calls;
    unsigned long faults;
    char first[320]; /* the first fault, in words */
} kernel_report;

/* Counts a fault and keeps the first one's text. */
__attribute__((format(printf, 2, 3))) void report_fault(kernel_report *report, const char *format,
                                                        ...);

#endif
