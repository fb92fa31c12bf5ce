/* arena.h -- memory that is taken piece by piece and given back all at once.
 *
 * One arena per request, or per opened record. What it holds has no free of its own. It is born with a
 * ceiling, and stays within it.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *_newest;
    size_t _taken_bytes, _ceiling_bytes;
    bool holds_secrets; /* the owner may set it: arena_fini then wipes before it frees */
};

/* arena_init -- an empty arena that will never hold more than ceiling_bytes. Takes no memory yet. What is
 * taken counts in steps of 16 bytes. */
void arena_init(struct arena *a, size_t ceiling_bytes) NONNULL;

/* arena_fini -- gives everything back; the arena is empty again and may be used again. */
void arena_fini(struct arena *a) NONNULL;

/* arena_take -- zeroed bytes, aligned to 16, that live as long as the arena.
 *
 * Takes    bytes   0 and up; 0 gives a valid address that may not be read
 * Gives    NULL when the ceiling would be passed or the system has no memory: ERR_NO_MEMORY at the caller
 */
void *arena_take(struct arena *a, size_t bytes) NONNULL MUST_USE;

/* arena_copy -- the same bytes, living as long as the arena; {NULL, 0} when there is no memory. */
struct str arena_copy(struct arena *a, struct str s) NONNULL MUST_USE;

#endif
