/* held.c -- see held.h. */
#include "client/held.h"

#include <stdlib.h>

#include "base/cbor.h"

#define CEILING_BYTES ((size_t)1 << 33)

/* ---- loading --------------------------------------------------------------------------------- */

static enum err load_key(void *ctx, uint64_t epoch, const uint8_t key[static KEY_BYTES])
{
    struct held *h = ctx;
    return epoch < LIMIT_SEQ ? copy_give_key(&h->copy, epoch, key) : ERR_STORE_DAMAGED;
}

static enum err load_entry(void *ctx, const struct home_entry *entry)
{
    struct held *h = ctx;
    struct entry e;
    struct why why;
    enum err err = copy_add(&h->copy, entry->wire, COPY_KNOWN, entry->first_seen_ms, &e, &why);
    if (err == ERR_NO_MEMORY) return err;
    return err == ERR_OK && e.seq == entry->seq ? ERR_OK : ERR_STORE_DAMAGED;
}

/* Whether what was read is the record that was verified: its id, the hash that the pin names, and its keys. */
static enum err check_pin(const struct held *h)
{
    struct home_pin pin;
    enum err e = home_pin(h->home, h->number, &pin);
    if (e != ERR_OK) return e;
    if (!pin.is_set) return held_n(h) == 0 ? ERR_OK : ERR_STORE_DAMAGED;
    const struct circle *at = &h->copy.chain.circle;
    bool is_whole = held_n(h) == pin.seq + 1 && memcmp(at->head_hash, pin.hash, HASH_BYTES) == 0;
    return is_whole && !h->copy.has_foreign_key ? ERR_OK : ERR_STORE_DAMAGED;
}

enum err held_open(struct home *home, uint64_t account, uint64_t number, const struct secret_identity *me,
                   struct held **held)
{
    struct home_circle circle;
    enum err e = home_circle_get(home, number, &circle);
    if (e != ERR_OK) return e;
    struct held *h = calloc(1, sizeof *h);
    if (h == NULL) return ERR_NO_MEMORY;
    *h = (struct held){.home = home, .account = account, .number = number, .me = me};
    memcpy(h->id, circle.id, HASH_BYTES);
    copy_init(&h->copy, circle.id, me, CEILING_BYTES);
    e = home_epochs_each(home, number, load_key, h);
    if (e == ERR_OK) e = home_entries_each(home, number, 0, load_entry, h);
    if (e == ERR_OK) e = check_pin(h);
    if (e == ERR_OK) e = held_fold(h);
    if (e != ERR_OK) held_close(h);
    else *held = h;
    return e;
}

void held_close(struct held *held)
{
    if (held == NULL) return;
    copy_fini(&held->copy);
    wipe(held, sizeof *held);
    free(held);
}

/* ---- what a server sends --------------------------------------------------------------------- */

/* Up to a page of verified entries, on their way into the home. */
struct page {
    struct home_entry entry[LIMIT_PAGE_ENTRIES];
    size_t n;
};

/* Verifies entries into the page, until it is full, the sequence ends or one is bad (*record_err). */
static enum err verify(struct held *h, struct page *page, struct str *sequence, bool is_ours, uint64_t now_ms,
                       const struct held_with *with, struct str *bad, enum err *record_err, struct why *why)
{
    enum err e = ERR_OK;
    while (e == ERR_OK && sequence->len > 0 && page->n < LIMIT_PAGE_ENTRIES) {
        struct entry entry;
        struct str wire = *sequence, rest = {0};
        *record_err = cbor_first(*sequence, &wire, &rest);
        if (*record_err != ERR_OK) *why = (struct why){.code = *record_err, .field = "entry"};
        else *record_err = copy_add(&h->copy, wire, is_ours ? COPY_KNOWN : COPY_VERIFY, now_ms, &entry, why);
        if (*record_err == ERR_NO_MEMORY) return ERR_NO_MEMORY;
        *bad = wire;
        if (*record_err != ERR_OK) return ERR_OK;
        page->entry[page->n++] = (struct home_entry){entry.seq, now_ms, wire};
        if (with != NULL) e = with->each(with->of, &entry);
        *sequence = rest;
    }
    return e;
}

/* The payloads that were erased by redacts in the page go from the home. */
static enum err drop_erased(struct held *h, size_t first_redact)
{
    enum err e = ERR_OK;
    for (size_t i = first_redact; e == ERR_OK && i < h->copy.redact.item_n; i++) {
        const struct copy_redact *redact = pages_at(&h->copy.redact, i);
        for (size_t k = 0; e == ERR_OK && k < redact->target_n; k++) {
            if (!index_row(&h->copy.chain.index, redact->target[k])->has_payload) continue;
            e = home_entry_set_payload(h->home, h->number, redact->target[k], (struct str){0});
        }
    }
    return e;
}

/* The keys that came with the page. */
static enum err keep_keys(struct held *h)
{
    enum err e = ERR_OK;
    uint8_t key[KEY_BYTES];
    for (uint64_t epoch = 0; e == ERR_OK && h->copy.has_new_key && copy_next_new_key(&h->copy, &epoch, key); epoch++) {
        e = home_epoch_put(h->home, h->number, epoch, key);
    }
    wipe(key, sizeof key);
    return e;
}

static enum err keep_page(struct held *h, const struct page *page, size_t first_redact)
{
    struct chain_pin at = copy_pin(&h->copy);
    struct home_pin pin = {.is_set = true, .seq = at.seq};
    memcpy(pin.hash, at.hash, HASH_BYTES);
    enum err e = keep_keys(h);
    if (e == ERR_OK) e = home_entries_add(h->home, h->number, page->entry, page->n, &pin);
    return e == ERR_OK ? drop_erased(h, first_redact) : e;
}

static enum err take_page(struct held *h, struct str *sequence, bool is_ours, uint64_t now_ms,
                          const struct held_with *with, size_t *taken_n, struct str *bad, enum err *record_err,
                          struct why *why)
{
    struct page *page = malloc(sizeof *page);
    if (page == NULL) return ERR_NO_MEMORY;
    page->n = 0;
    size_t first_redact = h->copy.redact.item_n;
    enum err e = home_begin(h->home);
    if (e == ERR_OK) e = verify(h, page, sequence, is_ours, now_ms, with, bad, record_err, why);
    if (e == ERR_OK && page->n > 0) {
        e = keep_page(h, page, first_redact);
        if (e == ERR_OK) e = home_commit(h->home);
    }
    home_abandon(h->home);
    if (e == ERR_OK) *taken_n += page->n;
    free(page);
    return e;
}

enum err held_take(struct held *held, struct str sequence, bool is_ours, uint64_t now_ms, const struct held_with *with,
                   size_t *taken_n, struct str *bad, struct why *why)
{
    enum err e = ERR_OK, record_err = ERR_OK;
    size_t n = 0;
    while (e == ERR_OK && record_err == ERR_OK && sequence.len > 0) {
        e = take_page(held, &sequence, is_ours, now_ms, with, &n, bad, &record_err, why);
    }
    *taken_n = n;
    if (e == ERR_OK) return record_err;
    held->is_broken = true;
    *why = (struct why){.code = e};
    return e;
}

/* ---- wires ----------------------------------------------------------------------------------- */

struct wire_copy {
    uint8_t *wire;
    size_t wire_n;
};

static enum err copy_wire(void *ctx, const struct home_entry *entry)
{
    struct wire_copy *copy = ctx;
    copy->wire = malloc(entry->wire.len);
    if (copy->wire == NULL) return ERR_NO_MEMORY;
    memcpy(copy->wire, entry->wire.at, entry->wire.len);
    copy->wire_n = entry->wire.len;
    return ERR_OK;
}

enum err held_wire(const struct held *held, uint64_t seq, uint8_t **wire, size_t *wire_n)
{
    struct wire_copy copy = {0};
    enum err e = home_entry_get(held->home, held->number, seq, copy_wire, &copy);
    if (e != ERR_OK) return e;
    *wire = copy.wire;
    *wire_n = copy.wire_n;
    return ERR_OK;
}

enum err held_wires(const struct held *held, uint64_t first_seq, size_t n, struct out *out, size_t *got_n)
{
    size_t got = 0;
    for (enum err e; got < n && first_seq + got < held_n(held); got++) {
        struct wire_copy copy = {0};
        e = home_entry_get(held->home, held->number, first_seq + got, copy_wire, &copy);
        if (e != ERR_OK) return e;
        bool does_fit = copy.wire_n <= out->cap - out->len;
        if (does_fit) out_put(out, str_at(copy.wire, copy.wire_n));
        free(copy.wire);
        if (!does_fit) break;
    }
    *got_n = got;
    return ERR_OK;
}
