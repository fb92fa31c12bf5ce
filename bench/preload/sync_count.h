/* sync_count.h -- what sync_count.c counts: the content of the file that SYNC_COUNT names. */
#ifndef BENCH_SYNC_COUNT_H
#define BENCH_SYNC_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

struct sync_count {
    _Atomic uint64_t n, ns; /* calls of fsync and fdatasync; the time in them */
};

#endif
