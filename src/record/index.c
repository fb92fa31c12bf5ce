/* index.c -- see index.h. */
#include "record/index.h"

#include <sodium.h>

enum { INDEX_PAGE_ROWS = 256 };

_Static_assert(crypto_shorthash_KEYBYTES == 16, "the salt is a key of crypto_shorthash");

void index_init(struct index *index, struct arena *a)
{
    *index = (struct index){._arena = a};
    random_fill(index->_salt, sizeof index->_salt);
}

const struct index_row *index_row(const struct index *index, uint64_t seq)
{
    EXPECT(seq < index->row_n);
    return &index->_page[seq / INDEX_PAGE_ROWS][seq % INDEX_PAGE_ROWS];
}

/* ---- ids -------------------------------------------------------------------------------------- */

/* The slot that holds the id, or the empty one where it belongs. At most half the slots are full. */
static size_t slot_of(const struct index *index, const uint32_t *slot, size_t slot_n, const uint8_t *id)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, id, ID_BYTES, index->_salt);
    size_t i = (size_t)hash & (slot_n - 1);
    while (slot[i] != 0 && memcmp(index_row(index, slot[i] - 1)->id, id, ID_BYTES) != 0) i = (i + 1) & (slot_n - 1);
    return i;
}

static enum err slots_grow(struct index *index)
{
    size_t slot_n = index->_slot_n == 0 ? 64 : 2 * index->_slot_n;
    uint32_t *slot = arena_take(index->_arena, slot_n * sizeof *slot);
    if (slot == NULL) return ERR_NO_MEMORY;
    for (size_t i = 0; i < index->_slot_n; i++) {
        if (index->_slot[i] == 0) continue;
        slot[slot_of(index, slot, slot_n, index_row(index, index->_slot[i] - 1)->id)] = index->_slot[i];
    }
    index->_slot = slot;
    index->_slot_n = slot_n;
    return ERR_OK;
}

bool index_find_id(const struct index *index, const uint8_t id[static ID_BYTES], uint64_t *seq)
{
    if (index->_slot_n == 0) return false;
    uint32_t found = index->_slot[slot_of(index, index->_slot, index->_slot_n, id)];
    if (found == 0) return false;
    if (seq != NULL) *seq = found - 1;
    return true;
}

/* ---- rows ------------------------------------------------------------------------------------- */

/* Room for one more page in the list of pages. The old list stays behind in the arena: in all, no more
 * than the new one is long. */
static enum err pages_grow(struct index *index)
{
    size_t cap = index->_page_cap == 0 ? 16 : 2 * index->_page_cap;
    struct index_row **page = arena_take(index->_arena, cap * sizeof *page);
    if (page == NULL) return ERR_NO_MEMORY;
    for (size_t i = 0; i < index->_page_cap; i++) page[i] = index->_page[i];
    index->_page = page;
    index->_page_cap = cap;
    return ERR_OK;
}

static struct index_row *row_at(struct index *index, uint64_t seq)
{
    return &index->_page[seq / INDEX_PAGE_ROWS][seq % INDEX_PAGE_ROWS];
}

static enum err row_room(struct index *index)
{
    size_t page = (size_t)(index->row_n / INDEX_PAGE_ROWS);
    enum err e = page < index->_page_cap ? ERR_OK : pages_grow(index);
    if (e != ERR_OK) return e;
    struct index_row **rows = &index->_page[page];
    if (*rows == NULL) *rows = arena_take(index->_arena, INDEX_PAGE_ROWS * sizeof **rows);
    return *rows == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err index_add(struct index *index, const struct entry *entry)
{
    EXPECT(entry->seq == index->row_n);
    if (entry->seq >= UINT32_MAX) return ERR_NO_MEMORY; /* the very last place of a record has no slot here */
    enum err e = row_room(index);
    if (e == ERR_OK && 2 * (index->row_n + 1) > index->_slot_n) e = slots_grow(index);
    if (e != ERR_OK) return e;
    struct index_row *row = row_at(index, entry->seq);
    memcpy(row->hash, entry->hash, HASH_BYTES);
    memcpy(row->id, entry->id, ID_BYTES);
    memcpy(row->author, entry->author, SIGN_PK_BYTES);
    row->kind = entry->kind;
    row->has_payload = entry->payload.len > 0 || !entry_has_payload(entry->kind);
    if (!row->has_payload) index->lacking_n++;
    size_t slot = slot_of(index, index->_slot, index->_slot_n, entry->id);
    index->_slot[slot] = (uint32_t)entry->seq + 1;
    index->row_n++;
    for (size_t i = 0; entry->kind == ENTRY_REDACT && i < entry->body.redact.seq_n; i++) {
        struct index_row *target = row_at(index, entry->body.redact.seq[i]);
        if (!target->has_payload && !target->is_erased) index->lacking_n--;
        target->is_erased = true;
    }
    return ERR_OK;
}

/* ---- the past ----------------------------------------------------------------------------------- */

static enum err past_id_is_taken(void *of, const uint8_t *id, bool *is_taken)
{
    *is_taken = index_find_id(of, id, NULL);
    return ERR_OK;
}

static enum err past_fact_at(void *of, uint64_t seq, struct circle_fact *fact)
{
    const struct index_row *row = index_row(of, seq);
    *fact = (struct circle_fact){.kind = row->kind, .is_erased = row->is_erased};
    memcpy(fact->author, row->author, SIGN_PK_BYTES);
    return ERR_OK;
}

struct circle_past index_past(struct index *index)
{
    return (struct circle_past){index, past_id_is_taken, past_fact_at};
}
