/* timing.c -- see timing.h. */
#define _POSIX_C_SOURCE 200809L
#include "timing.h"

#include <stdlib.h>
#include <time.h>

static uint64_t read_clock(clockid_t which)
{
    struct timespec t;
    if (clock_gettime(which, &t) != 0) misuse("timing: no clock");
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t timing_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double timing_s(uint64_t from_ns)
{
    return (double)(timing_ns() - from_ns) / (double)NS_PER_S;
}

uint64_t timing_own_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

void timing_pause(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
    while (nanosleep(&t, &t) != 0) continue;
}

void durations_fini(struct durations *d)
{
    free(d->ns);
    *d = (struct durations){0};
}

void durations_add(struct durations *d, uint64_t ns)
{
    if (d->n == d->cap) {
        d->cap = d->cap == 0 ? 16384 : 2 * d->cap;
        d->ns = realloc(d->ns, d->cap * sizeof *d->ns);
        EXPECT(d->ns != NULL);
    }
    d->ns[d->n++] = ns;
    d->_is_sorted = false;
}

static int compare(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return x < y ? -1 : x > y;
}

double durations_us(struct durations *d, double part)
{
    if (d->n == 0) return 0;
    if (!d->_is_sorted) qsort(d->ns, d->n, sizeof *d->ns, compare);
    d->_is_sorted = true;
    size_t at = (size_t)(part * (double)d->n);
    return (double)d->ns[at < d->n ? at : d->n - 1] / 1000.0;
}
