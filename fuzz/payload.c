/* payload.c -- what members say to each other, as any bytes: each kind of text is taken only in the one form in
 * which it is written, and a box opens only to a text that it could have been made from.
 *
 *   input = which, bytes…
 */
#include "record/payload.h"

#include "harness/people.h"
#include "kit/fuzz.h"
#include "record/answer.h"
#include "record/redact.h"
#include "record/round_act.h"

enum { TEXT_BYTES = 1 << 16 };

static const uint8_t key[KEY_BYTES] = "a key", nonce[AEAD_NONCE_BYTES] = "a nonce", hash[HASH_BYTES] = "a hash",
                     id[ID_BYTES] = "an id";
static struct person ana;
static struct invite_keys invite;
static uint8_t memory[TEXT_BYTES];

void fuzz_open(void)
{
    static const uint8_t secret[SECRET_BYTES] = "an invitation";
    person_init(&ana, "Ana", 1);
    invite_keys_init(&invite, secret);
}

/* ---- texts -------------------------------------------------------------------------------------------- */

/* The text as it would have been written; a text may also say when it was, which no writer here does. */
static void expect_written(struct str text, const struct out *written)
{
    struct cbor_map map;
    static uint8_t with[TEXT_BYTES];
    struct out o = OUT_OVER(with);
    EXPECT(!written->is_full && cbor_map(text, &map) == ERR_OK);
    if (!cbor_map_has(&map, PAYLOAD_KEY_WRITTEN)) {
        EXPECT(str_is(out_str(written), text));
        return;
    }
    /* one more pair behind the others: the first byte counts them */
    out_put(&o, out_str(written));
    with[0]++;
    cbor_put_uint(&o, PAYLOAD_KEY_WRITTEN);
    out_put(&o, map.item[PAYLOAD_KEY_WRITTEN]);
    EXPECT(str_is(out_str(&o), text));
}

static bool try_keys(struct str text, struct out *o)
{
    struct epoch_key key_v[EPOCH_KEYS];
    size_t key_n = 0;
    if (epoch_keys_read(text, key_v, &key_n) != ERR_OK) return false;
    EXPECT(key_n >= 1 && key_n <= EPOCH_KEYS);
    epoch_keys_put(o, key_v, key_n);
    return true;
}

static bool try_ask(struct str text, struct out *o)
{
    struct round_ask ask;
    if (round_act_read_ask(text, &ask) != ERR_OK) return false;
    EXPECT(round_act_is_bucket(ask.bucket_n) && str_is_utf8(ask.question) && ask.question.len > 0);
    round_act_put_ask(o, &ask);
    return true;
}

static bool try_commit(struct str text, struct out *o)
{
    struct round_commit commit;
    if (round_act_read_commit(text, &commit) != ERR_OK) return false;
    round_act_put_commit(o, &commit);
    return true;
}

static bool try_reveal(struct str text, struct out *o)
{
    struct round_reveal reveal;
    if (round_act_read_reveal(text, &reveal) != ERR_OK) return false;
    round_act_put_reveal(o, &reveal);
    return true;
}

static bool try_close(struct str text, struct out *o)
{
    struct round_close close;
    if (round_act_read_close(text, &close) != ERR_OK) return false;
    round_act_put_close(o, &close);
    return true;
}

static bool try_residue(struct str text, struct out *o)
{
    struct redact_residue residue;
    if (redact_residue_read(text, &residue) != ERR_OK) return false;
    redact_residue_put(o, &residue);
    return true;
}

/* A text is of the one type that it says, and of no other. */
static void try_text(struct str text)
{
    static bool (*const try[])(struct str, struct out *) = {
        [PAYLOAD_ASK] = try_ask, [PAYLOAD_COMMIT] = try_commit, [PAYLOAD_REVEAL] = try_reveal,
        [PAYLOAD_CLOSE] = try_close, [PAYLOAD_KEYS] = try_keys, [PAYLOAD_RESIDUE] = try_residue,
    };
    uint64_t type = 0;
    struct cbor_map map;
    bool has_type = payload_type(text, &type) == ERR_OK;
    EXPECT(!has_type || cbor_check(text) == ERR_OK);
    for (size_t i = 0; i < sizeof try / sizeof *try; i++) {
        struct out o = OUT_OVER(memory);
        if (try[i] == NULL || !try[i](text, &o)) continue;
        EXPECT(has_type && type == i);
        expect_written(text, &o);
        fuzz_good();
    }
    enum err e = payload_fields(text, PAYLOAD_NOTE, CBOR_KEY(2), CBOR_KEY(3), &map);
    EXPECT(e == ERR_UNREADABLE || (has_type && type == PAYLOAD_NOTE && cbor_map_has(&map, 2)));
    if (e == ERR_OK) fuzz_good();
}

/* ---- boxes -------------------------------------------------------------------------------------------- */

static struct payload_place place(void)
{
    return (struct payload_place){.circle = hash, .author = ana.keys.sign_pk, .id = id, .epoch = 7};
}

/* Any bytes as a payload; and any bytes as what is in it, before padding is looked at. */
static void try_payload(struct str payload)
{
    struct arena a;
    struct payload_place at = place();
    struct str text, again;
    arena_init(&a, 1 << 20);
    if (payload_open(&a, &at, key, payload, &text) == ERR_OK) {
        EXPECT(payload.len >= AEAD_NONCE_BYTES && text.len <= PAYLOAD_TEXT_BYTES);
        EXPECT(payload_seal_with_nonce(&a, &at, key, payload.at, text, &again) == ERR_OK && str_is(again, payload));
        at.epoch++;
        EXPECT(payload_open(&a, &at, key, payload, &text) == ERR_UNREADABLE);
        fuzz_good();
    }
    arena_fini(&a);
}

static void try_sealed(struct str padded)
{
    uint8_t where[HASH_BYTES + SIGN_PK_BYTES + 8 + ID_BYTES], *payload = memory;
    struct payload_place at = place();
    struct out o = OUT_OVER(where);
    if (padded.len + PAYLOAD_OVERHEAD_BYTES > sizeof memory) return;
    out_put(&o, str_at(at.circle, HASH_BYTES));
    out_put(&o, str_at(at.author, SIGN_PK_BYTES));
    out_put_be64(&o, at.epoch);
    out_put(&o, str_at(at.id, ID_BYTES));
    memcpy(payload, nonce, sizeof nonce);
    aead_seal(payload + sizeof nonce, padded, nonce, key, CTX_PAYLOAD, PARTS(out_str(&o)));
    try_payload(str_at(payload, padded.len + PAYLOAD_OVERHEAD_BYTES));
}

/* A text that can be sealed opens to itself; one that cannot is no text. */
static void try_seal(struct str text)
{
    struct arena a;
    struct payload_place at = place();
    struct str payload, opened;
    uint64_t type;
    arena_init(&a, 1 << 20);
    enum err e = payload_seal(&a, &at, key, text, &payload);
    EXPECT((e == ERR_OK) == (payload_type(text, &type) == ERR_OK && text.len <= PAYLOAD_TEXT_BYTES));
    if (e == ERR_OK) {
        EXPECT(payload.len == pad_bytes(text.len) + PAYLOAD_OVERHEAD_BYTES && payload.len <= LIMIT_PAYLOAD_BYTES);
        EXPECT(payload_open(&a, &at, key, payload, &opened) == ERR_OK && str_is(opened, text));
        fuzz_good();
    }
    arena_fini(&a);
}

/* Any bytes as what a capsule says. What opens is the one text that its inviter would have written. */
static void try_capsule(struct str text)
{
    uint8_t capsule[INVITE_CAPSULE_BYTES], again[INVITE_CAPSULE_BYTES], payload_hash[HASH_BYTES], kid[HASH_BYTES],
        found[KEY_BYTES] = {0}, padded[PAD_LEAST_BYTES];
    struct invite_seen seen = {.place = {hash, hash, ana.keys.sign_pk, 5, 3}, .payload_hash = payload_hash, .kid = kid};
    if (text.len >= PAD_LEAST_BYTES) return;
    pad_put(padded, sizeof padded, text);
    memcpy(capsule, nonce, sizeof nonce);
    aead_seal(capsule + sizeof nonce, STR_OF(padded), nonce, invite.capsule_key, CTX_CAPSULE, PARTS(STR_OF(invite.pk)));
    entry_payload_hash(payload_hash, STR_OF(capsule));
    epoch_kid(kid, key);
    enum err e = invite_capsule_open(&invite, STR_OF(capsule), &seen, found);
    if (e != ERR_OK) {
        bool is_known = e == ERR_UNREADABLE || e == ERR_WRONG_CIRCLE || e == ERR_BROKEN_CHAIN || e == ERR_BAD_KEY;
        EXPECT(is_known && found[0] == 0);
        return;
    }
    EXPECT(memcmp(found, key, sizeof key) == 0);
    invite_capsule_make(again, &invite, &seen.place, key);
    struct str opened;
    EXPECT(aead_open(padded, str_at(again + sizeof nonce, sizeof again - sizeof nonce), again, invite.capsule_key,
                     CTX_CAPSULE, PARTS(STR_OF(invite.pk))));
    EXPECT(pad_find(STR_OF(padded), &opened) && str_is(opened, text));
    fuzz_good();
}

/* Any bytes as an answer's box, or as what is in it, committed to as it should be. */
static void try_answer(struct str ct, bool is_sealed)
{
    struct answer_place at = {hash, hash, ana.keys.sign_pk};
    static uint8_t box[TEXT_BYTES], words[TEXT_BYTES], again[TEXT_BYTES];
    uint8_t ct_hash[HASH_BYTES], com[HASH_BYTES], com_again[HASH_BYTES];
    struct str answer;
    if (ct.len + AEAD_TAG_BYTES > sizeof box) return;
    if (is_sealed) {
        aead_seal(box, ct, nonce, key, CTX_ANSWER,
                  PARTS(str_at(hash, HASH_BYTES), str_at(hash, HASH_BYTES), str_at(at.author, SIGN_PK_BYTES)));
        ct = str_at(box, ct.len + AEAD_TAG_BYTES);
    }
    answer_ct_hash(ct_hash, ct);
    answer_commitment(com, &at, key, nonce, ct_hash);
    if (answer_open(words, &at, key, nonce, ct, com, &answer) != ERR_OK) return;
    size_t bucket_n = ct.len - AEAD_TAG_BYTES;
    EXPECT(str_is_utf8(answer) && answer.len < bucket_n);
    EXPECT(answer_seal(again, com_again, &at, key, nonce, answer, bucket_n) == ERR_OK);
    EXPECT(str_is(ct, str_at(again, ct.len)) && memcmp(com, com_again, sizeof com) == 0);
    fuzz_good();
}

/* Any bytes as what a server kept of an identity, or as the identity in it. */
static void try_wrapped(struct str bytes)
{
    static struct secret_access access;
    static const uint8_t code[SECRET_BYTES] = "a code";
    uint8_t wrapped[SECRET_WRAPPED_BYTES];
    struct secret_identity found, other;
    secret_access_init_bare(&access, code);
    EXPECT(secret_unwrap(&access, bytes, ana.keys.sign_pk, &found) == ERR_WRONG_SECRET);
    if (bytes.len != SEED_BYTES) return;
    secret_identity_init(&other, bytes.at);
    secret_wrap(wrapped, &access, &other);
    enum err e = secret_unwrap(&access, STR_OF(wrapped), other.sign_pk, &found);
    EXPECT(e == ERR_OK && memcmp(found.seed, bytes.at, SEED_BYTES) == 0);
    EXPECT(secret_unwrap(&access, STR_OF(wrapped), ana.keys.sign_pk, &found) == ERR_WRONG_SECRET);
    fuzz_good();
}

void fuzz_one(struct str input)
{
    struct fuzz_in in = {input};
    switch (fuzz_byte(&in)) {
    case 1: try_payload(in.left); return;
    case 2: try_sealed(in.left); return;
    case 3: try_seal(in.left); return;
    case 4: try_capsule(in.left); return;
    case 5: try_answer(in.left, false); return;
    case 6: try_answer(in.left, true); return;
    case 7: try_wrapped(in.left); return;
    default: try_text(in.left); return;
    }
}
