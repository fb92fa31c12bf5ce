/* statement.c -- see statement.h. */
#include "record/statement.h"

static void add(struct statement *s, const uint8_t *bytes, size_t n)
{
    EXPECT(n <= sizeof s->_bytes - s->_n);
    memcpy(s->_bytes + s->_n, bytes, n);
    s->_n += n;
}

static struct statement begin(const char *ctx, struct statement_to to)
{
    struct statement s = {._ctx = ctx};
    add(&s, to.origin, HASH_BYTES);
    add(&s, to.challenge, CHALLENGE_BYTES);
    return s;
}

static void add_hash(struct statement *s, struct str creds)
{
    uint8_t hash[HASH_BYTES];
    hash_of(hash, CTX_CRED, PARTS(creds));
    add(s, hash, sizeof hash);
}

struct statement statement_register(struct statement_to to, const uint8_t sign_pk[static SIGN_PK_BYTES],
                                    const uint8_t box_pk[static BOX_PK_BYTES], struct str cred)
{
    struct statement s = begin(CTX_REGISTER, to);
    add(&s, sign_pk, SIGN_PK_BYTES);
    add(&s, box_pk, BOX_PK_BYTES);
    add_hash(&s, cred);
    return s;
}

struct statement statement_login(struct statement_to to, const uint8_t cred_id[static ID_BYTES])
{
    struct statement s = begin(CTX_LOGIN, to);
    add(&s, cred_id, ID_BYTES);
    return s;
}

struct statement statement_creds(struct statement_to to, struct str list)
{
    struct statement s = begin(CTX_CREDS, to);
    add_hash(&s, list);
    return s;
}

struct statement statement_invite_open(struct statement_to to)
{
    return begin(CTX_INVOPEN, to);
}

struct statement statement_permit(struct statement_to to, const uint8_t sign_pk[static SIGN_PK_BYTES])
{
    struct statement s = begin(CTX_PERMIT, to);
    add(&s, sign_pk, SIGN_PK_BYTES);
    return s;
}

struct statement statement_close(struct statement_to to, const uint8_t sign_pk[static SIGN_PK_BYTES])
{
    struct statement s = begin(CTX_CLOSE, to);
    add(&s, sign_pk, SIGN_PK_BYTES);
    return s;
}

void statement_sign(uint8_t sig[static SIG_BYTES], const struct statement *statement,
                    const uint8_t sk[static SIGN_SK_BYTES])
{
    sign_with(sig, sk, statement->_ctx, PARTS(str_at(statement->_bytes, statement->_n)));
}

bool statement_fits(const uint8_t sig[static SIG_BYTES], const struct statement *statement,
                    const uint8_t pk[static SIGN_PK_BYTES])
{
    return sign_fits(sig, pk, statement->_ctx, PARTS(str_at(statement->_bytes, statement->_n)));
}
