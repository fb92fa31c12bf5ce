/* entry.c -- any bytes as an entry: what is read lies within them, and written again it is the same.
 *
 *   input = 0 wire…                          any bytes as the item that travels
 *         | 1 payload_n header…              any bytes as a header, wrapped as they should be
 *         | 2 fields…                        a header with any values in its fields
 */
#include "record/entry.h"

#include <stdlib.h>

#include "harness/people.h"
#include "kit/fuzz.h"

enum { WIRE_BYTES = 1 << 17, PAYLOAD_BYTES = 256 };

static struct person ana, ben;

void fuzz_open(void)
{
    person_init(&ana, "Ana", 1);
    person_init(&ben, "Ben", 2);
}

/* ---- what was read ------------------------------------------------------------------------------------ */

static bool is_in(struct str whole, const uint8_t *at, size_t n)
{
    return at != NULL && at >= whole.at && at + n <= whole.at + whole.len;
}

static void expect_body_in(const struct entry *e)
{
    struct str h = e->header;
    switch (e->kind) {
    case ENTRY_GENESIS:
        EXPECT(is_in(h, e->body.genesis.box_pk, BOX_PK_BYTES) && is_in(h, e->body.genesis.kid, HASH_BYTES));
        EXPECT(is_in(h, e->body.genesis.seal, SEAL_BYTES) && is_in(h, e->body.genesis.salt, SALT_BYTES));
        return;
    case ENTRY_INVITE: EXPECT(is_in(h, e->body.invite.invite_pk, SIGN_PK_BYTES)); return;
    case ENTRY_JOIN:
        EXPECT(is_in(h, e->body.join.invite_hash, HASH_BYTES) && is_in(h, e->body.join.box_pk, BOX_PK_BYTES));
        EXPECT(is_in(h, e->body.join.proof, SIG_BYTES) && is_in(h, e->body.join.seal, SEAL_BYTES));
        return;
    case ENTRY_ROTATE:
        EXPECT(is_in(h, e->body.rotate.kid, HASH_BYTES) && e->body.rotate.seal_n <= LIMIT_CBOR_ITEMS);
        for (size_t i = 0; i < e->body.rotate.seal_n && i <= LIMIT_MEMBERS; i++) {
            EXPECT(e->body.rotate.seal[i] == NULL || is_in(h, e->body.rotate.seal[i], SEAL_BYTES));
        }
        return;
    case ENTRY_REDACT: EXPECT(e->body.redact.seq_n > 0 && e->body.redact.seq_n <= LIMIT_CBOR_ITEMS); return;
    case ENTRY_CONSENT: EXPECT(is_in(h, e->body.consent.invite_hash, HASH_BYTES)); return;
    case ENTRY_LEAVE:
    case ENTRY_SEALED: return;
    }
    misuse("entry_read gives a kind that there is not");
}

static void expect_in(const struct entry *e)
{
    bool is_genesis = e->kind == ENTRY_GENESIS, has_payload = entry_has_payload(e->kind);
    EXPECT(is_in(e->wire, e->header.at, e->header.len) && is_in(e->wire, e->payload.at, e->payload.len));
    EXPECT(is_in(e->wire, e->sig, SIG_BYTES) && e->header.len <= LIMIT_HEADER_BYTES);
    EXPECT(is_genesis == (e->seq == 0) && is_genesis == (e->circle == NULL) && is_genesis == (e->prev == NULL));
    EXPECT(is_genesis || (is_in(e->header, e->circle, HASH_BYTES) && is_in(e->header, e->prev, HASH_BYTES)));
    EXPECT(is_in(e->header, e->author, SIGN_PK_BYTES) && is_in(e->header, e->id, ID_BYTES));
    EXPECT(has_payload == (e->payload_hash != NULL) && (has_payload || e->payload.len == 0));
    EXPECT(!has_payload || is_in(e->header, e->payload_hash, HASH_BYTES));
    EXPECT(e->seq <= LIMIT_SEQ && e->epoch <= LIMIT_NUMBER && e->time_ms <= LIMIT_NUMBER);
    EXPECT(e->payload_n <= LIMIT_PAYLOAD_BYTES && has_payload == (e->payload_n > 0) && e->ref_n <= LIMIT_REFS);
    EXPECT(e->ref_n == 0 || e->kind == ENTRY_SEALED);
    for (size_t i = 0; i < e->ref_n; i++) EXPECT(is_in(e->header, e->ref[i].hash, HASH_BYTES));
    expect_body_in(e);
}

/* A key box of the wrong length is read as none, so that it can be refused as what it is; it is not written. */
static bool may_be_written(const struct entry *e)
{
    if (e->kind != ENTRY_ROTATE) return true;
    for (size_t i = 0; i < e->body.rotate.seal_n; i++) {
        if (i > LIMIT_MEMBERS || e->body.rotate.seal[i] == NULL) return false;
    }
    return true;
}

/* ---- written again ------------------------------------------------------------------------------------ */

/* Signed by somebody else: every field stays, as the same bytes; only signature and hash are others. */
static void expect_same_again(const struct entry *e)
{
    uint8_t *memory = malloc(WIRE_BYTES), sig[SIG_BYTES];
    struct entry again;
    struct why why;
    EXPECT(memory != NULL);
    struct out wire = out_over(memory, WIRE_BYTES);
    entry_write(&wire, e, ben.keys.sign_sk);
    EXPECT(!wire.is_full && entry_read(out_str(&wire), &again, &why) == ERR_OK);
    struct cbor_map header;
    EXPECT(cbor_map(e->header, &header) == ERR_OK);
    bool has_empty_refs = e->ref_n == 0 && cbor_map_has(&header, 13); /* the one thing that can be said twice */
    EXPECT(has_empty_refs || str_is(again.header, e->header));
    EXPECT(str_is(again.payload, e->payload) && again.kind == e->kind && again.seq == e->seq);
    EXPECT(again.time_ms == e->time_ms && again.epoch == e->epoch && again.ref_n == e->ref_n);
    EXPECT(entry_payload_fits(&again) == entry_payload_fits(e));
    EXPECT(entry_is_signed(&again) == (memcmp(e->author, ben.keys.sign_pk, SIGN_PK_BYTES) == 0));
    memcpy(sig, again.sig, sizeof sig);
    sign_with(sig, ben.keys.sign_sk, CTX_SIGN, PARTS(again.header));
    EXPECT(memcmp(sig, again.sig, sizeof sig) == 0);
    if (str_is(again.header, e->header) && memcmp(again.sig, e->sig, SIG_BYTES) == 0) {
        EXPECT(memcmp(again.hash, e->hash, HASH_BYTES) == 0);
    } else {
        EXPECT(memcmp(again.hash, e->hash, HASH_BYTES) != 0);
    }
    free(memory);
}

static bool read_wire(struct str wire)
{
    struct entry e, before;
    struct why why = {.code = ERR_OK};
    memset(&e, 0x5a, sizeof e);
    memcpy(&before, &e, sizeof e);
    enum err err = entry_read(wire, &e, &why);
    if (err != ERR_OK) {
        EXPECT(err == ERR_BAD_CBOR || err == ERR_BAD_ENTRY || err == ERR_BAD_VERSION);
        EXPECT(why.code == err && why.field != NULL && memcmp(&e, &before, sizeof e) == 0);
        return false;
    }
    EXPECT(str_is(e.wire, wire));
    expect_in(&e);
    if (may_be_written(&e)) expect_same_again(&e);
    fuzz_good();
    return true;
}

/* ---- inputs ------------------------------------------------------------------------------------------- */

static void try_header(struct fuzz_in *in, struct arena *a)
{
    static const uint8_t payload[PAYLOAD_BYTES];
    struct str said = str_at(payload, fuzz_byte(in));
    (void)read_wire(draft_wrap(a, in->left, said, &ana));
}

static uint64_t wire_number(struct fuzz_in *in)
{
    return fuzz_number(in) & LIMIT_NUMBER;
}

static const uint8_t *some_bytes(struct fuzz_in *in, struct arena *a, size_t n)
{
    uint8_t *bytes = arena_take(a, n);
    EXPECT(bytes != NULL);
    fuzz_fill(in, bytes, n < 2 ? n : 2); /* what the rest of them are changes nothing */
    return bytes;
}

static void fill_body(struct entry *e, struct fuzz_in *in, struct arena *a)
{
    if (e->kind == ENTRY_GENESIS) {
        e->body.genesis.box_pk = some_bytes(in, a, BOX_PK_BYTES);
        e->body.genesis.kid = some_bytes(in, a, HASH_BYTES);
        e->body.genesis.seal = some_bytes(in, a, SEAL_BYTES);
        e->body.genesis.salt = some_bytes(in, a, SALT_BYTES);
        e->body.genesis.is_sole = fuzz_below(in, 2) == 1;
    } else if (e->kind == ENTRY_INVITE) {
        e->body.invite.invite_pk = some_bytes(in, a, SIGN_PK_BYTES);
        e->body.invite.expires_ms = wire_number(in);
    } else if (e->kind == ENTRY_JOIN) {
        e->body.join.invite_hash = some_bytes(in, a, HASH_BYTES);
        e->body.join.box_pk = some_bytes(in, a, BOX_PK_BYTES);
        e->body.join.proof = some_bytes(in, a, SIG_BYTES);
        e->body.join.seal = some_bytes(in, a, SEAL_BYTES);
        e->body.join.from_epoch = fuzz_below(in, 2) == 1 ? e->epoch : wire_number(in);
    } else if (e->kind == ENTRY_ROTATE) {
        e->body.rotate.kid = some_bytes(in, a, HASH_BYTES);
        e->body.rotate.reason = wire_number(in);
        e->body.rotate.seal_n = fuzz_below(in, LIMIT_MEMBERS + 2);
        for (size_t i = 0; i < e->body.rotate.seal_n; i++) e->body.rotate.seal[i] = some_bytes(in, a, SEAL_BYTES);
    } else if (e->kind == ENTRY_REDACT) {
        e->body.redact.seq_n = fuzz_below(in, LIMIT_CBOR_ITEMS + 1);
        for (size_t i = 0; i < e->body.redact.seq_n; i++) e->body.redact.seq[i] = wire_number(in);
    } else if (e->kind == ENTRY_CONSENT) {
        e->body.consent.invite_hash = some_bytes(in, a, HASH_BYTES);
    }
}

static bool is_sound(const struct entry *e)
{
    bool has_payload = entry_has_payload(e->kind);
    if (e->seq > LIMIT_SEQ || (e->kind == ENTRY_GENESIS) != (e->seq == 0)) return false;
    if (e->kind == ENTRY_GENESIS && e->epoch != 0) return false;
    if (has_payload && (e->payload_n == 0 || e->payload_n > LIMIT_PAYLOAD_BYTES)) return false;
    if (!has_payload && e->payload.len > 0) return false;
    if (e->kind == ENTRY_JOIN && e->body.join.from_epoch != e->epoch) return false;
    return e->kind != ENTRY_REDACT || e->body.redact.seq_n > 0;
}

/* What is sound field by field is read, and nothing else. */
static void try_fields(struct fuzz_in *in, struct arena *a)
{
    static const enum entry_kind kinds[] = {ENTRY_GENESIS, ENTRY_INVITE, ENTRY_JOIN,    ENTRY_LEAVE,
                                            ENTRY_ROTATE,  ENTRY_REDACT, ENTRY_CONSENT, ENTRY_SEALED};
    struct entry e = {.kind = kinds[fuzz_below(in, sizeof kinds / sizeof *kinds)]};
    if (e.kind != ENTRY_GENESIS) {
        e.circle = some_bytes(in, a, HASH_BYTES);
        e.prev = some_bytes(in, a, HASH_BYTES);
    }
    e.seq = wire_number(in);
    e.epoch = wire_number(in);
    e.time_ms = wire_number(in);
    e.author = fuzz_below(in, 2) == 1 ? ben.keys.sign_pk : ana.keys.sign_pk;
    e.id = some_bytes(in, a, ID_BYTES);
    if (entry_has_payload(e.kind)) e.payload_hash = some_bytes(in, a, HASH_BYTES);
    e.payload_n = wire_number(in);
    e.payload = str_at(some_bytes(in, a, PAYLOAD_BYTES), fuzz_byte(in));
    e.ref_n = e.kind == ENTRY_SEALED ? fuzz_below(in, LIMIT_REFS + 1) : 0;
    for (size_t i = 0; i < e.ref_n; i++) {
        e.ref[i] = (struct entry_ref){some_bytes(in, a, HASH_BYTES), wire_number(in)};
    }
    fill_body(&e, in, a);
    if (!entry_has_payload(e.kind)) e.payload_n = 0;
    EXPECT(read_wire(draft_sign(a, &e, &ana)) == is_sound(&e));
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    struct arena a;
    arena_init(&a, 1 << 22);
    uint8_t how = fuzz_byte(&in);
    if (how == 1) try_header(&in, &a);
    else if (how == 2) try_fields(&in, &a);
    else (void)read_wire(in.left);
    arena_fini(&a);
}
