/* account.h -- what a server knows of an account: origins, credentials, tokens. No secret of a person.
 *
 *   cred  = { 1: cred_id: bstr .size 16, 2: login_pk: bstr .size 32, 3: wrapped: bstr .size 72 }
 *   creds = { 1: version: uint, 2: [ 1*4 cred ] }
 *
 * Source   docs/protocol.md, "Account, login, devices"
 */
#ifndef RECORD_ACCOUNT_H
#define RECORD_ACCOUNT_H

#include "base/cbor.h"
#include "record/secret.h"
#include "record/statement.h"

enum {
    ACCOUNT_TOKEN_BYTES = 32,
    ACCOUNT_ORIGIN_BYTES = 272, /* the longest origin: https://, a name of 253 characters, a port */
};

/* account_is_origin -- whether text is an origin as browsers write it: http or https, "://", a host in
 * lower case, and a port unless it is the usual one. No path, no slash at the end. */
bool account_is_origin(struct str text);

/* account_origin -- the hash under which every statement names the server: O. */
void account_origin(uint8_t origin[static HASH_BYTES], struct str text) NONNULL;

/* account_pk_is_usable -- whether a key can ever verify a signature: a point of the curve, in its one
 * form, of full order. */
MUST_USE bool account_pk_is_usable(const uint8_t pk[static SIGN_PK_BYTES]) NONNULL;

/* ---- credentials ------------------------------------------------------------------------------ */

/* One way into an account, as the server keeps it: nothing in it can be guessed at. */
struct account_cred {
    uint8_t cred_id[ID_BYTES], login_pk[SIGN_PK_BYTES], wrapped[SECRET_WRAPPED_BYTES];
};

/* All ways into an account. The version counts up by one with each change. */
struct account_creds {
    uint64_t version;
    struct account_cred cred[LIMIT_CREDENTIALS];
    size_t cred_n;
};

/* the longest that these maps can get */
enum { ACCOUNT_CRED_TEXT_BYTES = 129, ACCOUNT_CREDS_TEXT_BYTES = 13 + LIMIT_CREDENTIALS * ACCOUNT_CRED_TEXT_BYTES };

/* account_cred_put, account_creds_put -- append the CBOR map. No credential, or too many, is misuse. */
void account_cred_put(struct out *o, const struct account_cred *cred) NONNULL;
void account_creds_put(struct out *o, const struct account_creds *creds) NONNULL;

/* account_cred_read, account_creds_read -- take it apart.                 [pure | BAD_CBOR BAD_FIELD BAD_KEY]
 *
 * Fails    BAD_CBOR   not the strict subset
 *          BAD_FIELD  a field missing, too many, of the wrong type or length; no credential, more than
 *                     LIMIT_CREDENTIALS, or two with one cred_id
 *          BAD_KEY    a login_pk that is not usable
 */
MUST_USE enum err account_cred_read(struct str item, struct account_cred *cred) NONNULL;
MUST_USE enum err account_creds_read(struct str item, struct account_creds *creds) NONNULL;

/* ---- signing in ------------------------------------------------------------------------------- */

/* account_dummy_pk -- a key whose secret nobody has, made once when a server starts.         [random] */
void account_dummy_pk(uint8_t pk[static SIGN_PK_BYTES]) NONNULL;

/* account_login_fits -- whether a login is signed by the key of its credential.
 *
 * Takes    login_pk   NULL when no credential has that cred_id: then the answer is no, after the same
 *                     work on dummy_pk, so that the time does not tell which cred_ids exist
 */
MUST_USE bool account_login_fits(const uint8_t sig[static SIG_BYTES], const struct statement *login,
                                 const uint8_t *login_pk, const uint8_t dummy_pk[static SIGN_PK_BYTES])
    __attribute__((nonnull(1, 2, 4)));

/* account_token_hash -- what a server keeps of a session's token. */
void account_token_hash(uint8_t hash[static HASH_BYTES], const uint8_t token[static ACCOUNT_TOKEN_BYTES]) NONNULL;

/* account_permit_hash -- what a server keeps of a permit. */
void account_permit_hash(uint8_t hash[static HASH_BYTES], const uint8_t secret[static SECRET_BYTES]) NONNULL;

#endif
