#include "vectors/error.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[512];

arb_status arb_fail(arb_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return status;
}

const char *arb_last_error(void)
{
    return message;
}
