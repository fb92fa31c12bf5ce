/* attacks.c -- two things that a hostile program can really make, and that Troth refuses everywhere.
 *
 * An Ed25519 signature with a component of small order: some releases of libsodium take it for good, so
 * two clients could disagree about which records are valid. And one ciphertext that opens as two different
 * answers under two keys: without a commitment, its author could choose after seeing the others'.
 */
#include "record/round.h"

#include "vectors/vector.h"

/* ---- a signature that not every program refuses ------------------------------------------------ */

static void signature_of_small_order(void)
{
    uint8_t pk[SIGN_PK_BYTES], sig[SIG_BYTES];
    const struct str message = STR("which clients accept this?");
    vector_bytes("ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c", pk, sizeof pk);
    vector_bytes("43b05ce5f2cbb2a01e2cc4c60187552b979b5e3de16f1198ef6b92b74063a3149b1868902ffb5bedbc2cc49ecbb271ba16e7"
                 "f91c91738ff8b342034c681d9c07",
                 sig, sizeof sig);
    vector_check("a signature of small order is refused", !sign_fits(sig, pk, CTX_SIGN, PARTS(message)));
}

/* The refusal above is not one of everything: with an ordinary key (that of RFC 8032 section 7.1, test 3)
 * the same message verifies. */
static void signature_that_is_good(void)
{
    uint8_t seed_and_pk[SIGN_SK_BYTES], sig[SIG_BYTES];
    const struct str message = STR("which clients accept this?");
    vector_bytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
                 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                 seed_and_pk, sizeof seed_and_pk);
    sign_with(sig, seed_and_pk, CTX_SIGN, PARTS(message));
    vector_check("a good signature fits", sign_fits(sig, seed_and_pk + SEED_BYTES, CTX_SIGN, PARTS(message)));
    sig[40] ^= 1;
    vector_check("a changed one does not", !sign_fits(sig, seed_and_pk + SEED_BYTES, CTX_SIGN, PARTS(message)));
}

/* ---- one ciphertext, two keys, two answers ----------------------------------------------------- */

enum { TEXT_BYTES = 64, CT_BYTES = TEXT_BYTES + AEAD_TAG_BYTES };

static const uint8_t zero[32]; /* circle, round and author of the fixture */
static uint8_t nonce[AEAD_NONCE_BYTES], ct[CT_BYTES], key[2][KEY_BYTES], com[2][HASH_BYTES];

static void two_keys_load(void)
{
    vector_bytes("000102030405060708090a0b0c0d0e0f1011121314151617", nonce, sizeof nonce);
    vector_bytes("5f8cdece92c391cfc8e191fa2909519d41440ecd418e20f5442bce5107f53f659826ac2d93388ea526142a3a89d897ed"
                 "ff2e8b133ee4518ff04adbd6b7cc5a4ee97001ef3614096accde2c9ba9e8b509",
                 ct, sizeof ct);
    vector_bytes("5043ff738de615138517c6152b4bb3835d1bbaeae8047da567862c35482af5ad", key[0], KEY_BYTES);
    vector_bytes("49f1944d9f2b94227a679c759f238bdef6c6cb11a67d203090ccc6ee8231fb47", key[1], KEY_BYTES);
}

static void both_keys_open_it(void)
{
    static const char *const plain_hex[2] = {
        "7965730aff6bbf263c2b9c292e75609de12cd13ef96a45248e869fcb7b14cae3d1c0bdc458a0c03eca41b1885b6b426f8eb3240247"
        "830f3b432cffaf59788f06",
        "6e6f2e0abbc61c96b49e6a1866a00422b2e58afc420ca1f3bcabceae0113f21df0022befd17d95cca369ea462453b87596b6608fff"
        "cc181ecf208c41da7727fd",
    };
    const struct str place = STR_OF(zero);
    for (size_t i = 0; i < 2; i++) {
        uint8_t text[TEXT_BYTES] = {0};
        bool opens = aead_open(text, STR_OF(ct), nonce, key[i], CTX_ANSWER, PARTS(place, place, place));
        vector_check(i == 0 ? "key 1 opens it" : "key 2 opens it", opens);
        vector_same(i == 0 ? "as yes" : "as no", STR_OF(text), plain_hex[i]);
    }
}

/* The values were computed by another program, by the formula in answer.h. */
static void the_commitments_differ(void)
{
    static const char *const com_hex[2] = {
        "8d2756abd5b1a2ddbac9d08467b3cf330eba26c0bdb81ecf5007fb60dbd95361",
        "f1d1214c799bf46f623c9416f7fed70990d4d2622f67c50202a7cc5de8b0a0b9",
    };
    uint8_t ct_hash[HASH_BYTES];
    struct answer_place place = {.circle = zero, .round = zero, .author = zero};
    answer_ct_hash(ct_hash, STR_OF(ct));
    for (size_t i = 0; i < 2; i++) {
        answer_commitment(com[i], &place, key[i], nonce, ct_hash);
        vector_same(i == 0 ? "commitment to key 1" : "commitment to key 2", STR_OF(com[i]), com_hex[i]);
    }
}

/* Whoever commits to one of the keys can reveal that one, and never the other. */
static void only_the_committed_key_counts(size_t committed)
{
    struct round round;
    struct round_start start = {
        .circle = zero, .hash = zero, .asker = zero, .person = {zero}, .person_n = 1, .bucket_n = TEXT_BYTES};
    struct round_commit commit = {.ct = STR_OF(ct)};
    memcpy(commit.nonce, nonce, sizeof nonce);
    memcpy(commit.com, com[committed], sizeof commit.com);
    round_init(&round, &start);
    vector_check("the commit counts", round_take_commit(&round, zero, 2, &commit) == ERR_OK);
    vector_check("the other key does not", round_take_reveal(&round, zero, key[1 - committed]) == ERR_BAD_ANSWER);
    vector_check("and opens nothing", round.state == ROUND_COMMITTED && round_key(&round, zero) == NULL);
    vector_check("the committed key does", round_take_reveal(&round, zero, key[committed]) == ERR_OK);
    const uint8_t *shown = round_key(&round, zero);
    vector_check("and opens the round", shown != NULL && secret_is(shown, key[committed], KEY_BYTES));
    vector_check("the other key still does not", round_take_reveal(&round, zero, key[1 - committed]) == ERR_BAD_ANSWER);
    round_fini(&round);
}

int main(void)
{
    vector_check("libsodium is ready", record_open() == ERR_OK);
    signature_of_small_order();
    signature_that_is_good();
    two_keys_load();
    both_keys_open_it();
    the_commitments_differ();
    only_the_committed_key_counts(0);
    only_the_committed_key_counts(1);
    return vector_end();
}
