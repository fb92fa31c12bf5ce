/* arena.c -- see arena.h. The only file of base and record that asks the system for memory. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum { ALIGN_BYTES = 16 };

struct arena_block {
    struct arena_block *older;
    size_t used, cap;
    _Alignas(ALIGN_BYTES) uint8_t bytes[];
};

void arena_init(struct arena *a, size_t ceiling_bytes)
{
    *a = (struct arena){._ceiling_bytes = ceiling_bytes};
}

void arena_fini(struct arena *a)
{
    while (a->_newest != NULL) {
        struct arena_block *older = a->_newest->older;
        if (a->holds_secrets) explicit_bzero(a->_newest->bytes, a->_newest->used);
        free(a->_newest);
        a->_newest = older;
    }
    a->_taken_bytes = 0;
}

/* A block that has room for bytes more, in front of the others; false when there is no memory. */
static bool block_open(struct arena *a, size_t bytes)
{
    size_t cap = bytes > ARENA_BLOCK_BYTES ? bytes : ARENA_BLOCK_BYTES;
    if (cap > SIZE_MAX - sizeof(struct arena_block)) return false;
    struct arena_block *block = malloc(sizeof *block + cap);
    if (block == NULL) return false;
    *block = (struct arena_block){.older = a->_newest, .used = 0, .cap = cap};
    a->_newest = block;
    return true;
}

void *arena_take(struct arena *a, size_t bytes)
{
    size_t left = a->_ceiling_bytes - a->_taken_bytes;
    size_t padding = (ALIGN_BYTES - bytes % ALIGN_BYTES) % ALIGN_BYTES;
    if (bytes > left || padding > left - bytes) return NULL;
    size_t rounded = bytes + padding;
    struct arena_block *block = a->_newest;
    if (block == NULL || rounded > block->cap - block->used) {
        if (!block_open(a, rounded)) return NULL;
        block = a->_newest;
    }
    void *piece = block->bytes + block->used;
    memset(piece, 0, rounded);
    block->used += rounded;
    a->_taken_bytes += rounded;
    return piece;
}

struct str arena_copy(struct arena *a, struct str s)
{
    uint8_t *copy = arena_take(a, s.len);
    if (copy == NULL) return (struct str){0};
    if (s.len > 0) memcpy(copy, s.at, s.len);
    return str_at(copy, s.len);
}
