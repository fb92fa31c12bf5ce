/* copy.c -- see copy.h: entries, keys, texts. copy_fold.c has the fold. */
#include "device/copy.h"

/* ---- open and close ------------------------------------------------------------------------------------ */

void copy_init(struct copy *copy, const uint8_t *id, const struct secret_identity *me, size_t ceiling_bytes)
{
    *copy = (struct copy){.me = me};
    if (id != NULL) memcpy(copy->id, id, HASH_BYTES);
    arena_init(&copy->record, ceiling_bytes);
    arena_init(&copy->texts, ceiling_bytes);
    arena_init(&copy->closed, ceiling_bytes);
    arena_init(&copy->fold, ceiling_bytes);
    arena_init(&copy->secrets, ceiling_bytes);
    copy->texts.holds_secrets = copy->fold.holds_secrets = copy->secrets.holds_secrets = true;
    chain_init(&copy->chain, &copy->record);
    pages_init(&copy->row, &copy->record, sizeof(struct copy_row));
    pages_init(&copy->redact, &copy->record, sizeof(struct copy_redact));
    pages_init(&copy->invite, &copy->record, sizeof(struct copy_invite));
    pages_init(&copy->key, &copy->secrets, sizeof(struct copy_key));
    pages_init(&copy->given, &copy->secrets, sizeof(struct epoch_key));
    pages_init(&copy->said, &copy->fold, sizeof(struct str));
    state_init(&copy->state, &copy->fold);
}

void copy_fini(struct copy *copy)
{
    arena_fini(&copy->record);
    arena_fini(&copy->texts);
    arena_fini(&copy->closed);
    arena_fini(&copy->fold);
    arena_fini(&copy->secrets);
    wipe(copy, sizeof *copy);
}

const struct copy_row *copy_row(const struct copy *copy, uint64_t seq)
{
    return pages_at(&copy->row, (size_t)seq);
}

static struct copy_row *row_at(struct copy *c, uint64_t seq)
{
    return pages_at(&c->row, (size_t)seq);
}

struct chain_pin copy_pin(const struct copy *copy)
{
    EXPECT(copy_n(copy) > 0);
    struct chain_pin pin = {.seq = copy->chain.circle.head_seq};
    memcpy(pin.hash, copy->chain.circle.head_hash, HASH_BYTES);
    return pin;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

static struct copy_key *key_at(const struct copy *c, uint64_t epoch)
{
    return pages_at(&c->key, (size_t)epoch);
}

const struct copy_key *copy_key_of(const struct copy *copy, uint64_t epoch)
{
    if (epoch >= copy->key.item_n) return NULL;
    const struct copy_key *key = key_at(copy, epoch);
    return key->is_held ? key : NULL;
}

bool copy_is_in(const struct copy *copy)
{
    return circle_member_index(&copy->chain.circle, copy->me->sign_pk) >= 0;
}

bool copy_is_locked_out(const struct copy *copy)
{
    return copy_is_in(copy) && copy_key_of(copy, copy->chain.circle.epoch) == NULL;
}

static void hold_key(struct copy *c, uint64_t epoch, const uint8_t *key, bool is_new)
{
    struct copy_key *k = key_at(c, epoch);
    memcpy(k->key, key, KEY_BYTES);
    epoch_content_key(k->content_key, key);
    k->is_held = true;
    k->is_new = is_new;
    c->has_new_key |= is_new;
}

enum err copy_give_key(struct copy *copy, uint64_t epoch, const uint8_t key[static KEY_BYTES])
{
    EXPECT(copy_n(copy) == 0);
    struct epoch_key *given = pages_reserve(&copy->given);
    if (given == NULL) return ERR_NO_MEMORY;
    given->epoch = epoch;
    memcpy(given->key, key, KEY_BYTES);
    copy->given.item_n++;
    return ERR_OK;
}

/* An epoch has begun: its kid, and its key if this device kept it. */
static enum err begin_epoch(struct copy *c, uint64_t epoch)
{
    struct copy_key *key = pages_reserve(&c->key);
    if (key == NULL) return ERR_NO_MEMORY;
    EXPECT(epoch == c->key.item_n);
    memcpy(key->kid, c->chain.circle.kid, HASH_BYTES);
    c->key.item_n++;
    for (; c->_given_at < c->given.item_n; c->_given_at++) {
        const struct epoch_key *given = pages_at(&c->given, c->_given_at);
        if (given->epoch > epoch) break;
        bool fits = given->epoch == epoch && epoch_key_fits(given->key, key->kid);
        if (fits) hold_key(c, epoch, given->key, false);
        else c->has_foreign_key = true;
    }
    return ERR_OK;
}

/* What in an entry behind which the chain now stands is sealed to me; NULL if nothing. */
static const uint8_t *seal_for_me(const struct copy *c, const struct entry *e)
{
    bool is_mine = memcmp(e->author, c->me->sign_pk, SIGN_PK_BYTES) == 0;
    int i = circle_member_index(&c->chain.circle, c->me->sign_pk);
    if (e->kind == ENTRY_GENESIS && is_mine) return e->body.genesis.seal;
    if (e->kind == ENTRY_JOIN && is_mine) return e->body.join.seal;
    if (e->kind == ENTRY_ROTATE && i >= 0) return e->body.rotate.seal[i];
    return NULL;
}

/* Takes the key out of an entry that came; one that does not open shuts me out, which is seen by its absence. */
static void learn_seal(struct copy *c, const struct entry *e)
{
    uint8_t key[KEY_BYTES];
    const uint8_t *seal = seal_for_me(c, e);
    if (seal == NULL || copy_key_of(c, e->epoch) != NULL) return;
    if (epoch_open(seal, c->me->box_pk, c->me->box_sk, key_at(c, e->epoch)->kid, key) != ERR_OK) return;
    hold_key(c, e->epoch, key, true);
    if (e->kind == ENTRY_JOIN) c->_must_open = true; /* what was said for me since the invitation opens now */
    wipe(key, sizeof key);
}

/* The keys that somebody hands me: only of epochs in which I was in, and only where they fit. */
static void learn_keys(struct copy *c, struct str text)
{
    struct epoch_key given[EPOCH_KEYS];
    size_t n;
    int me = circle_member_index(&c->chain.circle, c->me->sign_pk);
    if (me < 0 || epoch_keys_read(text, given, &n) != ERR_OK) return;
    for (size_t i = 0; i < n; i++) {
        bool is_known = given[i].epoch < c->key.item_n && given[i].epoch >= c->chain.circle.member[me].from_epoch;
        if (!is_known || copy_key_of(c, given[i].epoch) != NULL) continue;
        if (!epoch_key_fits(given[i].key, key_at(c, given[i].epoch)->kid)) continue;
        hold_key(c, given[i].epoch, given[i].key, true);
        c->_must_open = true;
    }
    wipe(given, sizeof given);
}

bool copy_next_new_key(struct copy *copy, uint64_t *epoch, uint8_t key[static KEY_BYTES])
{
    for (uint64_t at = *epoch; at < copy->key.item_n; at++) {
        struct copy_key *k = key_at(copy, at);
        if (!k->is_new) continue;
        k->is_new = false;
        memcpy(key, k->key, KEY_BYTES);
        *epoch = at;
        return true;
    }
    copy->has_new_key = false;
    return false;
}

/* ---- what an entry says -------------------------------------------------------------------------------- */

static enum err keep_text(struct arena *a, struct str text, struct str *kept)
{
    *kept = arena_copy(a, text);
    return kept->at == NULL && text.len > 0 ? ERR_NO_MEMORY : ERR_OK;
}

/* Opens a payload at a place with a key that is held. */
static enum err open_payload(struct copy *c, const struct payload_place *place, struct str payload,
                             struct copy_row *row)
{
    struct str text;
    struct arena scratch;
    arena_init(&scratch, LIMIT_PAYLOAD_BYTES + 2 * ARENA_BLOCK_BYTES);
    scratch.holds_secrets = true;
    enum err err = payload_open(&scratch, place, copy_key_of(c, place->epoch)->content_key, payload, &text);
    if (err == ERR_OK || err == ERR_UNREADABLE) row->how = err == ERR_OK ? OPENED_TEXT : OPENED_UNREADABLE;
    if (err == ERR_OK) err = keep_text(&c->texts, text, &row->text);
    arena_fini(&scratch);
    return err == ERR_UNREADABLE ? ERR_OK : err;
}

static enum err open_text(struct copy *c, const struct entry *e, struct copy_row *row)
{
    row->how = e->kind != ENTRY_SEALED ? OPENED_CONTROL : e->payload.len == 0 ? OPENED_ERASED : OPENED_NO_KEY;
    if (row->how != OPENED_NO_KEY) return ERR_OK;
    struct payload_place place = {e->circle, e->author, e->id, e->epoch};
    if (copy_key_of(c, e->epoch) != NULL) return open_payload(c, &place, e->payload, row);
    return keep_text(&c->closed, e->payload, &row->closed);
}

/* A key to what was said in an earlier epoch while I am not in will never come: see learn_keys. */
static void drop_closed(struct copy *c)
{
    if (copy_is_in(c)) return;
    for (; c->closed_first < c->row.item_n; c->closed_first++) row_at(c, c->closed_first)->closed = (struct str){0};
    arena_fini(&c->closed);
}

/* Opens what a key came for. */
static enum err open_closed(struct copy *c)
{
    enum err e = ERR_OK;
    for (uint64_t seq = c->closed_first; e == ERR_OK && seq < c->row.item_n; seq++) {
        struct copy_row *row = row_at(c, seq);
        if (row->how != OPENED_NO_KEY || row->closed.len == 0 || copy_key_of(c, row->epoch) == NULL) continue;
        const struct index_row *at = index_row(&c->chain.index, seq);
        struct payload_place place = {c->chain.circle.id, at->author, at->id, row->epoch};
        e = open_payload(c, &place, row->closed, row);
        row->closed = (struct str){0};
    }
    return e;
}

enum err copy_open_with(struct copy *copy, uint64_t epoch, const uint8_t key[static KEY_BYTES])
{
    EXPECT(!copy->is_broken && epoch < copy->key.item_n && epoch_key_fits(key, key_at(copy, epoch)->kid));
    if (copy_key_of(copy, epoch) != NULL) return ERR_OK;
    hold_key(copy, epoch, key, true);
    copy->_must_refold = true;
    enum err e = open_closed(copy);
    copy->is_broken = e != ERR_OK;
    return e;
}

/* Whether a text is of that type. Types below 24 are one byte behind the map's head and the key 1. */
static bool is_of_type(const struct copy_row *row, enum payload_type type)
{
    uint64_t said;
    if (row->how != OPENED_TEXT || row->text.len < 3 || row->text.at[2] != type) return false;
    return payload_type(row->text, &said) == ERR_OK && said == (uint64_t)type;
}

/* ---- one more confirmed entry -------------------------------------------------------------------------- */

static enum err note_redact(struct copy *c, const struct entry *e)
{
    size_t n = e->body.redact.seq_n;
    struct copy_redact *redact = pages_reserve(&c->redact);
    uint64_t *target = arena_take(&c->record, n * sizeof *target);
    if (redact == NULL || target == NULL) return ERR_NO_MEMORY;
    memcpy(target, e->body.redact.seq, n * sizeof *target);
    *redact = (struct copy_redact){e->seq, target, n};
    c->redact.item_n++;
    c->_must_refold = true; /* what is erased is fed as what stays of it, which stands behind it */
    return ERR_OK;
}

static enum err note_invite(struct copy *c, const struct entry *e)
{
    struct copy_invite *invite = pages_reserve(&c->invite);
    if (invite == NULL) return ERR_NO_MEMORY;
    invite->seq = e->seq;
    enum err err = keep_text(&c->record, e->wire, &invite->wire);
    if (err == ERR_OK) c->invite.item_n++;
    return err;
}

const struct copy_invite *copy_find_invite(const struct copy *copy, const uint8_t invite_pk[static SIGN_PK_BYTES])
{
    for (size_t i = copy->invite.item_n; i > 0; i--) {
        struct entry e;
        struct why why;
        const struct copy_invite *invite = pages_at(&copy->invite, i - 1);
        EXPECT(entry_read(invite->wire, &e, &why) == ERR_OK);
        if (memcmp(e.body.invite.invite_pk, invite_pk, SIGN_PK_BYTES) == 0) return invite;
    }
    return NULL;
}

/* Everything that follows from an entry that the chain has taken, but for the fold. */
static enum err follow(struct copy *c, const struct entry *e, uint64_t first_seen_ms)
{
    struct copy_row *row = pages_reserve(&c->row);
    enum err err = row == NULL ? ERR_NO_MEMORY : ERR_OK;
    if (err != ERR_OK) return err;
    *row = (struct copy_row){.time_ms = e->time_ms, .first_seen_ms = first_seen_ms, .epoch = e->epoch};
    if (e->kind == ENTRY_ROTATE) drop_closed(c);
    if (e->kind == ENTRY_GENESIS || e->kind == ENTRY_ROTATE) err = begin_epoch(c, e->epoch);
    if (err == ERR_OK) learn_seal(c, e);
    if (err == ERR_OK) err = open_text(c, e, row);
    if (err == ERR_OK && e->kind == ENTRY_REDACT) err = note_redact(c, e);
    if (err == ERR_OK && e->kind == ENTRY_INVITE) err = note_invite(c, e);
    if (err != ERR_OK) return err;
    c->row.item_n++;
    if (e->kind == ENTRY_ROTATE && e->body.rotate.reason == ROTATE_LOCKED) {
        c->locked_seq = e->seq;
        c->locked_epoch = e->epoch;
    }
    if (is_of_type(row, PAYLOAD_KEYS)) {
        c->keys_seq = e->seq;
        learn_keys(c, row->text);
    }
    if (c->_must_open) {
        err = open_closed(c);
        c->_must_open = false;
        c->_must_refold = true;
    }
    return err;
}

/* A circle is named by its first entry: no other begins it, however good its signatures are. */
static enum err check_first(const struct copy *c, struct str wire, struct why *why)
{
    static const uint8_t unnamed[HASH_BYTES];
    struct entry entry;
    if (copy_n(c) > 0 || memcmp(c->id, unnamed, HASH_BYTES) == 0) return ERR_OK;
    enum err e = entry_read(wire, &entry, why);
    if (e != ERR_OK || memcmp(entry.hash, c->id, HASH_BYTES) == 0) return e;
    *why = (struct why){.code = ERR_WRONG_CIRCLE, .field = "circle"};
    return ERR_WRONG_CIRCLE;
}

static enum err feed(struct copy *c, const struct entry *e)
{
    const struct copy_row *row = copy_row(c, e->seq);
    enum err err = state_add(&c->state, &(struct opened){e, (enum opened_how)row->how, row->text});
    if (err == ERR_OK) c->folded_n++;
    return err;
}

enum err copy_add(struct copy *copy, struct str wire, enum copy_trust trust, uint64_t first_seen_ms,
                  struct entry *entry, struct why *why)
{
    struct entry e;
    EXPECT(!copy->is_broken);
    enum err err = check_first(copy, wire, why);
    if (err != ERR_OK) return err;
    err = trust == COPY_KNOWN ? chain_add_known(&copy->chain, wire, &e, why) : chain_add(&copy->chain, wire, &e, why);
    if (err == ERR_NO_MEMORY) copy->is_broken = true;
    if (err != ERR_OK) return err;
    if (e.seq == 0) memcpy(copy->id, copy->chain.circle.id, HASH_BYTES);
    err = follow(copy, &e, first_seen_ms);
    bool is_next = copy->provisional_n == 0 && copy->folded_n == e.seq && !copy->_must_refold;
    if (err == ERR_OK && is_next && !state_is_stale(&copy->state)) err = feed(copy, &e);
    if (err != ERR_OK) {
        copy->is_broken = true;
        *why = (struct why){.code = err};
        return err;
    }
    if (entry != NULL) *entry = e;
    return ERR_OK;
}
