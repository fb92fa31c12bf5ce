/* ids.c -- see ids.h. */
#include "practice/ids.h"

void ids_init(struct ids *ids, struct arena *a)
{
    *ids = (struct ids){._arena = a};
    random_fill(ids->_key, sizeof ids->_key);
}

/* The upper half of key 0 plus each quarter of the id times a key of its own: any two ids meet as rarely as
 * chance has it, whoever chose them, since nobody knows the keys ("multilinear" hashing). */
static uint32_t hash_of_id(const struct ids *ids, const uint8_t *id)
{
    uint32_t quarter[4];
    memcpy(quarter, id, sizeof quarter);
    uint64_t sum = ids->_key[0];
    for (size_t i = 0; i < 4; i++) sum += ids->_key[i + 1] * quarter[i];
    return (uint32_t)(sum >> 32);
}

/* The slot that holds the id, or the empty one where it belongs. At most half the slots are full. */
static struct ids_slot *slot_of(const struct ids *ids, const uint8_t *id, uint32_t hash)
{
    size_t at = hash & (ids->_slot_n - 1);
    for (;; at = (at + 1) & (ids->_slot_n - 1)) {
        struct ids_slot *slot = &ids->_slot[at];
        if (slot->id == NULL || (slot->_mark == hash && memcmp(slot->id, id, ID_BYTES) == 0)) return slot;
    }
}

enum err ids_reserve(struct ids *ids)
{
    if (2 * (ids->id_n + 1) <= ids->_slot_n) return ERR_OK;
    struct ids grown = *ids;
    grown._slot_n = ids->_slot_n == 0 ? 64 : 4 * ids->_slot_n;
    grown._slot = arena_take(ids->_arena, grown._slot_n * sizeof *grown._slot);
    if (grown._slot == NULL) return ERR_NO_MEMORY;
    for (size_t i = 0; i < ids->_slot_n; i++) {
        const struct ids_slot *slot = &ids->_slot[i];
        if (slot->id != NULL) *slot_of(&grown, slot->id, slot->_mark) = *slot;
    }
    *ids = grown;
    return ERR_OK;
}

void ids_add(struct ids *ids, const uint8_t id[static ID_BYTES], uint32_t place)
{
    uint32_t hash = hash_of_id(ids, id);
    EXPECT(2 * (ids->id_n + 1) <= ids->_slot_n);
    struct ids_slot *slot = slot_of(ids, id, hash);
    EXPECT(slot->id == NULL);
    *slot = (struct ids_slot){.id = id, .place = place, ._mark = hash};
    ids->id_n++;
}

bool ids_find(const struct ids *ids, const uint8_t id[static ID_BYTES], uint32_t *place)
{
    if (ids->_slot_n == 0) return false;
    const struct ids_slot *slot = slot_of(ids, id, hash_of_id(ids, id));
    if (slot->id == NULL) return false;
    *place = slot->place;
    return true;
}
