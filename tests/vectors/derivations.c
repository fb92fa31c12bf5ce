/* derivations.c -- every derivation of the record that has fixed bytes, against values that another program
 * computed. The headers, signatures and hashes of entries are in entries.c.
 *
 * Inputs are patterns: from(x) is the bytes x, x + 1, x + 2 and so on.
 */
#include "record/account.h"
#include "record/answer.h"
#include "record/code.h"
#include "record/epoch.h"
#include "record/invite.h"
#include "record/payload.h"
#include "record/phrase.h"
#include "record/secret.h"

#include "vectors/vector.h"

static const char circle_hex[] = "344c04edc27409c5b7f052ee4e54bbedf831bef283b5fe9a89bd6bbb5c4628a9";
static const char entry1_hex[] = "176f9a08de5e7e9f106a0f1c4ad16966bb2b53312698287693ef396c385dc0dd";
static uint8_t circle[HASH_BYTES], entry1[HASH_BYTES];

static void from(uint8_t first, uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) bytes[i] = (uint8_t)(first + i);
}

/* ---- code and passphrase ----------------------------------------------------------------------- */

static void access_make(struct secret_access *access)
{
    uint8_t code[SECRET_BYTES], salt[SECRET_SALT_BYTES], pw[KEY_BYTES] = {0}, root[KEY_BYTES];
    from(0x10, code, sizeof code);
    vector_same("R", STR_OF(code), "101112131415161718191a1b1c1d1e1f20212223");
    secret_salt(salt, code);
    vector_same("salt", STR_OF(salt), "f29d467a046c7833f665ac91cdd4d13a");
    enum err e = secret_pw(pw, STR("correct horse battery staple"), salt);
    vector_check("pw is computed", e == ERR_OK);
    vector_same("pw", STR_OF(pw), "747584e1dccf8d6e1cdc90ac8d34766e5001784965dcd8ead6f03d432597c440");
    secret_root(root, code, pw);
    vector_same("root", STR_OF(root), "738093c1771f60277d42d4d447c06c1f95dcb13ddd7958e5ca09b137e9018042");
    e = secret_access_init(access, code, STR("correct horse battery staple"));
    vector_check("access is computed", e == ERR_OK);
    vector_same("cred_id", STR_OF(access->cred_id), "22ac860035b7c698306daacadb90e679");
    vector_same("login_pk", STR_OF(access->login_pk),
                "8abdc90dd8f469e751ae3ea3c300ed3df77d175968901363dab44917fb8464ff");
    vector_same("wrap_key", STR_OF(access->wrap_key),
                "271a354f90dd0f4e1e3615a15e705eaa8a17a772398d908503c13b6c61e52454");
}

static void code_text(void)
{
    uint8_t code[SECRET_BYTES], room[CODE_TEXT_BYTES];
    struct out o = OUT_OVER(room);
    from(0x10, code, sizeof code);
    code_put(&o, CODE_ACCOUNT, code);
    vector_check("code", str_is(out_str(&o), STR("T1-208H-44RM-2MB1-E60S-38DH-R78Y-3WG2-28H3-BJEJ")));
}

/* ---- identity and login ------------------------------------------------------------------------ */

static void identity_make(struct secret_identity *identity, const struct secret_access *access)
{
    uint8_t seed[SEED_BYTES], nonce[AEAD_NONCE_BYTES], wrapped[SECRET_WRAPPED_BYTES];
    struct secret_identity opened;
    from(0x40, seed, sizeof seed);
    from(0x80, nonce, sizeof nonce);
    secret_identity_init(identity, seed);
    vector_same("sign_pk", STR_OF(identity->sign_pk),
                "252c23cf2fcbf188b9ca395d9f8873f946c9fb81ca27e901ea59d2851eafa054");
    vector_same("box_pk", STR_OF(identity->box_pk),
                "048e522fc164eb053998fac6542b120322b69658a0a19efe1fb24f131597be01");
    secret_wrap_with_nonce(wrapped, access, identity, nonce);
    vector_same("wrapped_identity", STR_OF(wrapped),
                "808182838485868788898a8b8c8d8e8f9091929394959697619e8364f656b54f91f2c714b04db400d577dfcd96cbe9f7"
                "cfcf5d1e1911c5800cd1618ddc0e869a5d635a1d23d4097f");
    enum err e = secret_unwrap(access, STR_OF(wrapped), identity->sign_pk, &opened);
    vector_check("wrapped_identity opens", e == ERR_OK && secret_is(&opened, identity, sizeof opened));
}

static void login(const struct secret_access *access)
{
    uint8_t origin[HASH_BYTES], challenge[CHALLENGE_BYTES], sig[SIG_BYTES];
    account_origin(origin, STR("https://troth.example"));
    from(0xc0, challenge, sizeof challenge);
    struct statement_to to = {.origin = origin, .challenge = challenge};
    struct statement statement = statement_login(to, access->cred_id);
    statement_sign(sig, &statement, access->login_sk);
    vector_same("login_sig", STR_OF(sig),
                "d7547b8d03150154a768a26a72b36232a3f9d4ecb1f2a6522b7794933187b767c5195a15186b036605e7d62431864abf"
                "f1493505f397ad6562d3eef5ed6a0e0a");
    vector_check("login_sig fits", statement_fits(sig, &statement, access->login_pk));
}

/* ---- epoch key and payload --------------------------------------------------------------------- */

static void payload(const struct secret_identity *identity)
{
    uint8_t key[KEY_BYTES], kid[HASH_BYTES], content_key[KEY_BYTES], nonce[AEAD_NONCE_BYTES], id[ID_BYTES];
    uint8_t hash[HASH_BYTES], room[16];
    struct str sealed = {0}, opened = {0};
    struct arena a;
    arena_init(&a, 4096);
    from(0x20, key, sizeof key);
    from(0x30, nonce, sizeof nonce);
    from(0xb0, id, sizeof id);
    epoch_kid(kid, key);
    vector_same("kid", STR_OF(kid), "b3df0205c1c0be01c756711c46738be195269334bf25b7fc78c3aa7d548266a9");
    epoch_content_key(content_key, key);
    struct out text = OUT_OVER(room);
    cbor_put_map(&text, 2);
    cbor_put_uint(&text, PAYLOAD_KEY_TYPE);
    cbor_put_uint(&text, PAYLOAD_NOTE);
    cbor_put_uint(&text, 2);
    cbor_put_text(&text, STR("hello"));
    struct payload_place place = {.circle = circle, .author = identity->sign_pk, .id = id, .epoch = 0};
    enum err e = payload_seal_with_nonce(&a, &place, content_key, nonce, out_str(&text), &sealed);
    vector_check("payload is sealed", e == ERR_OK);
    vector_check("payload_len", sealed.len == 552);
    hash_of(hash, CTX_BLOB, PARTS(sealed));
    vector_same("payload_hash", STR_OF(hash), "7aa89c860fd2722d37b882d1965e9c510bbf9c084bcd9065f034f9550d13e135");
    e = payload_open(&a, &place, content_key, sealed, &opened);
    vector_check("payload opens", e == ERR_OK && str_is(opened, out_str(&text)));
    arena_fini(&a);
}

static void padme(void)
{
    static const size_t n[] = {10, 600, 1000, 5000, 65536, 70001};
    static const size_t size[] = {512, 608, 1024, 5120, 65536, 71680};
    bool is_right = true;
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) is_right = is_right && pad_padme(n[i]) == size[i];
    vector_check("padme", is_right);
}

/* ---- round, invitation, safety phrase ---------------------------------------------------------- */

static void answer(const struct secret_identity *identity)
{
    enum { BUCKET = 512 };
    uint8_t nonce[AEAD_NONCE_BYTES], key[KEY_BYTES], com[HASH_BYTES] = {0}, ct[BUCKET + AEAD_TAG_BYTES];
    uint8_t memory[BUCKET];
    struct str words = {0};
    struct answer_place place = {.circle = circle, .round = entry1, .author = identity->sign_pk};
    from(0x50, nonce, sizeof nonce);
    answer_key(key, identity->reveal_root, &place, nonce);
    vector_same("reveal_key", STR_OF(key), "194d700ea7ef549ecf48bf1add96f9da3f859a796f1240038af7bdd4d3602f71");
    enum err e = answer_seal(ct, com, &place, key, nonce, STR("yes"), BUCKET);
    vector_check("answer is sealed", e == ERR_OK);
    vector_same("commitment", STR_OF(com), "01fa2130a840793083e0c681e1fe4a0493cfa7a9fe94b32ec26f4a16c52646e6");
    e = answer_open(memory, &place, key, nonce, STR_OF(ct), com, &words);
    vector_check("answer opens", e == ERR_OK && str_is(words, STR("yes")));
}

static void invitation(const struct secret_identity *identity)
{
    uint8_t secret[SECRET_BYTES], proof[SIG_BYTES];
    struct invite_keys keys;
    from(0x60, secret, sizeof secret);
    invite_keys_init(&keys, secret);
    vector_same("invite_pk", STR_OF(keys.pk), "25374a467eceff3a06171487f208475853d4b91c1f3f22a418c04498729a8f95");
    invite_proof_make(proof, keys.sk, circle, entry1, identity->sign_pk, identity->box_pk);
    vector_same("join_proof", STR_OF(proof),
                "a8bffbebe061409d2f24bfb5bdcd558a0219c4fc2f00a2f4e6ed2854f4ef82657cd8c18cae5d8c53f654c14091b90a9e"
                "c3a59b89a38634e6caf23ec96354b60f");
    vector_check("join_proof fits",
                 invite_proof_fits(proof, keys.pk, circle, entry1, identity->sign_pk, identity->box_pk));
}

static void safety_words(const struct secret_identity *identity)
{
    static const uint16_t position[PHRASE_WORDS] = {1909, 1775, 1412, 350, 1378, 794, 661, 1890};
    struct phrase_member member = {.sign_pk = identity->sign_pk, .box_pk = identity->box_pk};
    uint16_t word[PHRASE_WORDS] = {0};
    enum err e = phrase_make(circle, &member, 1, word);
    vector_check("safety words are computed", e == ERR_OK);
    vector_check("safety_word_indexes", memcmp(word, position, sizeof word) == 0);
}

int main(void)
{
    struct secret_access access = {.cred_id = {0}};
    struct secret_identity identity;
    vector_check("libsodium is ready", record_open() == ERR_OK);
    vector_bytes(circle_hex, circle, sizeof circle);
    vector_bytes(entry1_hex, entry1, sizeof entry1);
    access_make(&access);
    code_text();
    identity_make(&identity, &access);
    login(&access);
    payload(&identity);
    padme();
    answer(&identity);
    invitation(&identity);
    safety_words(&identity);
    return vector_end();
}
