/* people.c -- see people.h. */
#include "harness/people.h"

#include <stdlib.h>

enum { ROOM_CEILING_BYTES = 1 << 30, A_WEEK_MS = 7 * 24 * 60 * 60 * 1000 };

/* ---- memory that must be there -------------------------------------------------------------------------- */

static void *take(struct arena *a, size_t bytes)
{
    void *piece = arena_take(a, bytes);
    EXPECT(piece != NULL);
    return piece;
}

static const uint8_t *keep(struct arena *a, const void *bytes, size_t n)
{
    return memcpy(take(a, n), bytes, n);
}

/* A builder with room for n bytes. */
static struct out building(struct arena *a, size_t n)
{
    return out_over(take(a, n), n);
}

static struct str built(const struct out *o)
{
    EXPECT(!o->is_full);
    return out_str(o);
}

/* The array, or a copy with twice the room when it is full. */
static void *grown(struct arena *a, void *array, size_t n, size_t *cap, size_t row_bytes)
{
    if (n < *cap) return array;
    size_t more = *cap == 0 ? 16 : 2 * *cap;
    void *wider = take(a, more * row_bytes);
    if (n > 0) memcpy(wider, array, n * row_bytes);
    *cap = more;
    return wider;
}

/* ---- people --------------------------------------------------------------------------------------------- */

void person_init(struct person *person, const char *name, uint64_t number)
{
    uint8_t seed[SEED_BYTES] = "a person in a test";
    struct out tail = out_over(seed + SEED_BYTES - 8, 8);
    out_put_be64(&tail, number);
    person->name = name;
    secret_identity_init(&person->keys, seed);
}

void person_fini(struct person *person)
{
    secret_identity_fini(&person->keys);
}

/* ---- rooms ---------------------------------------------------------------------------------------------- */

void room_init(struct room *room, const struct person *me, uint64_t now_ms)
{
    *room = (struct room){.me = me, .now_ms = now_ms, ._arena = malloc(sizeof *room->_arena)};
    EXPECT(room->_arena != NULL);
    arena_init(room->_arena, ROOM_CEILING_BYTES);
    room->_arena->holds_secrets = true;
    chain_init(&room->chain, room->_arena);
}

void room_fini(struct room *room)
{
    arena_fini(room->_arena);
    free(room->_arena);
    wipe(room, sizeof *room);
}

static bool is_me(const struct room *room, const uint8_t *sign_pk)
{
    return memcmp(room->me->keys.sign_pk, sign_pk, SIGN_PK_BYTES) == 0;
}

bool room_is_in(const struct room *room)
{
    return circle_member_index(&room->at, room->me->keys.sign_pk) >= 0;
}

/* What in an entry is sealed to me; NULL if nothing. */
static const uint8_t *seal_for_me(const struct room *room, const struct entry *e)
{
    int i = circle_member_index(&room->at, room->me->keys.sign_pk);
    if (e->kind == ENTRY_GENESIS && is_me(room, e->author)) return e->body.genesis.seal;
    if (e->kind == ENTRY_JOIN && is_me(room, e->author)) return e->body.join.seal;
    if (e->kind == ENTRY_ROTATE && i >= 0) return e->body.rotate.seal[i];
    return NULL;
}

/* Takes the key out of an entry behind which the room now stands; one that does not open is not held. */
static void learn(struct room *room, const struct entry *e)
{
    const struct secret_identity *me = &room->me->keys;
    const uint8_t *seal = seal_for_me(room, e);
    struct room_key key = {.epoch = e->epoch};
    memcpy(key.kid, room->at.kid, HASH_BYTES);
    if (seal == NULL || epoch_open(seal, me->box_pk, me->box_sk, key.kid, key.key) != ERR_OK) return;
    room->key = grown(room->_arena, room->key, room->key_n, &room->_key_cap, sizeof key);
    room->key[room->key_n++] = key;
}

static enum err take_one(struct room *room, struct str wire, struct why *why)
{
    struct entry e;
    size_t n = (size_t)room->chain.index.row_n;
    enum err err = chain_add(&room->chain, wire, &e, why);
    if (err != ERR_OK) return err;
    room->wire = grown(room->_arena, room->wire, n, &room->_wire_cap, sizeof wire);
    room->wire[n] = str_at(keep(room->_arena, wire.at, wire.len), wire.len);
    room->at = room->chain.circle;
    learn(room, &e);
    return ERR_OK;
}

enum err room_take(struct room *room, struct str sequence, struct why *why)
{
    room->at = room->chain.circle;
    for (uint64_t i = 0; sequence.len > 0; i++) {
        struct str wire;
        enum err e = cbor_first(sequence, &wire, &sequence);
        if (e == ERR_OK) e = take_one(room, wire, why);
        else *why = (struct why){.code = e, .field = "entry"};
        if (e == ERR_OK) continue;
        why->at = i;
        return e;
    }
    return ERR_OK;
}

void room_assume(struct room *room, struct str sequence)
{
    while (sequence.len > 0) {
        struct str wire;
        struct entry e;
        struct why why;
        EXPECT(cbor_first(sequence, &wire, &sequence) == ERR_OK);
        EXPECT(entry_read(wire, &e, &why) == ERR_OK);
        circle_advance(&room->at, &e);
        learn(room, &e);
    }
}

/* The newest key held with that kid; NULL if there is none. */
static const struct room_key *key_of_kid(const struct room *room, const uint8_t *kid)
{
    for (size_t i = room->key_n; i > 0; i--) {
        if (memcmp(room->key[i - 1].kid, kid, HASH_BYTES) == 0) return &room->key[i - 1];
    }
    return NULL;
}

bool room_has_key(const struct room *room)
{
    return key_of_kid(room, room->at.kid) != NULL;
}

struct entry room_entry(const struct room *room, uint64_t seq)
{
    struct entry e;
    struct why why;
    EXPECT(seq < room->chain.index.row_n);
    EXPECT(entry_read(room->wire[seq], &e, &why) == ERR_OK);
    return e;
}

static struct payload_place place_of(const struct entry *e)
{
    return (struct payload_place){.circle = e->circle, .author = e->author, .id = e->id, .epoch = e->epoch};
}

enum err room_text(const struct room *room, struct arena *a, uint64_t seq, struct str *text)
{
    struct entry e = room_entry(room, seq);
    enum err err = ERR_UNREADABLE;
    if (e.kind != ENTRY_SEALED) return err;
    struct payload_place place = place_of(&e);
    for (size_t i = 0; i < room->key_n && err == ERR_UNREADABLE; i++) {
        uint8_t content_key[KEY_BYTES];
        if (room->key[i].epoch != e.epoch) continue;
        epoch_content_key(content_key, room->key[i].key);
        err = payload_open(a, &place, content_key, e.payload, text);
    }
    return err;
}

struct str room_sequence(const struct room *room, struct arena *a, uint64_t first_seq)
{
    size_t bytes_n = 0;
    for (uint64_t seq = first_seq; seq < room->chain.index.row_n; seq++) bytes_n += room->wire[seq].len;
    struct out o = building(a, bytes_n);
    for (uint64_t seq = first_seq; seq < room->chain.index.row_n; seq++) out_put(&o, room->wire[seq]);
    return built(&o);
}

void rooms_take(struct room *const *room, size_t room_n, struct str sequence)
{
    for (size_t i = 0; i < room_n; i++) {
        struct why why;
        EXPECT(room_take(room[i], sequence, &why) == ERR_OK);
    }
}

void rooms_gather(struct room *const *room, size_t room_n, struct arena *a)
{
    uint8_t secret[SECRET_BYTES];
    rooms_take(room, room_n, room_genesis(room[0], a, false));
    for (size_t i = 1; i < room_n; i++) {
        rooms_take(room, room_n, room_invite(room[0], a, secret));
        struct entry invite = room_invite_of(room[0], secret);
        for (size_t k = 1; k < i; k++) rooms_take(room, room_n, room_consent(room[k], a, invite.hash));
        rooms_take(room, room_n, room_join(room[i], a, secret));
    }
}

/* ---- drafts --------------------------------------------------------------------------------------------- */

struct entry draft_next(const struct room *room, struct arena *a, enum entry_kind kind)
{
    uint8_t id[ID_BYTES];
    random_fill(id, sizeof id);
    struct entry e = {
        .kind = kind,
        .author = keep(a, room->me->keys.sign_pk, SIGN_PK_BYTES),
        .id = keep(a, id, sizeof id),
        .time_ms = room->now_ms,
    };
    if (kind == ENTRY_GENESIS) return e;
    e.circle = keep(a, room->at.id, HASH_BYTES);
    e.prev = keep(a, room->at.head_hash, HASH_BYTES);
    e.seq = room->at.head_seq + 1;
    e.epoch = room->at.epoch + (kind == ENTRY_ROTATE ? 1 : 0);
    return e;
}

/* A key as a kid, and sealed to someone. */
static const uint8_t *kid_of(struct arena *a, const uint8_t *key)
{
    uint8_t kid[HASH_BYTES];
    epoch_kid(kid, key);
    return keep(a, kid, sizeof kid);
}

static const uint8_t *seal_of(struct arena *a, const uint8_t *key, const uint8_t *box_pk)
{
    uint8_t seal[SEAL_BYTES];
    EXPECT(epoch_seal(seal, key, box_pk) == ERR_OK);
    return keep(a, seal, sizeof seal);
}

struct entry draft_genesis(const struct room *room, struct arena *a, bool is_sole)
{
    uint8_t key[KEY_BYTES], salt[SALT_BYTES];
    struct entry e = draft_next(room, a, ENTRY_GENESIS);
    random_fill(key, sizeof key);
    random_fill(salt, sizeof salt);
    e.body.genesis.box_pk = keep(a, room->me->keys.box_pk, BOX_PK_BYTES);
    e.body.genesis.kid = kid_of(a, key);
    e.body.genesis.seal = seal_of(a, key, room->me->keys.box_pk);
    e.body.genesis.salt = keep(a, salt, sizeof salt);
    e.body.genesis.is_sole = is_sole;
    return e;
}

void draft_payload(struct arena *a, struct entry *draft, struct str payload)
{
    uint8_t hash[HASH_BYTES];
    entry_payload_hash(hash, payload);
    draft->payload = payload;
    draft->payload_hash = keep(a, hash, sizeof hash);
    draft->payload_n = payload.len;
}

struct entry draft_sealed(const struct room *room, struct arena *a, struct str text)
{
    uint8_t content_key[KEY_BYTES];
    struct str payload;
    struct entry e = draft_next(room, a, ENTRY_SEALED);
    struct payload_place place = place_of(&e);
    const struct room_key *key = key_of_kid(room, room->at.kid);
    EXPECT(key != NULL);
    epoch_content_key(content_key, key->key);
    EXPECT(payload_seal(a, &place, content_key, text, &payload) == ERR_OK);
    draft_payload(a, &e, payload);
    return e;
}

struct entry draft_rotate(const struct room *room, struct arena *a, uint64_t reason)
{
    uint8_t key[KEY_BYTES];
    struct entry e = draft_next(room, a, ENTRY_ROTATE);
    random_fill(key, sizeof key);
    e.body.rotate.kid = kid_of(a, key);
    e.body.rotate.reason = reason;
    e.body.rotate.seal_n = room->at.member_n;
    for (size_t i = 0; i < room->at.member_n; i++) {
        e.body.rotate.seal[i] = seal_of(a, key, room->at.member[i].box_pk);
    }
    return e;
}

struct entry draft_invite(const struct room *room, struct arena *a, const uint8_t secret[static SECRET_BYTES],
                          uint64_t expires_ms)
{
    uint8_t capsule[INVITE_CAPSULE_BYTES];
    struct invite_keys keys;
    struct entry e = draft_next(room, a, ENTRY_INVITE);
    struct invite_place place = {e.circle, e.prev, e.author, e.seq, e.epoch};
    const struct room_key *key = key_of_kid(room, room->at.kid);
    EXPECT(key != NULL);
    invite_keys_init(&keys, secret);
    invite_capsule_make(capsule, &keys, &place, key->key);
    e.body.invite.invite_pk = keep(a, keys.pk, sizeof keys.pk);
    e.body.invite.expires_ms = expires_ms;
    invite_keys_fini(&keys);
    draft_payload(a, &e, str_at(keep(a, capsule, sizeof capsule), sizeof capsule));
    return e;
}

struct entry draft_consent(const struct room *room, struct arena *a, const uint8_t *invite_hash)
{
    struct entry e = draft_next(room, a, ENTRY_CONSENT);
    e.body.consent.invite_hash = keep(a, invite_hash, HASH_BYTES);
    return e;
}

struct entry room_invite_of(const struct room *room, const uint8_t secret[static SECRET_BYTES])
{
    struct invite_keys keys;
    invite_keys_init(&keys, secret);
    for (uint64_t seq = room->chain.index.row_n; seq > 0; seq--) {
        if (index_row(&room->chain.index, seq - 1)->kind != ENTRY_INVITE) continue;
        struct entry e = room_entry(room, seq - 1);
        if (memcmp(e.body.invite.invite_pk, keys.pk, SIGN_PK_BYTES) == 0) return e;
    }
    misuse("room_invite_of: no invite was taken that belongs to this secret");
}

/* The kid of an epoch, from its rotate or the genesis. */
static const uint8_t *kid_of_epoch(const struct room *room, uint64_t epoch)
{
    const uint8_t *kid = room_entry(room, 0).body.genesis.kid;
    for (uint64_t seq = 1; seq < room->chain.index.row_n; seq++) {
        if (index_row(&room->chain.index, seq)->kind != ENTRY_ROTATE) continue;
        struct entry e = room_entry(room, seq);
        if (e.epoch == epoch) kid = e.body.rotate.kid;
    }
    return kid;
}

enum err room_capsule(const struct room *room, const uint8_t secret[static SECRET_BYTES],
                      uint8_t epoch_key[static KEY_BYTES])
{
    struct invite_keys keys;
    struct entry e = room_invite_of(room, secret);
    struct invite_seen seen = {
        .place = {e.circle, e.prev, e.author, e.seq, e.epoch},
        .payload_hash = e.payload_hash,
        .kid = kid_of_epoch(room, e.epoch),
    };
    invite_keys_init(&keys, secret);
    enum err err = invite_capsule_open(&keys, e.payload, &seen, epoch_key);
    invite_keys_fini(&keys);
    return err;
}

struct entry draft_join(const struct room *room, struct arena *a, const uint8_t secret[static SECRET_BYTES])
{
    const struct secret_identity *me = &room->me->keys;
    struct invite_keys keys;
    uint8_t key[KEY_BYTES], proof[SIG_BYTES];
    struct entry invite = room_invite_of(room, secret), e = draft_next(room, a, ENTRY_JOIN);
    EXPECT(room_capsule(room, secret, key) == ERR_OK);
    invite_keys_init(&keys, secret);
    invite_proof_make(proof, keys.sk, e.circle, invite.hash, me->sign_pk, me->box_pk);
    invite_keys_fini(&keys);
    e.body.join.invite_hash = keep(a, invite.hash, HASH_BYTES);
    e.body.join.box_pk = keep(a, me->box_pk, BOX_PK_BYTES);
    e.body.join.proof = keep(a, proof, sizeof proof);
    e.body.join.seal = seal_of(a, key, me->box_pk);
    e.body.join.from_epoch = e.epoch;
    return e;
}

struct entry draft_leave(const struct room *room, struct arena *a)
{
    return draft_next(room, a, ENTRY_LEAVE);
}

struct entry draft_redact(const struct room *room, struct arena *a, const uint64_t *seq, size_t seq_n)
{
    struct entry e = draft_next(room, a, ENTRY_REDACT);
    EXPECT(seq_n <= LIMIT_CBOR_ITEMS);
    memcpy(e.body.redact.seq, seq, seq_n * sizeof *seq);
    e.body.redact.seq_n = seq_n;
    return e;
}

/* ---- signing, and bytes that no honest program makes ---------------------------------------------------- */

struct str draft_sign(struct arena *a, const struct entry *draft, const struct person *by)
{
    struct out wire = building(a, LIMIT_HEADER_BYTES + SIG_BYTES + draft->payload.len + 16);
    entry_write(&wire, draft, by->keys.sign_sk);
    return built(&wire);
}

struct str draft_header(struct arena *a, const struct entry *draft)
{
    static const uint8_t any_sk[SIGN_SK_BYTES] = {1};
    struct out wire = building(a, LIMIT_HEADER_BYTES + SIG_BYTES + draft->payload.len + 16);
    struct cbor_list part;
    struct str header;
    entry_write(&wire, draft, any_sk);
    EXPECT(cbor_list(built(&wire), &part) == ERR_OK && cbor_bytes(part.item[0], &header) == ERR_OK);
    return header;
}

struct str draft_wrap_sig(struct arena *a, struct str header, struct str sig, struct str payload)
{
    struct out wire = building(a, header.len + sig.len + payload.len + 16);
    cbor_put_list(&wire, 3);
    cbor_put_bytes(&wire, header);
    cbor_put_bytes(&wire, sig);
    cbor_put_bytes(&wire, payload);
    return built(&wire);
}

struct str draft_wrap(struct arena *a, struct str header, struct str payload, const struct person *by)
{
    uint8_t sig[SIG_BYTES] = {0};
    bool may_sign = header.len <= SIGN_MESSAGE_BYTES - CTX_BYTES; /* longer ones have no signature that fits */
    if (may_sign) sign_with(sig, by->keys.sign_sk, CTX_SIGN, PARTS(header));
    return draft_wrap_sig(a, header, STR_OF(sig), payload);
}

/* A map anew, with item in place of the key's, or, where item has no bytes, without it. */
static struct str map_with(struct arena *a, struct str map, unsigned key, struct str item)
{
    struct cbor_map read;
    size_t pair_n = 0;
    EXPECT(cbor_map(map, &read) == ERR_OK && key < LIMIT_CBOR_KEYS);
    read.item[key] = item;
    read.keys = item.len > 0 ? read.keys | CBOR_KEY(key) : read.keys & ~CBOR_KEY(key);
    for (unsigned k = 0; k < LIMIT_CBOR_KEYS; k++) pair_n += cbor_map_has(&read, k);
    struct out o = building(a, map.len + item.len + 16);
    cbor_put_map(&o, pair_n);
    for (unsigned k = 0; k < LIMIT_CBOR_KEYS; k++) {
        if (!cbor_map_has(&read, k)) continue;
        cbor_put_uint(&o, k);
        out_put(&o, read.item[k]);
    }
    return built(&o);
}

struct str draft_set(struct arena *a, struct str map, unsigned key, struct str item)
{
    EXPECT(item.len > 0);
    return map_with(a, map, key, item);
}

struct str draft_drop(struct arena *a, struct str map, unsigned key)
{
    return map_with(a, map, key, (struct str){0});
}

static struct str body_of(struct str header)
{
    struct cbor_map map;
    EXPECT(cbor_map(header, &map) == ERR_OK && cbor_map_has(&map, 10));
    return map.item[10];
}

struct str draft_set_body(struct arena *a, struct str header, unsigned key, struct str item)
{
    return draft_set(a, header, 10, draft_set(a, body_of(header), key, item));
}

struct str draft_drop_body(struct arena *a, struct str header, unsigned key)
{
    return draft_set(a, header, 10, draft_drop(a, body_of(header), key));
}

struct str draft_uint(struct arena *a, uint64_t number)
{
    struct out o = building(a, 9);
    cbor_put_uint(&o, number);
    return built(&o);
}

struct str draft_bytes(struct arena *a, struct str bytes)
{
    struct out o = building(a, bytes.len + 9);
    cbor_put_bytes(&o, bytes);
    return built(&o);
}

struct str draft_zeros(struct arena *a, size_t n)
{
    return draft_bytes(a, str_at(take(a, n), n));
}

struct str draft_then(struct arena *a, struct str first, struct str second)
{
    struct out o = building(a, first.len + second.len);
    out_put(&o, first);
    out_put(&o, second);
    return built(&o);
}

struct str draft_erased(struct arena *a, struct str wire)
{
    struct entry e;
    struct why why;
    EXPECT(entry_read(wire, &e, &why) == ERR_OK);
    return draft_wrap_sig(a, e.header, str_at(e.sig, SIG_BYTES), (struct str){0});
}

/* ---- the next entry or batch ---------------------------------------------------------------------------- */

static struct str signed_by_me(const struct room *room, struct arena *a, struct entry draft)
{
    return draft_sign(a, &draft, room->me);
}

/* The room as it will be behind these entries; shares its memory with the room, and needs no fini. */
static struct room behind(const struct room *room, struct str sequence)
{
    struct room later = *room;
    room_assume(&later, sequence);
    return later;
}

struct str room_genesis(const struct room *room, struct arena *a, bool is_sole)
{
    return signed_by_me(room, a, draft_genesis(room, a, is_sole));
}

struct str room_say(const struct room *room, struct arena *a, struct str text)
{
    return signed_by_me(room, a, draft_sealed(room, a, text));
}

struct str people_note(struct arena *a, const char *words)
{
    struct str text = str_of_text(words);
    struct out o = building(a, text.len + 16);
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, PAYLOAD_KEY_TYPE);
    cbor_put_uint(&o, PAYLOAD_NOTE);
    cbor_put_uint(&o, 2);
    cbor_put_text(&o, text);
    return built(&o);
}

struct str room_rotate(const struct room *room, struct arena *a, uint64_t reason)
{
    return signed_by_me(room, a, draft_rotate(room, a, reason));
}

struct str room_invite(const struct room *room, struct arena *a, uint8_t secret[static SECRET_BYTES])
{
    random_fill(secret, SECRET_BYTES);
    struct str rotate = room_rotate(room, a, ROTATE_INVITE);
    struct room later = behind(room, rotate);
    struct entry invite = draft_invite(&later, a, secret, room->now_ms + A_WEEK_MS);
    return draft_then(a, rotate, signed_by_me(room, a, invite));
}

struct str room_consent(const struct room *room, struct arena *a, const uint8_t *invite_hash)
{
    return signed_by_me(room, a, draft_consent(room, a, invite_hash));
}

struct str room_join(const struct room *room, struct arena *a, const uint8_t secret[static SECRET_BYTES])
{
    struct str join = signed_by_me(room, a, draft_join(room, a, secret));
    struct room later = behind(room, join);
    return draft_then(a, join, room_rotate(&later, a, ROTATE_JOINED));
}

struct str room_leave(const struct room *room, struct arena *a)
{
    return signed_by_me(room, a, draft_leave(room, a));
}

struct str room_redact_bare(const struct room *room, struct arena *a, const uint64_t *seq, size_t seq_n)
{
    return signed_by_me(room, a, draft_redact(room, a, seq, seq_n));
}

/* What stays of an entry of mine. */
static struct str residue_of(const struct room *room, struct arena *a, uint64_t seq, struct str outcome)
{
    struct redact_residue residue = {.outcome = outcome};
    struct entry target = room_entry(room, seq);
    struct str text;
    struct out o = building(a, 64 + outcome.len);
    EXPECT(room_text(room, a, seq, &text) == ERR_OK && payload_type(text, &residue.type) == ERR_OK);
    memcpy(residue.target, target.hash, HASH_BYTES);
    redact_residue_put(&o, &residue);
    return built(&o);
}

struct str room_redact(const struct room *room, struct arena *a, const uint64_t *seq, size_t seq_n, struct str outcome)
{
    struct str batch = {0};
    struct room later = *room;
    for (size_t i = 0; i < seq_n; i++) {
        struct str residue = room_say(&later, a, residue_of(room, a, seq[i], outcome));
        later = behind(&later, residue);
        batch = draft_then(a, batch, residue);
    }
    return draft_then(a, batch, room_redact_bare(&later, a, seq, seq_n));
}
