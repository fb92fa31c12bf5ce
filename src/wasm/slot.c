/* slot.c -- see slot.h. */
#include "wasm/slot.h"

enum { INDEX_BITS = 8, GENERATIONS = 1 << 22 };
_Static_assert(SLOTS <= 1 << INDEX_BITS, "a place fits into its bits");

static struct slot table[SLOTS];
static uint32_t generation[SLOTS];

static size_t bytes_of(enum slot_kind kind)
{
    switch (kind) {
    case SLOT_ACCESS: return sizeof(struct secret_access);
    case SLOT_ACCOUNT: return sizeof(struct secret_identity);
    case SLOT_CIRCLE: return sizeof(struct slot_circle);
    case SLOT_FREE: break;
    }
    misuse("slot: no such kind");
}

struct slot *slot_open(enum slot_kind kind)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct slot *slot = &table[i];
        if (slot->kind != SLOT_FREE || generation[i] + 1 >= GENERATIONS) continue;
        arena_init(&slot->a, bytes_of(kind) + 16);
        slot->a.holds_secrets = true;
        slot->of = arena_take(&slot->a, bytes_of(kind));
        if (slot->of == NULL) return NULL;
        generation[i]++;
        slot->kind = kind;
        slot->handle = generation[i] << INDEX_BITS | i;
        slot->account = NULL;
        return slot;
    }
    return NULL;
}

struct slot *slot_find(uint32_t handle, unsigned kinds)
{
    uint32_t i = handle & ((1u << INDEX_BITS) - 1);
    if (i >= SLOTS || ((unsigned)table[i].kind & kinds) == 0 || table[i].handle != handle) return NULL;
    return &table[i];
}

void slot_close(struct slot *slot)
{
    for (size_t i = 0; slot->kind == SLOT_ACCOUNT && i < SLOTS; i++) {
        if (table[i].kind == SLOT_CIRCLE && table[i].account == slot) slot_close(&table[i]);
    }
    if (slot->kind == SLOT_CIRCLE) copy_fini(&slot->circle->copy);
    arena_fini(&slot->a);
    *slot = (struct slot){0};
}

void slot_close_all(void)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (table[i].kind != SLOT_FREE) slot_close(&table[i]);
    }
}
