/* hash.h -- the hashes of the record: every one names in 16 bytes what it is for.
 *
 * The context in front keeps a hash, a signature or a sealed box that was made for one purpose from
 * ever meaning something in another. All contexts of Troth stand here and nowhere else.
 *
 * Source   docs/protocol.md, "Conventions"; BLAKE2b as libsodium's crypto_generichash
 */
#ifndef RECORD_HASH_H
#define RECORD_HASH_H

#include "base/err.h"
#include "base/out.h"

enum {
    CTX_BYTES = 16,
    HASH_BYTES = 32,
    SIGN_PK_BYTES = 32,
    SIGN_SK_BYTES = 64,
    BOX_PK_BYTES = 32,
    BOX_SK_BYTES = 32,
    SIG_BYTES = 64,
    SEED_BYTES = 32,
    KEY_BYTES = 32,
    ID_BYTES = 16,
    SEAL_BYTES = 80,   /* 32 bytes sealed to a box key */
    SECRET_BYTES = 20, /* account code, permit, invitation: 160 random bits */
};

#define CTX_CODE      "troth1:code....."
#define CTX_SALT      "troth1:salt....."
#define CTX_CREDID    "troth1:credid..."
#define CTX_ROOT      "troth1:root....."
#define CTX_WRAP      "troth1:wrap....."
#define CTX_KID       "troth1:kid......"
#define CTX_INVKEY    "troth1:invkey..."
#define CTX_INVSIGN   "troth1:invsign.."
#define CTX_CHALLENGE "troth1:chal....."
#define CTX_ORIGIN    "troth1:origin..."
#define CTX_REGISTER  "troth1:register."
#define CTX_CRED      "troth1:cred....."
#define CTX_PERMIT    "troth1:permit..."
#define CTX_PERMITKEY "troth1:permkey.."
#define CTX_LOGIN     "troth1:login...."
#define CTX_TOKEN     "troth1:token...."
#define CTX_CREDS     "troth1:creds...."
#define CTX_CLOSE     "troth1:close...."
#define CTX_BLOB      "troth1:blob....."
#define CTX_SIGN      "troth1:sign....."
#define CTX_ENTRY     "troth1:entry...."
#define CTX_PAYLOAD   "troth1:payload.."
#define CTX_CAPSULE   "troth1:capsule.."
#define CTX_INVOPEN   "troth1:invopen.."
#define CTX_JOIN      "troth1:join....."
#define CTX_CIRCLEFP  "troth1:circlefp."
#define CTX_REVEALK   "troth1:revealk.."
#define CTX_ANSWER    "troth1:answer..."
#define CTX_COMMIT    "troth1:commit..."
#define CTX_CT        "troth1:ct......."
#define CTX_LOCAL     "troth1:local...." /* never leaves the device         */
#define CTX_RATE      "troth1:rate....." /* never leaves the server's memory */

/* record_open -- makes libsodium ready; once, before anything else of record.  [NO_MEMORY] */
MUST_USE enum err record_open(void);

/* hash_of -- BLAKE2b of the context and the parts, one behind the other, in 32 bytes. */
void hash_of(uint8_t hash[static HASH_BYTES], const char *ctx, const struct str *part, size_t part_n) NONNULL;

/* hash_keyed -- the same with a key, to a length of the caller's choice.
 *
 * Takes    key    16 to 64 bytes
 *          hash_n 16 to 64
 */
void hash_keyed(uint8_t *hash, size_t hash_n, struct str key, const char *ctx, const struct str *part,
                size_t part_n) __attribute__((nonnull(1, 4)));

#define PARTS(...) ((const struct str[]){__VA_ARGS__}), sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str)

/* sign_with, sign_fits -- Ed25519 over the context and the parts, one behind the other.
 *
 * sign_fits refuses, as libsodium 1.0.18 does, keys and signatures with a component of small order and
 * numbers that are not reduced: which odd signatures are good decides which records are valid.
 * The message (context and parts) is at most SIGN_MESSAGE_BYTES long; longer is misuse.
 */
enum { SIGN_MESSAGE_BYTES = CTX_BYTES + 4096 };
void sign_with(uint8_t sig[static SIG_BYTES], const uint8_t sk[static SIGN_SK_BYTES], const char *ctx,
               const struct str *part, size_t part_n) NONNULL;
bool sign_fits(const uint8_t sig[static SIG_BYTES], const uint8_t pk[static SIGN_PK_BYTES], const char *ctx,
               const struct str *part, size_t part_n) NONNULL MUST_USE;

/* random_fill -- bytes nobody can guess. */
void random_fill(void *bytes, size_t n) NONNULL;

/* wipe -- overwrites a secret in a way the compiler may not leave out. */
void wipe(void *secret, size_t n) NONNULL;

/* secret_is -- equality of secrets in constant time. */
bool secret_is(const void *a, const void *b, size_t n) NONNULL MUST_USE;

#endif
