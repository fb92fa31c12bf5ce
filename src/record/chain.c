/* chain.c -- see chain.h. */
#include "record/chain.h"

void chain_init(struct chain *chain, struct arena *a)
{
    memset(&chain->circle, 0, sizeof chain->circle);
    index_init(&chain->index, a);
}

static enum err add(struct chain *chain, struct str wire, bool is_known, struct entry *entry, struct why *why)
{
    struct entry read;
    enum err e = entry_read(wire, &read, why);
    if (e != ERR_OK) return e;
    struct circle_past past = index_past(&chain->index);
    struct circle_terms terms = {
        .is_signed = is_known || entry_is_signed(&read),
        .payload_fits = entry_payload_fits(&read),
        .may_lack_payload = true,
    };
    e = circle_judge(&chain->circle, &read, &past, &terms, why);
    if (e != ERR_OK) return e;
    e = index_add(&chain->index, &read);
    if (e != ERR_OK) {
        *why = (struct why){.code = e};
        return e;
    }
    circle_advance(&chain->circle, &read);
    if (entry != NULL) *entry = read;
    return ERR_OK;
}

enum err chain_add(struct chain *chain, struct str wire, struct entry *entry, struct why *why)
{
    return add(chain, wire, false, entry, why);
}

enum err chain_add_known(struct chain *chain, struct str wire, struct entry *entry, struct why *why)
{
    return add(chain, wire, true, entry, why);
}

enum err chain_add_all(struct chain *chain, struct str sequence, size_t *added_n, struct why *why)
{
    enum err e = ERR_OK;
    size_t n = 0;
    while (e == ERR_OK && sequence.len > 0) {
        struct str wire;
        e = cbor_first(sequence, &wire, &sequence);
        if (e == ERR_OK) e = chain_add(chain, wire, NULL, why);
        else *why = (struct why){.code = e, .field = "entry"};
        if (e == ERR_OK) n++;
    }
    if (e != ERR_OK) why->at = n;
    *added_n = n;
    return e;
}

bool chain_is_settled(const struct chain *chain)
{
    return chain->index.lacking_n == 0 && circle_may_rest(&chain->circle);
}

enum err chain_keeps_pin(const struct chain *chain, const struct chain_pin *pin)
{
    if (pin->seq >= chain->index.row_n) return ERR_ROLLED_BACK;
    const struct index_row *row = index_row(&chain->index, pin->seq);
    return memcmp(row->hash, pin->hash, HASH_BYTES) == 0 ? ERR_OK : ERR_FORKED;
}
