/* fault_alloc.c -- see fault_alloc.h. The linker sends calls of malloc to __wrap_malloc, and
 * __real_malloc is the malloc there would have been. */
#include "harness/fault_alloc.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void __real_free(void *piece);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void __wrap_free(void *piece);

/* More than any machine has. The system would answer NULL too, but a sanitizer would end the program. */
#define MOST_BYTES (SIZE_MAX >> (sizeof(size_t) > 4 ? 24 : 2))

static atomic_size_t calls_n, fail_at, live_n;
static atomic_bool fails_after, has_failed;
static void (*_Atomic on_free)(const void *piece, size_t bytes);

static void arm(size_t n, bool after)
{
    fail_at = 0;
    calls_n = 0;
    has_failed = false;
    fails_after = after;
    fail_at = n;
}

void fault_alloc_arm(size_t n, enum fault_span span)
{
    arm(n, span == FAULT_ALL);
}

void fault_alloc_disarm(void)
{
    arm(0, false);
}

size_t fault_alloc_calls(void)
{
    return calls_n;
}

bool fault_alloc_has_failed(void)
{
    return has_failed;
}

size_t fault_alloc_live(void)
{
    return live_n;
}

void fault_alloc_on_free(void (*see)(const void *piece, size_t bytes))
{
    on_free = see;
}

/* Counts one call; whether it is to fail. */
static bool fails_now(void)
{
    size_t call = atomic_fetch_add(&calls_n, 1) + 1, at = fail_at;
    bool fails = at != 0 && (call == at || (fails_after && call > at));
    if (fails) {
        has_failed = true;
        errno = ENOMEM;
    }
    return fails;
}

static void *counted(void *piece)
{
    if (piece != NULL) live_n++;
    return piece;
}

void *__wrap_malloc(size_t bytes)
{
    if (fails_now() || bytes > MOST_BYTES) return NULL;
    void *piece = counted(__real_malloc(bytes));
    if (piece != NULL) memset(piece, 0xa5, bytes);
    return piece;
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    if (fails_now() || (n > 0 && bytes > MOST_BYTES / n)) return NULL;
    return counted(__real_calloc(n, bytes));
}

/* The old piece lives on where there is no new one. A size of 0 would give it back with glibc: no code
 * of Troth may ask for that. */
void *__wrap_realloc(void *old, size_t bytes)
{
    if (bytes == 0) abort();
    if (fails_now() || bytes > MOST_BYTES) return NULL;
    return old == NULL ? counted(__real_malloc(bytes)) : __real_realloc(old, bytes);
}

void __wrap_free(void *piece)
{
    if (piece == NULL) return;
    void (*see)(const void *, size_t) = on_free;
    if (see != NULL) see(piece, malloc_usable_size(piece));
    live_n--;
    __real_free(piece);
}
