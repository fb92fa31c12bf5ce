/* fake_clock.c -- server/clock.h with a time that the fuzzer sets: linked instead of clock.c. */
#include "kit/fake_clock.h"

#include <stdatomic.h>

static atomic_uint_fast64_t now_ms;

void fake_clock_set(uint64_t ms)
{
    atomic_store(&now_ms, ms);
}

uint64_t clock_now_ms(void)
{
    return atomic_load(&now_ms);
}

/* Long past: who would wait until some moment soon, does not wait at all. */
uint64_t clock_steady_us(void)
{
    return 1000000;
}
