/* invite.c -- see invite.h. */
#include "record/invite.h"

#include <sodium.h>

#include "record/account.h"
#include "record/epoch.h"

/* ---- keys ------------------------------------------------------------------------------------ */

void invite_keys_init(struct invite_keys *keys, const uint8_t secret[static SECRET_BYTES])
{
    uint8_t seed[SEED_BYTES];
    hash_keyed(keys->capsule_key, KEY_BYTES, str_at(secret, SECRET_BYTES), CTX_INVKEY, NULL, 0);
    hash_keyed(seed, sizeof seed, str_at(secret, SECRET_BYTES), CTX_INVSIGN, NULL, 0);
    EXPECT(crypto_sign_seed_keypair(keys->pk, keys->sk, seed) == 0);
    wipe(seed, sizeof seed);
}

void invite_keys_fini(struct invite_keys *keys)
{
    wipe(keys, sizeof *keys);
}

/* ---- capsule --------------------------------------------------------------------------------- */

enum { IN_CIRCLE = 1, IN_SEQ = 2, IN_PREV = 3, IN_AUTHOR = 4, IN_EPOCH = 5, IN_KEY = 6 };

/* What a capsule says. */
struct capsule {
    uint8_t circle[HASH_BYTES], prev[HASH_BYTES], author[SIGN_PK_BYTES], key[KEY_BYTES];
    uint64_t seq, epoch;
};

void invite_capsule_make(uint8_t capsule[static INVITE_CAPSULE_BYTES], const struct invite_keys *keys,
                         const struct invite_place *place, const uint8_t epoch_key[static KEY_BYTES])
{
    uint8_t *box = capsule + AEAD_NONCE_BYTES;
    struct out text = out_over(box, PAD_LEAST_BYTES - 1);
    cbor_put_map(&text, 6);
    cbor_put_uint(&text, IN_CIRCLE);
    cbor_put_bytes(&text, str_at(place->circle, HASH_BYTES));
    cbor_put_uint(&text, IN_SEQ);
    cbor_put_uint(&text, place->seq);
    cbor_put_uint(&text, IN_PREV);
    cbor_put_bytes(&text, str_at(place->prev, HASH_BYTES));
    cbor_put_uint(&text, IN_AUTHOR);
    cbor_put_bytes(&text, str_at(place->author, SIGN_PK_BYTES));
    cbor_put_uint(&text, IN_EPOCH);
    cbor_put_uint(&text, place->epoch);
    cbor_put_uint(&text, IN_KEY);
    cbor_put_bytes(&text, str_at(epoch_key, KEY_BYTES));
    EXPECT(!text.is_full);
    random_fill(capsule, AEAD_NONCE_BYTES);
    pad_put(box, PAD_LEAST_BYTES, out_str(&text)); /* in place: the box overwrites it */
    aead_seal(box, str_at(box, PAD_LEAST_BYTES), capsule, keys->capsule_key, CTX_CAPSULE, PARTS(STR_OF(keys->pk)));
}

static bool capsule_read(struct str text, struct capsule *c)
{
    struct cbor_map map;
    uint32_t needed = CBOR_KEY(IN_CIRCLE) | CBOR_KEY(IN_SEQ) | CBOR_KEY(IN_PREV) | CBOR_KEY(IN_AUTHOR) |
                      CBOR_KEY(IN_EPOCH) | CBOR_KEY(IN_KEY);
    if (cbor_map(text, &map) != ERR_OK || !cbor_map_is(&map, needed, 0)) return false;
    return cbor_bytes_n(map.item[IN_CIRCLE], c->circle, sizeof c->circle) == ERR_OK &&
           cbor_uint(map.item[IN_SEQ], &c->seq) == ERR_OK &&
           cbor_bytes_n(map.item[IN_PREV], c->prev, sizeof c->prev) == ERR_OK &&
           cbor_bytes_n(map.item[IN_AUTHOR], c->author, sizeof c->author) == ERR_OK &&
           cbor_uint(map.item[IN_EPOCH], &c->epoch) == ERR_OK &&
           cbor_bytes_n(map.item[IN_KEY], c->key, sizeof c->key) == ERR_OK;
}

static bool capsule_decrypt(const struct invite_keys *keys, struct str capsule, struct capsule *c)
{
    uint8_t padded[PAD_LEAST_BYTES];
    struct str text;
    struct str box = str_at(capsule.at + AEAD_NONCE_BYTES, capsule.len - AEAD_NONCE_BYTES);
    bool is_read = aead_open(padded, box, capsule.at, keys->capsule_key, CTX_CAPSULE, PARTS(STR_OF(keys->pk))) &&
                   pad_find(STR_OF(padded), &text) && capsule_read(text, c);
    wipe(padded, sizeof padded);
    return is_read;
}

static enum err capsule_judge(const struct capsule *c, const struct invite_seen *seen)
{
    const struct invite_place *place = &seen->place;
    if (memcmp(c->circle, place->circle, HASH_BYTES) != 0) return ERR_WRONG_CIRCLE;
    bool is_there = c->seq == place->seq && c->epoch == place->epoch && memcmp(c->prev, place->prev, HASH_BYTES) == 0 &&
                    memcmp(c->author, place->author, SIGN_PK_BYTES) == 0;
    if (!is_there) return ERR_BROKEN_CHAIN;
    return epoch_key_fits(c->key, seen->kid) ? ERR_OK : ERR_BAD_KEY;
}

enum err invite_capsule_open(const struct invite_keys *keys, struct str capsule, const struct invite_seen *seen,
                             uint8_t epoch_key[static KEY_BYTES])
{
    struct capsule c;
    uint8_t hash[HASH_BYTES];
    hash_of(hash, CTX_BLOB, PARTS(capsule));
    if (capsule.len != INVITE_CAPSULE_BYTES || memcmp(hash, seen->payload_hash, sizeof hash) != 0) {
        return ERR_PAYLOAD_MISMATCH;
    }
    enum err e = capsule_decrypt(keys, capsule, &c) ? capsule_judge(&c, seen) : ERR_UNREADABLE;
    if (e == ERR_OK) memcpy(epoch_key, c.key, sizeof c.key);
    wipe(&c, sizeof c);
    return e;
}

/* ---- proof ----------------------------------------------------------------------------------- */

void invite_proof_make(uint8_t proof[static SIG_BYTES], const uint8_t invite_sk[static SIGN_SK_BYTES],
                       const uint8_t *circle, const uint8_t *invite_hash, const uint8_t *sign_pk,
                       const uint8_t *box_pk)
{
    sign_with(proof, invite_sk, CTX_JOIN,
              PARTS(str_at(circle, HASH_BYTES), str_at(invite_hash, HASH_BYTES), str_at(sign_pk, SIGN_PK_BYTES),
                    str_at(box_pk, BOX_PK_BYTES)));
}

bool invite_proof_fits(const uint8_t proof[static SIG_BYTES], const uint8_t invite_pk[static SIGN_PK_BYTES],
                       const uint8_t *circle, const uint8_t *invite_hash, const uint8_t *sign_pk,
                       const uint8_t *box_pk)
{
    return sign_fits(proof, invite_pk, CTX_JOIN,
                     PARTS(str_at(circle, HASH_BYTES), str_at(invite_hash, HASH_BYTES), str_at(sign_pk, SIGN_PK_BYTES),
                           str_at(box_pk, BOX_PK_BYTES)));
}

/* ---- link ------------------------------------------------------------------------------------ */

void invite_link_put(struct out *o, struct str client, const uint8_t secret[static SECRET_BYTES], struct str server)
{
    EXPECT(account_is_origin(client) && account_is_origin(server));
    out_put(o, client);
    out_put(o, STR("/#"));
    code_put(o, CODE_INVITE, secret);
    out_put_byte(o, '@');
    out_put(o, server);
}

static struct str trimmed(struct str s)
{
    while (s.len > 0 && s.at[0] <= ' ') s = str_at(s.at + 1, s.len - 1);
    while (s.len > 0 && s.at[s.len - 1] <= ' ') s.len--;
    return s;
}

/* What stands before the first such character, and behind it; false if there is none. */
static bool cut(struct str s, char at, struct str *before, struct str *behind)
{
    const uint8_t *found = s.len == 0 ? NULL : memchr(s.at, at, s.len);
    if (found == NULL) return false;
    size_t n = (size_t)(found - s.at);
    *before = str_at(s.at, n);
    *behind = str_at(found + 1, s.len - n - 1);
    return true;
}

enum err invite_link_read(struct str text, uint8_t secret[static SECRET_BYTES], struct str *server, struct why *why)
{
    struct str client, code, origin, link = trimmed(text);
    if (cut(link, '#', &client, &code)) link = code;
    if (!cut(link, '@', &code, &origin) || !account_is_origin(origin)) {
        *why = (struct why){.code = ERR_BAD_CODE, .field = "server",
                            .text = "An invitation ends in @ and the address of its server."};
        return ERR_BAD_CODE;
    }
    enum err e = code_read(CODE_INVITE, code, secret, why);
    if (e != ERR_OK) return e;
    *server = origin;
    return ERR_OK;
}
