/* hold.c -- see hold.h. */
#include "wasm/hold.h"

#include "device/local.h"

/* ---- when ---------------------------------------------------------------------------------------------- */

bool hold_is_loading(const struct call *call)
{
    return !call->slot->circle->copy.is_broken && !call->slot->circle->is_read;
}

bool hold_is_checked(const struct call *call)
{
    return !call->slot->circle->copy.is_broken && call->slot->circle->is_read;
}

bool hold_is_ready(const struct call *call)
{
    const struct slot_circle *circle = call->slot->circle;
    bool has_fold = circle->copy.folded_n == copy_n(&circle->copy); /* not, after it ran out of memory in one */
    return !circle->copy.is_broken && circle->is_ready && has_fold;
}

bool hold_is_mine(const struct call *call)
{
    return hold_is_ready(call) && call->slot->account != NULL;
}

/* ---- what has to be kept ------------------------------------------------------------------------------- */

static void put_pin(struct call *c, const struct slot *slot)
{
    const struct copy *copy = &slot->circle->copy;
    uint8_t text[8 + HASH_BYTES], memory[LOCAL_SEAL_BYTES + LOCAL_STEP_BYTES];
    struct out pin = OUT_OVER(text), field = OUT_OVER(memory);
    struct local_place place = {.column = STR("pin"), .circle = copy->id};
    out_put_be64(&pin, copy->chain.circle.head_seq);
    out_put(&pin, STR_OF(copy->chain.circle.head_hash));
    local_seal(&field, slot->account->me, &place, out_str(&pin));
    EXPECT(!field.is_full);
    call_put_bytes(c, 4, field.at, field.len);
}

/* All keys that are held: epoch in eight bytes, key, and so on. */
static bool put_keys(struct call *c, struct slot *slot)
{
    struct copy *copy = &slot->circle->copy;
    uint64_t epoch = 0;
    uint8_t key[KEY_BYTES];
    size_t cap = copy->key.item_n * (8 + KEY_BYTES), n = local_sealed_bytes(cap);
    struct local_place place = {.column = STR("keys"), .circle = copy->id};
    uint8_t *memory = arena_take(&c->a, cap), *sealed = arena_take(&c->a, n);
    if (memory == NULL || sealed == NULL) return false; /* they are learned from the record again */
    struct out text = out_over(memory, cap), field = out_over(sealed, n);
    for (uint64_t at = 0; at < copy->key.item_n; at++) {
        const struct copy_key *held = copy_key_of(copy, at);
        if (held == NULL) continue;
        out_put_be64(&text, at);
        out_put(&text, STR_OF(held->key));
    }
    while (copy_next_new_key(copy, &epoch, key)) epoch++;
    wipe(key, sizeof key);
    local_seal(&field, slot->account->me, &place, out_str(&text));
    call_put_bytes(c, 5, field.at, field.len);
    return true;
}

/* Places whose payloads the device has to forget. */
static void put_erased(struct call *c, struct slot_circle *circle)
{
    size_t n = 0;
    const struct pages *redacts = &circle->copy.redact;
    for (size_t i = circle->told_redact; i < redacts->item_n; i++) {
        n += ((const struct copy_redact *)pages_at(redacts, i))->target_n;
    }
    cbor_put_uint(&c->out, 6);
    cbor_put_list(&c->out, (n + LIMIT_CBOR_ITEMS - 1) / LIMIT_CBOR_ITEMS);
    size_t put_n = 0;
    for (; circle->told_redact < redacts->item_n; circle->told_redact++) {
        const struct copy_redact *redact = pages_at(redacts, circle->told_redact);
        for (size_t k = 0; k < redact->target_n; k++, put_n++) {
            size_t left = n - put_n, list_n = left < LIMIT_CBOR_ITEMS ? left : LIMIT_CBOR_ITEMS;
            if (put_n % LIMIT_CBOR_ITEMS == 0) cbor_put_list(&c->out, list_n);
            cbor_put_uint(&c->out, redact->target[k]);
        }
    }
}

void hold_put_kept(struct call *call, struct slot *slot, uint64_t came_n)
{
    struct slot_circle *circle = slot->circle;
    struct copy *copy = &circle->copy;
    bool has_pin = slot->account != NULL && copy_n(copy) > 0;
    bool has_keys = slot->account != NULL && copy->has_new_key;
    bool has_erased = circle->told_redact < copy->redact.item_n;
    size_t at = call->out.len;
    cbor_put_map(&call->out, 4 + (size_t)has_pin + (size_t)has_keys + (size_t)has_erased);
    call_put_number(call, 1, came_n);
    call_put_number(call, 2, copy_n(copy));
    call_put_bytes(call, 3, copy->chain.circle.head_hash, HASH_BYTES);
    if (has_pin) put_pin(call, slot);
    bool lacks_keys = has_keys && !put_keys(call, slot);
    if (lacks_keys && !call->out.is_full) call->out.at[at]--; /* one field less, in the map's one byte */
    if (has_erased) put_erased(call, circle);
    call_put_number(call, 7, chain_is_settled(&copy->chain));
}
