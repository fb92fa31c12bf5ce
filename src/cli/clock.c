/* clock.c -- see clock.h. */
#define _DEFAULT_SOURCE
#include "cli/clock.h"

#include <time.h>

uint64_t clock_boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
