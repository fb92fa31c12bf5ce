/* timing.h -- the steady clock, and many durations of which the middle and the tail are asked. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include "base/str.h"

#define NS_PER_S UINT64_C(1000000000)

/* timing_ns -- nanoseconds since some moment; only differences mean anything. */
uint64_t timing_ns(void);

/* timing_s -- seconds since timing_ns gave from_ns. */
double timing_s(uint64_t from_ns);

/* timing_own_cpu_ns -- processor time that this process has used. */
uint64_t timing_own_cpu_ns(void);

/* timing_pause -- sleeps. */
void timing_pause(uint64_t ns);

/* Durations, each kept as it is: a percentile is one that really was. */
struct durations {
    uint64_t *ns;
    size_t n, cap;
    bool _is_sorted;
};

void durations_fini(struct durations *d) NONNULL;
void durations_add(struct durations *d, uint64_t ns) NONNULL;

/* durations_us -- the one that a part (0.5, 0.99) of all stay within, in microseconds; 0 when there are none. */
double durations_us(struct durations *d, double part) NONNULL;

#endif
