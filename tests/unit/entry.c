/* entry.c -- an entry's form: what each kind needs is needed, what it may not have is refused, and what is
 * signed cannot be changed by a bit. The laws are [E...] of docs/domain.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/people.h"
#include "harness/random.h"

enum {
    H_VERSION = 1, H_CIRCLE, H_SEQ, H_PREV, H_AUTHOR, H_EPOCH, H_ID, H_TIME, H_KIND, H_BODY, H_PHASH, H_PLEN, H_REFS,
};

#define NOW_MS UINT64_C(1767225600000)

static const enum entry_kind kinds[] = {
    ENTRY_GENESIS, ENTRY_INVITE, ENTRY_JOIN, ENTRY_LEAVE, ENTRY_ROTATE, ENTRY_REDACT, ENTRY_CONSENT, ENTRY_SEALED,
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* ---- one good entry of each kind ------------------------------------------------------------------------ */

/* Everything a test needs: made new for each. */
struct desk {
    struct arena a;
    struct person ana, ben;
    struct room room;
};

static int desk_open(void **state)
{
    static struct desk desk;
    if (record_open() != ERR_OK) return -1;
    arena_init(&desk.a, 512 * 1024 * 1024);
    person_init(&desk.ana, "Ana", 1);
    person_init(&desk.ben, "Ben", 2);
    room_init(&desk.room, &desk.ana, NOW_MS);
    struct room *rooms[] = {&desk.room};
    rooms_gather(rooms, 1, &desk.a);
    *state = &desk;
    return 0;
}

static int desk_close(void **state)
{
    struct desk *d = *state;
    room_fini(&d->room);
    person_fini(&d->ana);
    person_fini(&d->ben);
    arena_fini(&d->a);
    return 0;
}

/* n bytes that are not all the same. */
static const uint8_t *some(struct desk *d, size_t n)
{
    uint8_t *bytes = arena_take(&d->a, n);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)(i * 7 + n);
    return bytes;
}

static struct entry good(struct desk *d, enum entry_kind kind)
{
    static const uint8_t secret[SECRET_BYTES] = {1, 2, 3};
    static const uint64_t seqs[] = {1, 70000, LIMIT_NUMBER};
    struct entry e = draft_next(&d->room, &d->a, kind);
    switch (kind) {
    case ENTRY_GENESIS: return draft_genesis(&d->room, &d->a, false);
    case ENTRY_INVITE: return draft_invite(&d->room, &d->a, secret, NOW_MS + 1);
    case ENTRY_JOIN:
        e.body.join.invite_hash = some(d, HASH_BYTES);
        e.body.join.box_pk = some(d, BOX_PK_BYTES);
        e.body.join.proof = some(d, SIG_BYTES);
        e.body.join.seal = some(d, SEAL_BYTES);
        e.body.join.from_epoch = e.epoch;
        return e;
    case ENTRY_LEAVE: return e;
    case ENTRY_ROTATE: return draft_rotate(&d->room, &d->a, ROTATE_WISH);
    case ENTRY_REDACT: return draft_redact(&d->room, &d->a, seqs, 3);
    case ENTRY_CONSENT: return draft_consent(&d->room, &d->a, some(d, HASH_BYTES));
    case ENTRY_SEALED: return draft_sealed(&d->room, &d->a, people_note(&d->a, "hello"));
    }
    return e;
}

/* The keys that a kind has in its header, and in its body; written down once more, on purpose. */
static uint32_t header_keys(enum entry_kind kind)
{
    static const uint32_t keys[] = {
        [ENTRY_GENESIS] = 0x07ea, [ENTRY_INVITE] = 0x1ffe,  [ENTRY_JOIN] = 0x07fe,  [ENTRY_LEAVE] = 0x07fe,
        [ENTRY_ROTATE] = 0x07fe,  [ENTRY_REDACT] = 0x07fe, [ENTRY_CONSENT] = 0x07fe, [ENTRY_SEALED] = 0x1bfe,
    };
    return keys[kind];
}

static uint32_t body_keys(enum entry_kind kind)
{
    static const uint32_t keys[] = {
        [ENTRY_GENESIS] = 0x1e, [ENTRY_INVITE] = 0x06, [ENTRY_JOIN] = 0x3e,    [ENTRY_LEAVE] = 0,
        [ENTRY_ROTATE] = 0x0e,  [ENTRY_REDACT] = 0x02, [ENTRY_CONSENT] = 0x02, [ENTRY_SEALED] = 0,
    };
    return keys[kind];
}

/* ---- what is asked of a reading ------------------------------------------------------------------------- */

static struct entry assert_read(struct str wire)
{
    struct entry e;
    struct why why = {0};
    enum err err = entry_read(wire, &e, &why);
    if (err != ERR_OK) print_error("%s: %s %s\n", err_code(err), why.field, why.text ? why.text : "");
    assert_int_equal(err, ERR_OK);
    assert_true(str_is(e.wire, wire));
    return e;
}

static bool is_signed(struct str wire)
{
    struct entry e = assert_read(wire);
    return entry_is_signed(&e);
}

/* Refused with that error, in words, with nothing given out. */
static void assert_refused(struct str wire, enum err expected)
{
    struct entry e, before;
    struct why why = {0};
    memset(&e, 0xa5, sizeof e);
    memcpy(&before, &e, sizeof e);
    assert_int_equal(entry_read(wire, &e, &why), expected);
    assert_memory_equal(&e, &before, sizeof e);
    assert_int_equal(why.code, expected);
    assert_non_null(why.field);
}

/* A header instead of the draft's, with its payload, correctly signed. */
static void assert_header_refused(struct desk *d, const struct entry *draft, struct str header, enum err expected)
{
    assert_refused(draft_wrap(&d->a, header, draft->payload, &d->ana), expected);
}

static struct entry assert_header_read(struct desk *d, const struct entry *draft, struct str header)
{
    return assert_read(draft_wrap(&d->a, header, draft->payload, &d->ana));
}

static struct str uint_item(struct desk *d, uint64_t number)
{
    return draft_uint(&d->a, number);
}

static void same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL) assert_memory_equal(a, b, n);
}

static void same_body(const struct entry *a, const struct entry *b)
{
    switch (a->kind) {
    case ENTRY_GENESIS:
        same_bytes(a->body.genesis.box_pk, b->body.genesis.box_pk, BOX_PK_BYTES);
        same_bytes(a->body.genesis.kid, b->body.genesis.kid, HASH_BYTES);
        same_bytes(a->body.genesis.seal, b->body.genesis.seal, SEAL_BYTES);
        same_bytes(a->body.genesis.salt, b->body.genesis.salt, SALT_BYTES);
        assert_int_equal(a->body.genesis.is_sole, b->body.genesis.is_sole);
        break;
    case ENTRY_INVITE:
        same_bytes(a->body.invite.invite_pk, b->body.invite.invite_pk, SIGN_PK_BYTES);
        assert_int_equal(a->body.invite.expires_ms, b->body.invite.expires_ms);
        break;
    case ENTRY_JOIN:
        same_bytes(a->body.join.invite_hash, b->body.join.invite_hash, HASH_BYTES);
        same_bytes(a->body.join.box_pk, b->body.join.box_pk, BOX_PK_BYTES);
        same_bytes(a->body.join.proof, b->body.join.proof, SIG_BYTES);
        same_bytes(a->body.join.seal, b->body.join.seal, SEAL_BYTES);
        assert_int_equal(a->body.join.from_epoch, b->body.join.from_epoch);
        break;
    case ENTRY_ROTATE:
        same_bytes(a->body.rotate.kid, b->body.rotate.kid, HASH_BYTES);
        assert_int_equal(a->body.rotate.reason, b->body.rotate.reason);
        assert_int_equal(a->body.rotate.seal_n, b->body.rotate.seal_n);
        for (size_t i = 0; i < a->body.rotate.seal_n; i++) {
            same_bytes(a->body.rotate.seal[i], b->body.rotate.seal[i], SEAL_BYTES);
        }
        break;
    case ENTRY_REDACT:
        assert_int_equal(a->body.redact.seq_n, b->body.redact.seq_n);
        for (size_t i = 0; i < a->body.redact.seq_n; i++) assert_true(a->body.redact.seq[i] == b->body.redact.seq[i]);
        break;
    case ENTRY_CONSENT: same_bytes(a->body.consent.invite_hash, b->body.consent.invite_hash, HASH_BYTES); break;
    case ENTRY_LEAVE:
    case ENTRY_SEALED: break;
    }
}

static void same_entry(const struct entry *a, const struct entry *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_true(a->seq == b->seq && a->epoch == b->epoch && a->time_ms == b->time_ms);
    same_bytes(a->circle, b->circle, HASH_BYTES);
    same_bytes(a->prev, b->prev, HASH_BYTES);
    same_bytes(a->author, b->author, SIGN_PK_BYTES);
    same_bytes(a->id, b->id, ID_BYTES);
    same_bytes(a->payload_hash, b->payload_hash, HASH_BYTES);
    assert_true(a->payload_n == b->payload_n && str_is(a->payload, b->payload));
    assert_int_equal(a->ref_n, b->ref_n);
    for (size_t i = 0; i < a->ref_n; i++) {
        same_bytes(a->ref[i].hash, b->ref[i].hash, HASH_BYTES);
        assert_true(a->ref[i].bytes_n == b->ref[i].bytes_n);
    }
    same_body(a, b);
}

/* ---- the wire ------------------------------------------------------------------------------------------- */

static void E1_every_kind_is_written_and_read(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]), e = assert_read(draft_sign(&d->a, &draft, &d->ana));
        struct cbor_map map;
        same_entry(&e, &draft);
        assert_true(entry_is_signed(&e));
        assert_true(entry_payload_fits(&e));
        assert_int_equal(cbor_map(e.header, &map), ERR_OK);
        assert_int_equal(map.keys, header_keys(kinds[i]));
    }
}

static struct str list_of(struct desk *d, size_t item_n, struct str items)
{
    uint8_t *memory = arena_take(&d->a, items.len + 9);
    struct out o = out_over(memory, items.len + 9);
    cbor_put_list(&o, item_n);
    out_put(&o, items);
    return out_str(&o);
}

static void E1_an_entry_is_header_signature_payload_and_nothing_else(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_SEALED), e = assert_read(draft_sign(&d->a, &draft, &d->ana));
    struct str header = draft_bytes(&d->a, e.header), sig = draft_bytes(&d->a, str_at(e.sig, SIG_BYTES));
    struct str payload = draft_bytes(&d->a, e.payload), two = draft_then(&d->a, header, sig);
    struct str three = draft_then(&d->a, two, payload), number = uint_item(d, 7);
    assert_read(list_of(d, 3, three));
    assert_refused(list_of(d, 2, two), ERR_BAD_ENTRY);
    assert_refused(list_of(d, 4, draft_then(&d->a, three, payload)), ERR_BAD_ENTRY);
    assert_refused(list_of(d, 0, (struct str){0}), ERR_BAD_ENTRY);
    assert_refused(three, ERR_BAD_CBOR);
    assert_refused(header, ERR_BAD_ENTRY);
    assert_refused(number, ERR_BAD_ENTRY);
    assert_refused(STR("\xa0"), ERR_BAD_ENTRY);
    assert_refused((struct str){0}, ERR_BAD_CBOR);
    assert_refused(draft_then(&d->a, list_of(d, 3, three), STR("\0")), ERR_BAD_CBOR);
    assert_refused(str_at(list_of(d, 3, three).at, three.len), ERR_BAD_CBOR);
    assert_refused(list_of(d, 3, draft_then(&d->a, number, draft_then(&d->a, sig, payload))), ERR_BAD_ENTRY);
    assert_refused(list_of(d, 3, draft_then(&d->a, header, draft_then(&d->a, number, payload))), ERR_BAD_ENTRY);
    assert_refused(list_of(d, 3, draft_then(&d->a, two, number)), ERR_BAD_ENTRY);
    assert_refused(list_of(d, 3, draft_then(&d->a, two, STR("\x61x"))), ERR_BAD_ENTRY);
    for (size_t n = 0; n <= SIG_BYTES + 1; n++) {
        struct str wire = draft_wrap_sig(&d->a, e.header, str_at(some(d, SIG_BYTES + 1), n), e.payload);
        if (n == SIG_BYTES) assert_read(wire);
        else assert_refused(wire, ERR_BAD_ENTRY);
    }
}

/* The attacks C1 to C6 of the catalogue, and what else the subset leaves out, inside a header. */
static void E1_a_header_that_is_not_strict_cbor_is_refused(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_SEALED);
    struct str header = draft_header(&d->a, &draft);
    static const struct {
        const char *why;
        struct str item;
    } bad[] = {
        {"C1 a longer head than needed", {(const uint8_t *)"\x18\x17", 2}},
        {"C1 a longer head than needed", {(const uint8_t *)"\x1b\0\0\0\0\0\0\0\x01", 9}},
        {"C3 indefinite length", {(const uint8_t *)"\x5f\x41x\xff", 4}},
        {"C4 depth 5", {(const uint8_t *)"\x81\x81\x81\x81\x01", 5}},
        {"C6 a float", {(const uint8_t *)"\xf9\x3c\0", 3}},
        {"C6 a tag", {(const uint8_t *)"\xc0\x01", 2}},
        {"C6 negative", {(const uint8_t *)"\x20", 1}},
        {"C6 null", {(const uint8_t *)"\xf6", 1}},
        {"C6 true", {(const uint8_t *)"\xf5", 1}},
        {"above 2^53 - 1", {(const uint8_t *)"\x1b\0\x20\0\0\0\0\0\0", 9}},
        {"text that is not UTF-8", {(const uint8_t *)"\x61\xff", 2}},
        {"two items for one", {(const uint8_t *)"\x01\x02", 2}},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_header_refused(d, &draft, draft_set(&d->a, header, H_TIME, bad[i].item), ERR_BAD_CBOR);
    }
    assert_header_refused(d, &draft, draft_then(&d->a, header, STR("\0")), ERR_BAD_CBOR); /* C5 */
    assert_header_refused(d, &draft, (struct str){0}, ERR_BAD_CBOR);
    assert_header_refused(d, &draft, STR("\x01"), ERR_BAD_ENTRY);
    assert_header_refused(d, &draft, STR("\x80"), ERR_BAD_ENTRY);
    assert_header_refused(d, &draft, STR("\xa0"), ERR_BAD_ENTRY);

    uint8_t swapped[LIMIT_HEADER_BYTES]; /* C2: key 2 in front of key 1 */
    memcpy(swapped, header.at, header.len);
    memcpy(swapped + 1, header.at + 3, 35);
    memcpy(swapped + 36, header.at + 1, 2);
    assert_header_refused(d, &draft, str_at(swapped, header.len), ERR_BAD_CBOR);
    memcpy(swapped, header.at, header.len);
    swapped[3] = H_VERSION; /* the same key twice */
    assert_header_refused(d, &draft, str_at(swapped, header.len), ERR_BAD_CBOR);
    uint8_t deep[100000];
    memset(deep, 0x81, sizeof deep);
    assert_refused(STR_OF(deep), ERR_BAD_CBOR);
}

/* ---- version and size ----------------------------------------------------------------------------------- */

static void E2_another_version_or_kind_is_of_a_newer_troth(void **state)
{
    struct desk *d = *state;
    static const uint64_t versions[] = {0, 2, 3, 256, 257, UINT64_C(0x100000001), LIMIT_NUMBER};
    static const uint64_t kind_numbers[] = {7, 9, 10, 11, 23, 24, 255, 256, 264, UINT64_C(0x100000008), LIMIT_NUMBER};
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]);
        struct str header = draft_header(&d->a, &draft);
        for (size_t k = 0; k < sizeof versions / sizeof *versions; k++) {
            struct str newer = draft_set(&d->a, header, H_VERSION, uint_item(d, versions[k]));
            assert_header_refused(d, &draft, newer, ERR_BAD_VERSION);
            /* whatever else is in it: nothing of it can be judged */
            assert_header_refused(d, &draft, draft_drop(&d->a, newer, H_KIND), ERR_BAD_VERSION);
            assert_header_refused(d, &draft, draft_set(&d->a, newer, H_KIND, STR("\x60")), ERR_BAD_VERSION);
            assert_header_refused(d, &draft, draft_set(&d->a, newer, 20, STR("\x60")), ERR_BAD_VERSION);
        }
        for (size_t k = 0; k < sizeof kind_numbers / sizeof *kind_numbers; k++) {
            struct str newer = draft_set(&d->a, header, H_KIND, uint_item(d, kind_numbers[k]));
            assert_header_refused(d, &draft, newer, ERR_BAD_VERSION);
            assert_header_refused(d, &draft, draft_set(&d->a, newer, 20, STR("\x60")), ERR_BAD_VERSION);
        }
    }
}

/* A rotate with one box of n bytes in place of all: how long a box is, is judged elsewhere. */
static struct str rotate_header(struct desk *d, const struct entry *draft, size_t box_n)
{
    return draft_set_body(&d->a, draft_header(&d->a, draft), 2, list_of(d, 1, draft_zeros(&d->a, box_n)));
}

static void E2_a_header_has_4096_bytes_at_most(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_ROTATE);
    size_t rest_n = rotate_header(d, &draft, 3000).len - 3000;
    struct str most = rotate_header(d, &draft, LIMIT_HEADER_BYTES - rest_n);
    struct str more = rotate_header(d, &draft, LIMIT_HEADER_BYTES + 1 - rest_n);
    assert_int_equal(most.len, 4096);
    assert_int_equal(more.len, 4097);
    struct entry e = assert_header_read(d, &draft, most);
    assert_true(entry_is_signed(&e));
    assert_null(e.body.rotate.seal[0]);
    assert_header_refused(d, &draft, more, ERR_BAD_ENTRY);
    /* Too long comes before everything else that could be wrong with it. */
    assert_header_refused(d, &draft, draft_set(&d->a, more, H_VERSION, uint_item(d, 2)), ERR_BAD_ENTRY);
}

/* ---- the fields of a kind ------------------------------------------------------------------------------- */

/* A value that would be right for the key in some kind. */
static struct str plausible(struct desk *d, unsigned key)
{
    switch (key) {
    case H_CIRCLE:
    case H_PREV:
    case H_PHASH: return draft_bytes(&d->a, str_at(some(d, HASH_BYTES), HASH_BYTES));
    case H_BODY: return STR("\xa0");
    case H_REFS: return STR("\x80");
    default: return uint_item(d, 1);
    }
}

static void E3_each_field_of_a_kind_is_needed(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]);
        struct str header = draft_header(&d->a, &draft);
        for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
            if ((header_keys(kinds[i]) >> key & 1) == 0) continue;
            assert_header_refused(d, &draft, draft_drop(&d->a, header, key), ERR_BAD_ENTRY);
        }
        for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
            if ((body_keys(kinds[i]) >> key & 1) == 0) continue;
            assert_header_refused(d, &draft, draft_drop_body(&d->a, header, key), ERR_BAD_ENTRY);
        }
    }
}

static void E3_no_field_is_there_that_the_kind_does_not_have(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]);
        struct str header = draft_header(&d->a, &draft);
        for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
            bool may_be = (header_keys(kinds[i]) >> key & 1) != 0 || (kinds[i] == ENTRY_SEALED && key == H_REFS);
            if (may_be) continue;
            assert_header_refused(d, &draft, draft_set(&d->a, header, key, plausible(d, key)), ERR_BAD_ENTRY);
        }
        for (unsigned key = 0; key < LIMIT_CBOR_KEYS && kinds[i] != ENTRY_SEALED; key++) {
            bool may_be = (body_keys(kinds[i]) >> key & 1) != 0 || (kinds[i] == ENTRY_GENESIS && key == 6);
            if (may_be) continue;
            assert_header_refused(d, &draft, draft_set_body(&d->a, header, key, uint_item(d, 1)), ERR_BAD_ENTRY);
            struct str hash = draft_bytes(&d->a, str_at(some(d, HASH_BYTES), HASH_BYTES));
            assert_header_refused(d, &draft, draft_set_body(&d->a, header, key, hash), ERR_BAD_ENTRY);
        }
    }
}

/* Items of every type but the given one. */
static size_t other_types(struct desk *d, uint8_t first_byte, struct str other[4])
{
    const struct str all[] = {uint_item(d, 1), STR("\x43zzz"), STR("\x63zzz"), STR("\x80"), STR("\xa0")};
    static const uint8_t major[] = {0, 2, 3, 4, 5};
    size_t n = 0;
    for (size_t i = 0; i < 5; i++) {
        if (major[i] != first_byte >> 5) other[n++] = all[i];
    }
    assert_int_equal(n, 4);
    return n;
}

/* Whether bytes stand in a field, which then have one length and no other. */
static bool is_bytes(struct str item)
{
    return item.at[0] >> 5 == 2;
}

/* Sets a field of the header, or of the body. */
static struct str with(struct desk *d, struct str header, bool in_body, unsigned key, struct str item)
{
    return in_body ? draft_set_body(&d->a, header, key, item) : draft_set(&d->a, header, key, item);
}

static void assert_field_is_typed(struct desk *d, const struct entry *draft, bool in_body, unsigned key,
                                  struct str value)
{
    struct str other[4], bytes, header = draft_header(&d->a, draft);
    for (size_t i = 0; i < other_types(d, value.at[0], other); i++) {
        assert_header_refused(d, draft, with(d, header, in_body, key, other[i]), ERR_BAD_ENTRY);
    }
    if (!is_bytes(value)) return;
    assert_int_equal(cbor_bytes(value, &bytes), ERR_OK);
    for (size_t n = 0; n <= bytes.len + 1; n += n == 0 ? bytes.len - 1 : 1) {
        struct str header_n = with(d, header, in_body, key, draft_zeros(&d->a, n));
        if (n == bytes.len) assert_header_read(d, draft, header_n);
        else assert_header_refused(d, draft, header_n, ERR_BAD_ENTRY);
    }
}

static void E4_each_field_has_its_type_and_its_one_length(void **state)
{
    struct desk *d = *state;
    size_t fields_n = 0;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]);
        struct cbor_map header, body = {.keys = 0};
        assert_int_equal(cbor_map(draft_header(&d->a, &draft), &header), ERR_OK);
        if (kinds[i] != ENTRY_SEALED) assert_int_equal(cbor_map(header.item[H_BODY], &body), ERR_OK);
        for (unsigned key = 0; key < LIMIT_CBOR_KEYS; key++) {
            if (cbor_map_has(&header, key)) assert_field_is_typed(d, &draft, false, key, header.item[key]);
            if (cbor_map_has(&body, key)) assert_field_is_typed(d, &draft, true, key, body.item[key]);
            fields_n += (size_t)cbor_map_has(&header, key) + cbor_map_has(&body, key);
        }
    }
    assert_int_equal(fields_n, 81 + 16);
}

/* ---- rules of single fields ----------------------------------------------------------------------------- */

static void E5_a_genesis_is_the_first_and_nothing_else_is(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]);
        bool is_genesis = kinds[i] == ENTRY_GENESIS;
        draft.seq = is_genesis ? 1 : 0;
        assert_refused(draft_sign(&d->a, &draft, &d->ana), ERR_BAD_ENTRY);
        draft.seq = LIMIT_SEQ;
        if (!is_genesis) assert_read(draft_sign(&d->a, &draft, &d->ana));
        draft.seq = LIMIT_SEQ + 1;
        assert_refused(draft_sign(&d->a, &draft, &d->ana), ERR_BAD_ENTRY);
        draft.seq = LIMIT_NUMBER;
        assert_refused(draft_sign(&d->a, &draft, &d->ana), ERR_BAD_ENTRY);
    }
    struct entry genesis = good(d, ENTRY_GENESIS);
    genesis.epoch = 1;
    assert_refused(draft_sign(&d->a, &genesis, &d->ana), ERR_BAD_ENTRY);
}

static void E5_a_genesis_names_no_predecessor_and_is_sole_or_says_nothing(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_GENESIS);
    struct str header = draft_header(&d->a, &draft);
    struct str id = draft_bytes(&d->a, str_at(some(d, HASH_BYTES), HASH_BYTES));
    assert_header_refused(d, &draft, draft_set_body(&d->a, header, 5, id), ERR_BAD_ENTRY);
    assert_header_refused(d, &draft, draft_set_body(&d->a, header, 6, uint_item(d, 0)), ERR_BAD_ENTRY);
    assert_header_refused(d, &draft, draft_set_body(&d->a, header, 6, uint_item(d, 2)), ERR_BAD_ENTRY);
    assert_header_refused(d, &draft, draft_set_body(&d->a, header, 6, STR("\x41\x01")), ERR_BAD_ENTRY);
    assert_true(assert_header_read(d, &draft, draft_set_body(&d->a, header, 6, uint_item(d, 1))).body.genesis.is_sole);
    assert_false(assert_header_read(d, &draft, header).body.genesis.is_sole);
}

static void E6_only_invites_and_sealed_entries_have_a_payload(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]);
        bool has_payload = kinds[i] == ENTRY_INVITE || kinds[i] == ENTRY_SEALED;
        struct str header = draft_header(&d->a, &draft), one = STR("x");
        assert_int_equal(entry_has_payload(kinds[i]), has_payload);
        assert_read(draft_wrap(&d->a, header, (struct str){0}, &d->ana));
        if (!has_payload) assert_refused(draft_wrap(&d->a, header, one, &d->ana), ERR_BAD_ENTRY);
        if (!has_payload) continue;
        struct entry e = assert_read(draft_wrap(&d->a, header, one, &d->ana));
        assert_false(entry_payload_fits(&e));
    }
}

static void E6_a_payload_has_1_to_65576_bytes(void **state)
{
    struct desk *d = *state;
    static const size_t good_n[] = {1, 2, 552, 65575, 65576};
    for (size_t i = 0; i < sizeof good_n / sizeof *good_n; i++) {
        struct entry draft = good(d, ENTRY_SEALED);
        draft_payload(&d->a, &draft, str_at(some(d, good_n[i]), good_n[i]));
        struct entry e = assert_read(draft_sign(&d->a, &draft, &d->ana));
        assert_true(entry_payload_fits(&e));
        assert_int_equal(e.payload_n, good_n[i]);
    }
    static const uint64_t bad_n[] = {0, 65577, 1 << 20, LIMIT_NUMBER};
    for (size_t i = 0; i < sizeof bad_n / sizeof *bad_n; i++) {
        for (size_t k = 0; k < 2; k++) {
            struct entry draft = good(d, k == 0 ? ENTRY_SEALED : ENTRY_INVITE);
            draft.payload_n = bad_n[i];
            assert_refused(draft_sign(&d->a, &draft, &d->ana), ERR_BAD_ENTRY);
        }
    }
}

/* refs with that many pairs */
static struct str refs_of(struct desk *d, size_t n, struct str pair)
{
    struct str all = {0};
    for (size_t i = 0; i < n; i++) all = draft_then(&d->a, all, pair);
    return list_of(d, n, all);
}

static void E7_a_sealed_entry_refers_to_eight_attachments_at_most(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_SEALED);
    struct str header = draft_header(&d->a, &draft), hash = draft_bytes(&d->a, str_at(some(d, 32), 32));
    struct str pair = list_of(d, 2, draft_then(&d->a, hash, uint_item(d, LIMIT_NUMBER)));
    for (size_t n = 0; n <= 10; n++) {
        struct str header_n = draft_set(&d->a, header, H_REFS, refs_of(d, n, pair));
        if (n > 8) {
            assert_header_refused(d, &draft, header_n, ERR_BAD_ENTRY);
            continue;
        }
        struct entry e = assert_header_read(d, &draft, header_n);
        assert_int_equal(e.ref_n, n);
        for (size_t i = 0; i < n; i++) {
            assert_memory_equal(e.ref[i].hash, some(d, 32), 32);
            assert_true(e.ref[i].bytes_n == LIMIT_NUMBER);
        }
    }
    const struct str bad[] = {
        hash, uint_item(d, 1), STR("\x80"), list_of(d, 1, hash), list_of(d, 2, draft_then(&d->a, hash, hash)),
        list_of(d, 2, draft_then(&d->a, uint_item(d, 1), hash)),
        list_of(d, 2, draft_then(&d->a, draft_zeros(&d->a, 31), uint_item(d, 1))),
        list_of(d, 2, draft_then(&d->a, draft_zeros(&d->a, 33), uint_item(d, 1))),
        list_of(d, 3, draft_then(&d->a, hash, draft_then(&d->a, uint_item(d, 1), uint_item(d, 1)))),
        draft_set(&d->a, draft_set(&d->a, STR("\xa0"), 0, hash), 1, uint_item(d, 1)),
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct str last_is_bad = list_of(d, 2, draft_then(&d->a, pair, bad[i]));
        assert_header_refused(d, &draft, draft_set(&d->a, header, H_REFS, last_is_bad), ERR_BAD_ENTRY);
    }
    struct entry most = draft;
    most.ref_n = LIMIT_REFS;
    for (size_t i = 0; i < LIMIT_REFS; i++) most.ref[i] = (struct entry_ref){some(d, 32 + i), i};
    struct entry e = assert_read(draft_sign(&d->a, &most, &d->ana));
    same_entry(&e, &most);
}

static void E8_a_join_begins_in_its_own_epoch(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_JOIN);
    draft.epoch = 5;
    for (uint64_t from = 3; from < 8; from++) {
        draft.body.join.from_epoch = from;
        struct str wire = draft_sign(&d->a, &draft, &d->ana);
        if (from == 5) assert_read(wire);
        else assert_refused(wire, ERR_BAD_ENTRY);
    }
}

static void E8_boxes_are_byte_strings_and_a_box_of_another_length_is_none(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_ROTATE);
    struct str header = draft_header(&d->a, &draft), box = draft_zeros(&d->a, SEAL_BYTES);
    for (size_t n = 0; n <= LIMIT_CBOR_ITEMS && n * 82 < 3800; n++) {
        struct entry e = assert_header_read(d, &draft, draft_set_body(&d->a, header, 2, refs_of(d, n, box)));
        assert_int_equal(e.body.rotate.seal_n, n);
        for (size_t i = 0; i < n && i <= LIMIT_MEMBERS; i++) assert_non_null(e.body.rotate.seal[i]);
    }
    struct str empty = STR("\x40");
    struct entry e = assert_header_read(d, &draft, draft_set_body(&d->a, header, 2, refs_of(d, 64, empty)));
    assert_int_equal(e.body.rotate.seal_n, 64);
    assert_header_refused(d, &draft, draft_set_body(&d->a, header, 2, refs_of(d, 64, uint_item(d, 1))), ERR_BAD_ENTRY);
    const struct str odd[] = {draft_zeros(&d->a, 79), draft_zeros(&d->a, 81), empty};
    for (size_t i = 0; i < 3; i++) {
        struct str boxes = list_of(d, 2, draft_then(&d->a, box, odd[i]));
        e = assert_header_read(d, &draft, draft_set_body(&d->a, header, 2, boxes));
        assert_non_null(e.body.rotate.seal[0]);
        assert_null(e.body.rotate.seal[1]);
    }
    struct str mixed = list_of(d, 2, draft_then(&d->a, box, uint_item(d, 1)));
    assert_header_refused(d, &draft, draft_set_body(&d->a, header, 2, mixed), ERR_BAD_ENTRY);
    for (uint64_t reason = 0; reason < 40; reason += 13) {
        draft.body.rotate.reason = reason; /* said by its author, judged by nobody */
        assert_read(draft_sign(&d->a, &draft, &d->ana));
    }
}

static void E8_a_redact_names_one_to_sixty_four_entries(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_REDACT);
    struct str header = draft_header(&d->a, &draft);
    for (size_t n = 0; n <= LIMIT_CBOR_ITEMS; n++) {
        draft.body.redact.seq_n = n;
        for (size_t i = 0; i < n; i++) draft.body.redact.seq[i] = LIMIT_NUMBER - i;
        struct str wire = draft_sign(&d->a, &draft, &d->ana);
        if (n == 0) {
            assert_refused(wire, ERR_BAD_ENTRY);
            continue;
        }
        struct entry e = assert_read(wire);
        same_entry(&e, &draft);
    }
    const struct str bad[] = {STR("\x41x"), STR("\x61x"), STR("\x80"), STR("\xa0")};
    for (size_t i = 0; i < 4; i++) {
        struct str last_is_bad = list_of(d, 2, draft_then(&d->a, uint_item(d, 1), bad[i]));
        assert_header_refused(d, &draft, draft_set_body(&d->a, header, 1, last_is_bad), ERR_BAD_ENTRY);
    }
}

/* ---- signature, hash and payload ------------------------------------------------------------------------ */

static void E9_the_signature_is_the_authors_over_these_bytes(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]);
        assert_false(is_signed(draft_sign(&d->a, &draft, &d->ben)));
        uint8_t sig[SIG_BYTES];
        struct str header = draft_header(&d->a, &draft);
        sign_with(sig, d->ana.keys.sign_sk, CTX_JOIN, PARTS(header)); /* made for something else */
        struct str wire = draft_wrap_sig(&d->a, header, STR_OF(sig), draft.payload);
        assert_false(is_signed(wire));
    }
}

/* K9: the same signature with S + L in place of S, where L is the order of the group. */
static void E9_a_signature_has_one_form(void **state)
{
    struct desk *d = *state;
    static const uint8_t order[32] = {
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10,
    };
    struct entry draft = good(d, ENTRY_SEALED), e = assert_read(draft_sign(&d->a, &draft, &d->ana));
    uint8_t sig[SIG_BYTES];
    memcpy(sig, e.sig, sizeof sig);
    unsigned carry = 0;
    for (size_t i = 0; i < 32; i++) {
        carry += (unsigned)sig[32 + i] + order[i];
        sig[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_int_equal(carry, 0);
    assert_false(is_signed(draft_wrap_sig(&d->a, e.header, STR_OF(sig), e.payload)));
}

static void E9_the_hash_is_of_header_and_signature_and_not_of_the_payload(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_SEALED);
    struct str wire = draft_sign(&d->a, &draft, &d->ana);
    struct entry e = assert_read(wire), erased = assert_read(draft_erased(&d->a, wire));
    uint8_t hash[HASH_BYTES];
    hash_of(hash, CTX_ENTRY, PARTS(e.header, str_at(e.sig, SIG_BYTES)));
    assert_memory_equal(e.hash, hash, HASH_BYTES);
    assert_memory_equal(erased.hash, hash, HASH_BYTES);
    assert_true(entry_is_signed(&erased));
    assert_true(entry_payload_fits(&e));
    assert_false(entry_payload_fits(&erased));
}

static void E10_one_flipped_bit_in_header_or_signature_never_verifies(void **state)
{
    struct desk *d = *state;
    for (size_t i = 0; i < KINDS; i++) {
        struct entry draft = good(d, kinds[i]), e = assert_read(draft_sign(&d->a, &draft, &d->ana));
        uint8_t wire[LIMIT_HEADER_BYTES + 1024];
        size_t from = (size_t)(e.header.at - e.wire.at), until = (size_t)(e.sig - e.wire.at) + SIG_BYTES;
        memcpy(wire, e.wire.at, e.wire.len);
        for (size_t bit = 8 * from; bit < 8 * until; bit++) {
            struct entry changed;
            struct why why;
            wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
            enum err err = entry_read(str_at(wire, e.wire.len), &changed, &why);
            if (err == ERR_OK && entry_is_signed(&changed)) fail_msg("kind %d: bit %zu may flip", kinds[i], bit);
            wire[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        assert_true(is_signed(str_at(wire, e.wire.len)));
    }
}

static void E10_one_flipped_bit_in_a_payload_never_fits(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_SEALED), e = assert_read(draft_sign(&d->a, &draft, &d->ana));
    uint8_t payload[1024];
    memcpy(payload, e.payload.at, e.payload.len);
    for (size_t bit = 0; bit < 8 * e.payload.len; bit++) {
        struct entry changed = e;
        changed.payload = str_at(payload, e.payload.len);
        payload[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(entry_payload_fits(&changed));
        payload[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    struct entry shorter = e, longer = e, lies = e;
    lies.payload_n--;
    assert_false(entry_payload_fits(&lies));
    shorter.payload.len--;
    longer.payload = draft_then(&d->a, e.payload, STR("\0"));
    assert_false(entry_payload_fits(&shorter));
    assert_false(entry_payload_fits(&longer));
}

/* ---- any valid entry ------------------------------------------------------------------------------------ */

static const uint8_t *any_bytes(struct desk *d, struct random *r, size_t n)
{
    uint8_t *bytes = arena_take(&d->a, n);
    random_bytes(r, bytes, n);
    return bytes;
}

static void any_body(struct desk *d, struct random *r, struct entry *e)
{
    switch (e->kind) {
    case ENTRY_GENESIS: e->body.genesis.is_sole = random_is_one_in(r, 2); break;
    case ENTRY_INVITE: e->body.invite.expires_ms = random_width(r, 53); break;
    case ENTRY_JOIN: e->body.join.from_epoch = e->epoch; break;
    case ENTRY_ROTATE:
        e->body.rotate.reason = random_width(r, 53);
        e->body.rotate.seal_n = (size_t)random_below(r, LIMIT_MEMBERS + 2);
        for (size_t i = 0; i < e->body.rotate.seal_n; i++) e->body.rotate.seal[i] = any_bytes(d, r, SEAL_BYTES);
        break;
    case ENTRY_REDACT:
        e->body.redact.seq_n = (size_t)random_between(r, 1, LIMIT_CBOR_ITEMS);
        for (size_t i = 0; i < e->body.redact.seq_n; i++) e->body.redact.seq[i] = random_width(r, 53);
        break;
    case ENTRY_SEALED:
        e->ref_n = (size_t)random_below(r, LIMIT_REFS + 1);
        for (size_t i = 0; i < e->ref_n; i++) {
            e->ref[i] = (struct entry_ref){any_bytes(d, r, HASH_BYTES), random_width(r, 53)};
        }
        break;
    case ENTRY_LEAVE:
    case ENTRY_CONSENT: break;
    }
}

static void E1_any_valid_entry_comes_back_as_it_was_written(void **state)
{
    struct desk *d = *state;
    struct random r;
    random_init(&r, "entry");
    for (size_t i = 0; i < 2000; i++) {
        struct entry draft = good(d, kinds[i % KINDS]);
        if (draft.kind != ENTRY_GENESIS) {
            draft.circle = any_bytes(d, &r, HASH_BYTES);
            draft.prev = any_bytes(d, &r, HASH_BYTES);
            draft.seq = 1 + random_width(&r, 31);
            draft.epoch = random_width(&r, 53);
        }
        draft.id = any_bytes(d, &r, ID_BYTES);
        draft.time_ms = random_width(&r, 53);
        if (entry_has_payload(draft.kind)) {
            size_t n = 1 + random_width(&r, 16) % LIMIT_PAYLOAD_BYTES;
            draft_payload(&d->a, &draft, str_at(any_bytes(d, &r, n), n));
        }
        any_body(d, &r, &draft);
        struct str wire = draft_sign(&d->a, &draft, &d->ana);
        struct entry e = assert_read(wire);
        same_entry(&e, &draft);
        assert_true(entry_is_signed(&e) && entry_payload_fits(&e));
        assert_true(str_is(draft_sign(&d->a, &e, &d->ana), wire)); /* what was read is written the same again */
    }
}

/* Random damage: never more than an error, whatever comes. Run under the sanitizers too. */
static void E1_damaged_bytes_are_read_or_refused_and_nothing_else(void **state)
{
    struct desk *d = *state;
    struct random r;
    random_init(&r, "entry, damaged");
    for (size_t i = 0; i < 20000; i++) {
        struct entry draft = good(d, kinds[i % KINDS]), e;
        struct str wire = draft_sign(&d->a, &draft, &d->ana);
        uint8_t *bytes = arena_take(&d->a, wire.len);
        struct why why;
        memcpy(bytes, wire.at, wire.len);
        for (uint64_t k = random_between(&r, 1, 4); k > 0; k--) {
            bytes[random_below(&r, wire.len)] = (uint8_t)random_u64(&r);
        }
        size_t len = random_is_one_in(&r, 4) ? (size_t)random_below(&r, wire.len) : wire.len;
        enum err err = entry_read(str_at(bytes, len), &e, &why);
        assert_true(err == ERR_OK || err == ERR_BAD_CBOR || err == ERR_BAD_ENTRY || err == ERR_BAD_VERSION);
        if (i % 500 != 0) continue;
        desk_close(state);
        desk_open(state);
    }
}

static void E1_an_entry_that_does_not_fit_is_not_written(void **state)
{
    struct desk *d = *state;
    struct entry draft = good(d, ENTRY_SEALED);
    size_t n = draft_sign(&d->a, &draft, &d->ana).len;
    for (size_t cap = 0; cap < n; cap++) {
        struct out o = out_over(arena_take(&d->a, cap), cap);
        entry_write(&o, &draft, d->ana.keys.sign_sk);
        assert_true(o.is_full);
        assert_null(out_str(&o).at);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_open, desk_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(E1_every_kind_is_written_and_read),
        TEST(E1_an_entry_is_header_signature_payload_and_nothing_else),
        TEST(E1_a_header_that_is_not_strict_cbor_is_refused),
        TEST(E1_any_valid_entry_comes_back_as_it_was_written),
        TEST(E1_damaged_bytes_are_read_or_refused_and_nothing_else),
        TEST(E1_an_entry_that_does_not_fit_is_not_written),
        TEST(E2_another_version_or_kind_is_of_a_newer_troth),
        TEST(E2_a_header_has_4096_bytes_at_most),
        TEST(E3_each_field_of_a_kind_is_needed),
        TEST(E3_no_field_is_there_that_the_kind_does_not_have),
        TEST(E4_each_field_has_its_type_and_its_one_length),
        TEST(E5_a_genesis_is_the_first_and_nothing_else_is),
        TEST(E5_a_genesis_names_no_predecessor_and_is_sole_or_says_nothing),
        TEST(E6_only_invites_and_sealed_entries_have_a_payload),
        TEST(E6_a_payload_has_1_to_65576_bytes),
        TEST(E7_a_sealed_entry_refers_to_eight_attachments_at_most),
        TEST(E8_a_join_begins_in_its_own_epoch),
        TEST(E8_boxes_are_byte_strings_and_a_box_of_another_length_is_none),
        TEST(E8_a_redact_names_one_to_sixty_four_entries),
        TEST(E9_the_signature_is_the_authors_over_these_bytes),
        TEST(E9_a_signature_has_one_form),
        TEST(E9_the_hash_is_of_header_and_signature_and_not_of_the_payload),
        TEST(E10_one_flipped_bit_in_header_or_signature_never_verifies),
        TEST(E10_one_flipped_bit_in_a_payload_never_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
