/* assert.c -- see assert.h. */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void misuse(const char *where)
{
    fprintf(stderr, "troth: internal error, stopped before anything could be harmed: %s\n", where);
    abort();
}
