/* body.c -- see body.h. */
#include "device/body.h"

static void put_bytes(struct out *o, unsigned key, const void *bytes, size_t n)
{
    cbor_put_uint(o, key);
    cbor_put_bytes(o, str_at(bytes, n));
}

/* Origin, challenge and signature under three keys from first_key on: how every one of them ends. */
static void put_statement(struct out *o, unsigned first_key, struct body_to to, const struct statement *statement,
                          const uint8_t sk[static SIGN_SK_BYTES])
{
    uint8_t sig[SIG_BYTES];
    statement_sign(sig, statement, sk);
    cbor_put_uint(o, first_key);
    cbor_put_text(o, to.origin);
    put_bytes(o, first_key + 1, to.challenge, CHALLENGE_BYTES);
    put_bytes(o, first_key + 2, sig, sizeof sig);
}

/* The origin as statements name it. */
struct named {
    uint8_t origin[HASH_BYTES];
};

static struct statement_to named(struct named *named, struct body_to to)
{
    account_origin(named->origin, to.origin);
    return (struct statement_to){named->origin, to.challenge};
}

struct account_cred body_cred(const struct secret_access *access, const uint8_t wrapped[static SECRET_WRAPPED_BYTES])
{
    struct account_cred cred;
    memcpy(cred.cred_id, access->cred_id, ID_BYTES);
    memcpy(cred.login_pk, access->login_pk, SIGN_PK_BYTES);
    memcpy(cred.wrapped, wrapped, SECRET_WRAPPED_BYTES);
    return cred;
}

/* ---- an account ---------------------------------------------------------------------------------------- */

enum { SIGN_PK = 1, BOX_PK, CRED, PERMIT, INVITE, REGISTER_STATEMENT };

static void put_leave(struct out *o, const struct body_leave *leave, struct statement_to to,
                      const struct secret_identity *me)
{
    if (leave->permit != NULL) {
        put_bytes(o, PERMIT, leave->permit, SECRET_BYTES);
        return;
    }
    struct invite_keys keys;
    uint8_t sig[SIG_BYTES];
    struct statement statement = statement_permit(to, me->sign_pk);
    invite_keys_init(&keys, leave->invite_secret);
    statement_sign(sig, &statement, keys.sk);
    cbor_put_uint(o, INVITE);
    cbor_put_list(o, 2);
    cbor_put_bytes(o, STR_OF(keys.pk));
    cbor_put_bytes(o, STR_OF(sig));
    invite_keys_fini(&keys);
}

void body_register(struct out *body, struct body_to to, const struct secret_identity *me,
                   const struct account_cred *cred, const struct body_leave *leave)
{
    uint8_t memory[ACCOUNT_CRED_TEXT_BYTES];
    struct out text = OUT_OVER(memory);
    struct named name;
    struct statement_to said = named(&name, to);
    EXPECT((leave->permit == NULL) != (leave->invite_secret == NULL));
    account_cred_put(&text, cred);
    EXPECT(!text.is_full);
    struct statement statement = statement_register(said, me->sign_pk, me->box_pk, out_str(&text));
    cbor_put_map(body, 7);
    put_bytes(body, SIGN_PK, me->sign_pk, SIGN_PK_BYTES);
    put_bytes(body, BOX_PK, me->box_pk, BOX_PK_BYTES);
    cbor_put_uint(body, CRED);
    out_put(body, out_str(&text));
    put_leave(body, leave, said, me);
    put_statement(body, REGISTER_STATEMENT, to, &statement, me->sign_sk);
}

void body_login(struct out *body, struct body_to to, const struct secret_access *access)
{
    struct named name;
    struct statement statement = statement_login(named(&name, to), access->cred_id);
    cbor_put_map(body, 4);
    put_bytes(body, 1, access->cred_id, ID_BYTES);
    put_statement(body, 2, to, &statement, access->login_sk);
}

void body_creds(struct out *body, struct body_to to, const struct secret_identity *me,
                const struct account_creds *creds)
{
    uint8_t memory[ACCOUNT_CREDS_TEXT_BYTES];
    struct out list = OUT_OVER(memory);
    struct named name;
    account_creds_put(&list, creds);
    EXPECT(!list.is_full);
    struct statement statement = statement_creds(named(&name, to), out_str(&list));
    cbor_put_map(body, 4);
    cbor_put_uint(body, 1);
    out_put(body, out_str(&list));
    put_statement(body, 2, to, &statement, me->sign_sk);
}

void body_close(struct out *body, struct body_to to, const struct secret_identity *me)
{
    struct named name;
    struct statement statement = statement_close(named(&name, to), me->sign_pk);
    cbor_put_map(body, 3);
    put_statement(body, 1, to, &statement, me->sign_sk);
}

/* ---- an invitation ------------------------------------------------------------------------------------- */

void body_invite(struct out *body, struct body_to to, const uint8_t secret[static SECRET_BYTES])
{
    struct invite_keys keys;
    struct named name;
    struct statement statement = statement_invite_open(named(&name, to));
    invite_keys_init(&keys, secret);
    cbor_put_map(body, 4);
    put_bytes(body, 1, keys.pk, SIGN_PK_BYTES);
    put_statement(body, 2, to, &statement, keys.sk);
    invite_keys_fini(&keys);
}
