/* held.c -- see held.h. */
#include "client/held.h"

#include <stdlib.h>

#include "base/cbor.h"

enum { SCRATCH_TURNS = 16 };
#define CEILING_BYTES ((size_t)1 << 33)

/* ---- arrays that grow ------------------------------------------------------------------------ */

/* A zeroed array with room for n, the old one's content in it, and the old one wiped; NULL: no memory. */
static void *grown(void *array, size_t *cap, size_t n, size_t row_bytes)
{
    if (n <= *cap) return array;
    size_t more = *cap == 0 ? 64 : 2 * *cap;
    while (more < n) more *= 2;
    uint8_t *wider = calloc(more, row_bytes);
    if (wider == NULL) return NULL;
    if (*cap > 0) {
        memcpy(wider, array, *cap * row_bytes);
        wipe(array, *cap * row_bytes);
        free(array);
    }
    *cap = more;
    return wider;
}

static enum err room_for_row(struct held *h, uint64_t seq)
{
    struct held_row *row = grown(h->row, &h->row_cap, (size_t)seq + 1, sizeof *row);
    if (row == NULL) return ERR_NO_MEMORY;
    h->row = row;
    return ERR_OK;
}

static enum err room_for_epoch(struct held *h, uint64_t epoch)
{
    struct held_key *key = grown(h->key, &h->key_cap, (size_t)epoch + 1, sizeof *key);
    if (key == NULL) return ERR_NO_MEMORY;
    h->key = key;
    if (h->key_n < epoch + 1) h->key_n = (size_t)epoch + 1;
    return ERR_OK;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void hold_key(struct held *h, uint64_t epoch, const uint8_t *key)
{
    struct held_key *k = &h->key[epoch];
    memcpy(k->key, key, KEY_BYTES);
    epoch_content_key(k->content_key, key);
    k->is_held = true;
}

/* What in an entry behind which the chain now stands is sealed to me; NULL if nothing. */
static const uint8_t *seal_for_me(const struct held *h, const struct entry *e)
{
    bool is_mine = memcmp(e->author, h->me->sign_pk, SIGN_PK_BYTES) == 0;
    int i = circle_member_index(&h->chain.circle, h->me->sign_pk);
    if (e->kind == ENTRY_GENESIS && is_mine) return e->body.genesis.seal;
    if (e->kind == ENTRY_JOIN && is_mine) return e->body.join.seal;
    if (e->kind == ENTRY_ROTATE && i >= 0) return e->body.rotate.seal[i];
    return NULL;
}

/* Takes the key out of an entry that came; one that does not open shuts me out, which is seen by its absence. */
static enum err learn_seal(struct held *h, const struct entry *e)
{
    uint8_t key[KEY_BYTES];
    const uint8_t *seal = seal_for_me(h, e);
    if (seal == NULL || h->key[e->epoch].is_held) return ERR_OK;
    if (epoch_open(seal, h->me->box_pk, h->me->box_sk, h->key[e->epoch].kid, key) != ERR_OK) return ERR_OK;
    hold_key(h, e->epoch, key);
    if (e->kind == ENTRY_JOIN) h->must_refold = true; /* what was said for me since the invitation opens now */
    enum err err = home_epoch_put(h->home, h->number, e->epoch, key);
    wipe(key, sizeof key);
    return err;
}

/* The keys that somebody hands me: only of epochs in which I was in, and only where they fit. */
static enum err learn_keys(struct held *h, struct str text)
{
    struct epoch_key given[EPOCH_KEYS];
    size_t n;
    enum err e = ERR_OK;
    int me = circle_member_index(&h->chain.circle, h->me->sign_pk);
    if (me < 0 || epoch_keys_read(text, given, &n) != ERR_OK) return ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < n; i++) {
        bool is_known = given[i].epoch < h->key_n && given[i].epoch >= h->chain.circle.member[me].from_epoch;
        if (!is_known || h->key[given[i].epoch].is_held) continue;
        if (!epoch_key_fits(given[i].key, h->key[given[i].epoch].kid)) continue;
        hold_key(h, given[i].epoch, given[i].key);
        h->must_refold = true;
        e = home_epoch_put(h->home, h->number, given[i].epoch, given[i].key);
    }
    wipe(given, sizeof given);
    return e;
}

const struct held_key *held_key_of(const struct held *held, uint64_t epoch)
{
    return epoch < held->key_n && held->key[epoch].is_held ? &held->key[epoch] : NULL;
}

bool held_is_in(const struct held *held)
{
    return circle_member_index(&held->chain.circle, held->me->sign_pk) >= 0;
}

bool held_is_locked_out(const struct held *held)
{
    return held_is_in(held) && held_key_of(held, held->chain.circle.epoch) == NULL;
}

/* ---- what an entry says ---------------------------------------------------------------------- */

/* Keeps a copy of a text for as long as the circle is open. */
static enum err keep_text(struct arena *a, struct str text, struct str *kept)
{
    *kept = arena_copy(a, text);
    return kept->at == NULL && text.len > 0 ? ERR_NO_MEMORY : ERR_OK;
}

static enum err open_text(struct held *h, const struct entry *e, struct held_row *row)
{
    struct str text;
    const struct held_key *key = held_key_of(h, e->epoch);
    row->text = (struct str){0};
    row->how = e->kind != ENTRY_SEALED ? OPENED_CONTROL : e->payload.len == 0 ? OPENED_ERASED : OPENED_NO_KEY;
    if (row->how != OPENED_NO_KEY || key == NULL) return ERR_OK;
    struct arena scratch;
    arena_init(&scratch, LIMIT_PAYLOAD_BYTES + 2 * ARENA_BLOCK_BYTES);
    scratch.holds_secrets = true;
    struct payload_place place = {e->circle, e->author, e->id, e->epoch};
    enum err err = payload_open(&scratch, &place, key->content_key, e->payload, &text);
    row->how = err == ERR_OK ? OPENED_TEXT : OPENED_UNREADABLE;
    if (err == ERR_OK) err = keep_text(&h->texts, text, &row->text);
    arena_fini(&scratch);
    return err == ERR_UNREADABLE ? ERR_OK : err;
}

/* Whether a text is of that type. Types below 24 are one byte behind the map's head and the key 1. */
static bool is_of_type(const struct held_row *row, enum payload_type type)
{
    uint64_t said;
    if (row->how != OPENED_TEXT || row->text.len < 3 || row->text.at[2] != type) return false;
    return payload_type(row->text, &said) == ERR_OK && said == (uint64_t)type;
}

/* ---- erasures -------------------------------------------------------------------------------- */

static enum err note_redact(struct held *h, const struct entry *e)
{
    struct held_redact *redact = grown(h->redact, &h->redact_cap, h->redact_n + 1, sizeof *redact);
    if (redact == NULL) return ERR_NO_MEMORY;
    h->redact = redact;
    redact = &h->redact[h->redact_n++];
    h->must_refold = true; /* what is erased is fed as what stays of it, which stands behind it */
    redact->seq = e->seq;
    redact->target_n = e->body.redact.seq_n;
    memcpy(redact->target, e->body.redact.seq, redact->target_n * sizeof redact->target[0]);
    return ERR_OK;
}

/* The residues that stand directly before a redact, the last of them last. */
struct residues {
    struct redact_before before[LIMIT_CBOR_ITEMS + 1];
    struct redact_residue residue[LIMIT_CBOR_ITEMS + 1];
    size_t n;
};

static void residues_before(const struct held *h, const struct held_redact *redact, struct residues *r)
{
    const uint8_t *author = index_row(&h->chain.index, redact->seq)->author;
    uint64_t first = redact->seq;
    while (first > 0 && redact->seq - first < LIMIT_CBOR_ITEMS) {
        const struct index_row *before = index_row(&h->chain.index, first - 1);
        if (memcmp(before->author, author, SIGN_PK_BYTES) != 0 || before->is_erased) break;
        if (!is_of_type(&h->row[first - 1], PAYLOAD_RESIDUE)) break;
        first--;
    }
    r->n = 0;
    for (uint64_t seq = first; seq < redact->seq; seq++) {
        bool is_read = redact_residue_read(h->row[seq].text, &r->residue[r->n]) == ERR_OK;
        r->before[r->n] = (struct redact_before){index_row(&h->chain.index, seq)->author,
                                                 is_read ? &r->residue[r->n] : NULL};
        r->n++;
    }
}

/* Forgets the words of what was erased, and puts what stays of it in their place. */
static void apply_erasures(struct held *h)
{
    struct residues r;
    for (size_t i = 0; i < h->redact_n; i++) {
        const struct held_redact *redact = &h->redact[i];
        residues_before(h, redact, &r);
        for (size_t k = 0; k < redact->target_n; k++) {
            struct held_row *row = &h->row[redact->target[k]];
            const struct index_row *at = index_row(&h->chain.index, redact->target[k]);
            const struct redact_residue *left = redact_residue_for(r.before, r.n, at->author, at->hash);
            if (row->how == OPENED_TEXT) wipe((uint8_t *)(uintptr_t)row->text.at, row->text.len);
            row->how = left != NULL ? OPENED_RESIDUE : OPENED_ERASED;
            row->text = left != NULL ? left->outcome : (struct str){0};
        }
    }
}

/* ---- the fold -------------------------------------------------------------------------------- */

static enum err feed(struct held *h, const struct entry *e)
{
    const struct held_row *row = &h->row[e->seq];
    enum err err = state_add(&h->state, &(struct opened){e, row->how, row->text});
    if (err == ERR_OK) h->folded_n++;
    return err;
}

/* What the key for has come since: reads the entry once more, and opens it. */
static enum err open_late(void *ctx, const struct home_entry *entry)
{
    struct held *h = ctx;
    struct entry e;
    struct why why;
    if (entry_read(entry->wire, &e, &why) != ERR_OK || e.seq != entry->seq) return ERR_STORE_DAMAGED;
    return open_text(h, &e, &h->row[e.seq]);
}

/* An entry as the fold needs it, from what stays in memory. redact is the next redact that was not fed. */
static void remember_entry(const struct held *h, uint64_t seq, size_t *redact, struct entry *e)
{
    const struct index_row *at = index_row(&h->chain.index, seq);
    e->circle = h->id;
    e->author = at->author;
    e->id = at->id;
    memcpy(e->hash, at->hash, HASH_BYTES);
    e->kind = at->kind;
    e->seq = seq;
    e->epoch = h->row[seq].epoch;
    e->time_ms = h->row[seq].time_ms;
    if (at->kind == ENTRY_GENESIS) e->body.genesis.is_sole = h->chain.circle.is_sole;
    if (at->kind != ENTRY_REDACT) return;
    const struct held_redact *r = &h->redact[(*redact)++];
    EXPECT(r->seq == seq);
    e->body.redact.seq_n = r->target_n;
    memcpy(e->body.redact.seq, r->target, r->target_n * sizeof r->target[0]);
}

static enum err feed_all(struct held *h)
{
    struct entry e = {0};
    size_t redact = 0;
    enum err err = ERR_OK;
    for (uint64_t seq = 0; err == ERR_OK && seq < held_n(h); seq++) {
        bool is_late = h->row[seq].how == OPENED_NO_KEY && held_key_of(h, h->row[seq].epoch) != NULL;
        if (is_late) err = home_entry_get(h->home, h->number, seq, open_late, h);
        remember_entry(h, seq, &redact, &e);
        if (err == ERR_OK) err = feed(h, &e);
    }
    return err;
}

static enum err refold(struct held *h)
{
    apply_erasures(h);
    arena_fini(&h->fold);
    state_init(&h->state, &h->fold);
    h->folded_n = 0;
    h->provisional_n = 0;
    h->must_refold = false;
    return feed_all(h);
}

enum err held_fold(struct held *held)
{
    bool is_behind = held->folded_n < held_n(held);
    bool must = held->must_refold || is_behind || state_is_stale(&held->state);
    return must ? refold(held) : ERR_OK;
}

enum err held_settle(struct held *held)
{
    return held->provisional_n > 0 ? refold(held) : held_fold(held);
}

enum err held_say(struct held *held, const struct entry *entry, struct str text)
{
    struct entry e = *entry;
    e.seq = state_row_n(&held->state);
    enum err err = room_for_row(held, e.seq);
    if (err != ERR_OK) return err;
    struct held_row *row = &held->row[e.seq];
    *row = (struct held_row){.how = e.kind == ENTRY_SEALED ? OPENED_TEXT : OPENED_CONTROL};
    if (e.kind == ENTRY_SEALED) err = keep_text(&held->fold, text, &row->text);
    if (err == ERR_OK) err = state_add(&held->state, &(struct opened){&e, row->how, row->text});
    if (err == ERR_OK) held->provisional_n++;
    return err;
}

void held_confirm(struct held *held, uint64_t n)
{
    EXPECT(n <= held->provisional_n && held->folded_n + n <= held_n(held));
    held->folded_n += n;
    held->provisional_n -= n;
}

/* ---- one more confirmed entry ---------------------------------------------------------------- */

/* Everything that follows in memory from an entry that the chain has taken. is_loading: the home knows. */
static enum err follow(struct held *h, const struct entry *e, uint64_t first_seen_ms, bool is_loading)
{
    struct held_row row = {.first_seen_ms = first_seen_ms, .time_ms = e->time_ms, .epoch = (uint32_t)e->epoch};
    bool has_kid = e->kind == ENTRY_GENESIS || e->kind == ENTRY_ROTATE;
    enum err err = room_for_row(h, e->seq);
    if (err == ERR_OK) err = room_for_epoch(h, e->epoch);
    if (err == ERR_OK && has_kid) memcpy(h->key[e->epoch].kid, h->chain.circle.kid, HASH_BYTES);
    if (err == ERR_OK && !is_loading) err = learn_seal(h, e);
    if (err == ERR_OK) err = open_text(h, e, &row);
    if (err == ERR_OK && e->kind == ENTRY_REDACT) err = note_redact(h, e);
    if (err != ERR_OK) return err;
    if (e->kind == ENTRY_ROTATE && e->body.rotate.reason == ROTATE_LOCKED) {
        h->locked_seq = e->seq;
        h->locked_epoch = e->epoch;
    }
    if (is_of_type(&row, PAYLOAD_KEYS)) {
        h->keys_seq = e->seq;
        if (!is_loading) err = learn_keys(h, row.text);
    }
    bool is_next = h->provisional_n == 0 && h->folded_n == e->seq && !h->must_refold && !state_is_stale(&h->state);
    /* a row that was fed as it waited here is in the state's hands until the next fold */
    struct held_row *at = &h->row[e->seq];
    *at = row;
    if (err == ERR_OK && is_next) err = feed(h, e);
    return err;
}

/* ---- loading --------------------------------------------------------------------------------- */

static enum err load_key(void *ctx, uint64_t epoch, const uint8_t key[static KEY_BYTES])
{
    struct held *h = ctx;
    if (epoch >= LIMIT_SEQ) return ERR_STORE_DAMAGED;
    enum err e = room_for_epoch(h, epoch);
    if (e == ERR_OK) hold_key(h, epoch, key);
    return e;
}

static enum err load_entry(void *ctx, const struct home_entry *entry)
{
    struct held *h = ctx;
    struct entry e;
    struct why why;
    enum err err = chain_add_known(&h->chain, entry->wire, &e, &why);
    if (err == ERR_NO_MEMORY) return err;
    if (err != ERR_OK || h->chain.index.row_n != e.seq + 1) return ERR_STORE_DAMAGED;
    return follow(h, &e, entry->first_seen_ms, true);
}

/* Whether what was read is the record that was verified: its id, and the hash that the pin names. */
static enum err check_pin(const struct held *h)
{
    struct home_pin pin;
    enum err e = home_pin(h->home, h->number, &pin);
    if (e != ERR_OK) return e;
    if (!pin.is_set) return held_n(h) == 0 ? ERR_OK : ERR_STORE_DAMAGED;
    bool is_whole = held_n(h) == pin.seq + 1 && memcmp(h->chain.circle.head_hash, pin.hash, HASH_BYTES) == 0;
    return is_whole && memcmp(h->chain.circle.id, h->id, HASH_BYTES) == 0 ? ERR_OK : ERR_STORE_DAMAGED;
}

/* A key that the home holds for an epoch has to be the one that the record names. */
static enum err check_keys(const struct held *h)
{
    for (size_t i = 0; i < h->key_n; i++) {
        if (h->key[i].is_held && !epoch_key_fits(h->key[i].key, h->key[i].kid)) return ERR_STORE_DAMAGED;
    }
    return ERR_OK;
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
    arena_init(&h->record, CEILING_BYTES);
    arena_init(&h->texts, CEILING_BYTES);
    arena_init(&h->fold, CEILING_BYTES);
    h->texts.holds_secrets = h->fold.holds_secrets = true;
    chain_init(&h->chain, &h->record);
    state_init(&h->state, &h->fold);
    e = home_epochs_each(home, number, load_key, h);
    if (e == ERR_OK) e = home_entries_each(home, number, 0, load_entry, h);
    if (e == ERR_OK) e = check_pin(h);
    if (e == ERR_OK) e = check_keys(h);
    if (e == ERR_OK) e = held_fold(h);
    if (e != ERR_OK) held_close(h);
    else *held = h;
    return e;
}

void held_close(struct held *held)
{
    if (held == NULL) return;
    arena_fini(&held->record);
    arena_fini(&held->texts);
    arena_fini(&held->fold);
    if (held->key != NULL) wipe(held->key, held->key_cap * sizeof *held->key);
    free(held->key);
    free(held->row);
    free(held->redact);
    wipe(held, sizeof *held);
    free(held);
}

/* ---- what a server sends --------------------------------------------------------------------- */

/* Up to a page of verified entries, on their way into the home. */
struct page {
    struct home_entry entry[LIMIT_PAGE_ENTRIES];
    size_t n;
};

/* A circle is named by its first entry: no other begins it, however good its signatures are. */
static enum err check_first(const struct held *h, struct str wire, struct why *why)
{
    struct entry entry;
    if (held_n(h) > 0) return ERR_OK;
    enum err e = entry_read(wire, &entry, why);
    if (e != ERR_OK || memcmp(entry.hash, h->id, HASH_BYTES) == 0) return e;
    *why = (struct why){.code = ERR_WRONG_CIRCLE, .field = "circle"};
    return ERR_WRONG_CIRCLE;
}

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
        else *record_err = check_first(h, wire, why);
        if (*record_err != ERR_OK) {
            *bad = wire;
            return ERR_OK;
        }
        if (is_ours) *record_err = chain_add_known(&h->chain, wire, &entry, why);
        else *record_err = chain_add(&h->chain, wire, &entry, why);
        if (*record_err == ERR_NO_MEMORY) return ERR_NO_MEMORY;
        *bad = wire;
        if (*record_err != ERR_OK) return ERR_OK;
        page->entry[page->n++] = (struct home_entry){entry.seq, now_ms, wire};
        e = follow(h, &entry, now_ms, false);
        if (e == ERR_OK && with != NULL) e = with->each(with->of, &entry);
        *sequence = rest;
    }
    return e;
}

/* The payloads that were erased by redacts in the page go from the home. */
static enum err drop_erased(struct held *h, size_t first_redact)
{
    enum err e = ERR_OK;
    for (size_t i = first_redact; e == ERR_OK && i < h->redact_n; i++) {
        for (size_t k = 0; e == ERR_OK && k < h->redact[i].target_n; k++) {
            uint64_t seq = h->redact[i].target[k];
            if (index_row(&h->chain.index, seq)->has_payload) {
                e = home_entry_set_payload(h->home, h->number, seq, (struct str){0});
            }
        }
    }
    return e;
}

static enum err take_page(struct held *h, struct str *sequence, bool is_ours, uint64_t now_ms,
                          const struct held_with *with, size_t *taken_n, struct str *bad, enum err *record_err,
                          struct why *why)
{
    struct page *page = malloc(sizeof *page);
    if (page == NULL) return ERR_NO_MEMORY;
    page->n = 0;
    size_t first_redact = h->redact_n;
    enum err e = home_begin(h->home);
    if (e == ERR_OK) e = verify(h, page, sequence, is_ours, now_ms, with, bad, record_err, why);
    if (e == ERR_OK && page->n > 0) {
        struct home_pin pin = {.is_set = true, .seq = h->chain.circle.head_seq};
        memcpy(pin.hash, h->chain.circle.head_hash, HASH_BYTES);
        e = home_entries_add(h->home, h->number, page->entry, page->n, &pin);
        if (e == ERR_OK) e = drop_erased(h, first_redact);
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

const uint8_t *held_hash(const struct held *held, uint64_t seq)
{
    return seq < held_n(held) ? index_row(&held->chain.index, seq)->hash : NULL;
}

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
