/* fault_alloc.h -- an allocator that can be told to fail, and that counts what is not given back.
 *
 * It stands between the program's own objects (not shared libraries) and the system's. A test that uses
 * it is linked with FAULT_ALLOC_LINK of mk/tests.mk: -Wl,--wrap= for malloc, calloc, realloc and free.
 * New memory comes filled with 0xa5, so that nobody lives on zeros that malloc never promised.
 *
 * Threads  any; but the test says which call fails, and so should know which thread makes it
 */
#ifndef HARNESS_FAULT_ALLOC_H
#define HARNESS_FAULT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

enum fault_span {
    FAULT_ONE, /* that allocation alone fails */
    FAULT_ALL, /* and every later one         */
};

/* fault_alloc_arm -- lets the n-th allocation from now on fail, 1 being the next; counts from 0 again. */
void fault_alloc_arm(size_t n, enum fault_span span);

/* fault_alloc_disarm -- no allocation fails; counts from 0 again. */
void fault_alloc_disarm(void);

/* fault_alloc_calls -- how often memory was asked for since then, what failed included. */
size_t fault_alloc_calls(void);

/* fault_alloc_has_failed -- whether an allocation was made to fail since then. */
bool fault_alloc_has_failed(void);

/* fault_alloc_live -- pieces taken and not yet given back, since the program began.
 *
 * What a shared library took and the program frees (strdup, getline) makes it one too few: compare the
 * count before and after a job that has none of these.
 */
size_t fault_alloc_live(void);

/* fault_alloc_on_free -- is shown each piece just before it is freed; NULL for nobody. */
void fault_alloc_on_free(void (*see)(const void *piece, size_t bytes));

#endif
