/* statement.h -- what a person signs to a server: to be let in, to change or to end an account.
 *
 * Every statement names the origin as the signer dialled it, and the server's challenge. So it is of no
 * use at another server, nor a second time.
 *
 *   register     "troth1:register."  O || challenge || sign_pk || box_pk || H("troth1:cred.....", cred)
 *   login        "troth1:login...."  O || challenge || cred_id                       by the login key
 *   creds        "troth1:creds...."  O || challenge || H("troth1:cred.....", new list)
 *   invite open  "troth1:invopen.."  O || challenge                                  by the invite key
 *   permit       "troth1:permit..."  O || challenge || sign_pk                       by the invite key
 *   close        "troth1:close...."  O || challenge || sign_pk
 *
 * cred and the new list are hashed as the bytes that travel; the others are by the account's sign key.
 *
 * Source   docs/protocol.md, "Account, login, devices", "Invite and join"
 */
#ifndef RECORD_STATEMENT_H
#define RECORD_STATEMENT_H

#include "record/challenge.h"

enum { STATEMENT_BYTES = 5 * 32 };

/* A value: what is signed, behind its context. */
struct statement {
    const char *_ctx;
    uint8_t _bytes[STATEMENT_BYTES];
    size_t _n;
};

/* To whom, and to which question: what every statement begins with. Borrowed. */
struct statement_to {
    const uint8_t *origin;    /* HASH_BYTES, as account_origin made it */
    const uint8_t *challenge; /* CHALLENGE_BYTES                       */
};

/* statement_register -- I open an account with these keys and this credential.
 *
 * Takes    cred   the CBOR map of account_cred_put, byte for byte as it travels
 */
struct statement statement_register(struct statement_to to, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                    const uint8_t box_pk[static BOX_PK_BYTES], struct str cred) NONNULL;

/* statement_login -- it is me, who knows this credential's code and passphrase. */
struct statement statement_login(struct statement_to to, const uint8_t cred_id[static ID_BYTES]) NONNULL;

/* statement_creds -- these are from now on all ways into my account.
 *
 * Takes    list   the CBOR map of account_creds_put, byte for byte as it travels
 */
struct statement statement_creds(struct statement_to to, struct str list);

/* statement_invite_open -- I hold the secret of this invitation. */
struct statement statement_invite_open(struct statement_to to);

/* statement_permit -- whoever holds this invitation lets that key open an account. */
struct statement statement_permit(struct statement_to to, const uint8_t sign_pk[static SIGN_PK_BYTES]) NONNULL;

/* statement_close -- I end my account. */
struct statement statement_close(struct statement_to to, const uint8_t sign_pk[static SIGN_PK_BYTES]) NONNULL;

/* statement_sign, statement_fits -- the signature under a statement, and whether it is one. */
void statement_sign(uint8_t sig[static SIG_BYTES], const struct statement *statement,
                    const uint8_t sk[static SIGN_SK_BYTES]) NONNULL;
MUST_USE bool statement_fits(const uint8_t sig[static SIG_BYTES], const struct statement *statement,
                             const uint8_t pk[static SIGN_PK_BYTES]) NONNULL;

#endif
