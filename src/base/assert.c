/* assert.c -- see assert.h. */
#include "base/assert.h"

#ifdef __wasm__

/* A module has no standard error: whoever runs it finds the place here when the call has trapped. */
static const char *trapped;

__attribute__((export_name("troth_trapped"))) const char *troth_trapped(void);
const char *troth_trapped(void)
{
    return trapped;
}

_Noreturn void misuse(const char *where)
{
    trapped = where;
    __builtin_trap();
}

/* What libsodium's assert() calls. The C library's own would bring all of printf with it. */
_Noreturn void __assert_fail(const char *condition, const char *file, int line, const char *function);
_Noreturn void __assert_fail(const char *condition, const char *file, int line, const char *function)
{
    (void)file;
    (void)line;
    (void)function;
    misuse(condition);
}

#else

#include <stdio.h>
#include <stdlib.h>

_Noreturn void misuse(const char *where)
{
    fprintf(stderr, "troth: internal error, stopped before anything could be harmed: %s\n", where);
    abort();
}

#endif
