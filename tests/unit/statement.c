/* statement.c -- what is signed to a server is exactly the protocol's bytes, and fits nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/secret.h"
#include "record/statement.h"

static struct secret_identity ana, ben;
static uint8_t origin[HASH_BYTES], challenge[CHALLENGE_BYTES], cred_id[ID_BYTES];

static struct statement_to here(void)
{
    return (struct statement_to){.origin = origin, .challenge = challenge};
}

enum { REGISTER, LOGIN, CREDS, INVITE_OPEN, PERMIT, CLOSE, STATEMENTS };

/* Each kind, about Ana. */
static struct statement make(size_t kind, struct statement_to to)
{
    switch (kind) {
    case REGISTER: return statement_register(to, ana.sign_pk, ana.box_pk, STR("a credential"));
    case LOGIN: return statement_login(to, cred_id);
    case CREDS: return statement_creds(to, STR("a list"));
    case INVITE_OPEN: return statement_invite_open(to);
    case PERMIT: return statement_permit(to, ana.sign_pk);
    default: return statement_close(to, ana.sign_pk);
    }
}

/* The signature over the parts as the protocol lists them; Ed25519 signs the same bytes to the same end. */
static void assert_signs(size_t kind, const char *ctx, const struct str *part, size_t part_n)
{
    uint8_t expected[SIG_BYTES], sig[SIG_BYTES];
    struct statement statement = make(kind, here());
    sign_with(expected, ana.sign_sk, ctx, part, part_n);
    statement_sign(sig, &statement, ana.sign_sk);
    assert_memory_equal(sig, expected, sizeof sig);
    assert_true(statement_fits(sig, &statement, ana.sign_pk));
}

static void each_signs_the_bytes_of_the_protocol(void **state)
{
    (void)state;
    uint8_t cred_hash[HASH_BYTES], list_hash[HASH_BYTES];
    const struct str o = STR_OF(origin), c = STR_OF(challenge), sign_pk = STR_OF(ana.sign_pk);
    hash_of(cred_hash, "troth1:cred.....", PARTS(STR("a credential")));
    hash_of(list_hash, "troth1:cred.....", PARTS(STR("a list")));
    assert_signs(REGISTER, "troth1:register.", PARTS(o, c, sign_pk, STR_OF(ana.box_pk), STR_OF(cred_hash)));
    assert_signs(LOGIN, "troth1:login....", PARTS(o, c, STR_OF(cred_id)));
    assert_signs(CREDS, "troth1:creds....", PARTS(o, c, STR_OF(list_hash)));
    assert_signs(INVITE_OPEN, "troth1:invopen..", PARTS(o, c));
    assert_signs(PERMIT, "troth1:permit...", PARTS(o, c, sign_pk));
    assert_signs(CLOSE, "troth1:close....", PARTS(o, c, sign_pk));
}

static void none_stands_for_another(void **state)
{
    (void)state;
    for (size_t signed_kind = 0; signed_kind < STATEMENTS; signed_kind++) {
        uint8_t sig[SIG_BYTES];
        struct statement said = make(signed_kind, here());
        statement_sign(sig, &said, ana.sign_sk);
        for (size_t kind = 0; kind < STATEMENTS; kind++) {
            struct statement claimed = make(kind, here());
            assert_int_equal(statement_fits(sig, &claimed, ana.sign_pk), kind == signed_kind);
        }
        assert_false(statement_fits(sig, &said, ben.sign_pk));
    }
}

static void none_is_good_at_another_server_or_a_second_time(void **state)
{
    (void)state;
    uint8_t other[HASH_BYTES] = {0};
    other[31] = 1;
    for (size_t kind = 0; kind < STATEMENTS; kind++) {
        uint8_t sig[SIG_BYTES];
        struct statement said = make(kind, here());
        statement_sign(sig, &said, ana.sign_sk);
        struct statement elsewhere = make(kind, (struct statement_to){.origin = other, .challenge = challenge});
        struct statement again = make(kind, (struct statement_to){.origin = origin, .challenge = other});
        assert_false(statement_fits(sig, &elsewhere, ana.sign_pk));
        assert_false(statement_fits(sig, &again, ana.sign_pk));
    }
}

static void every_word_of_it_counts(void **state)
{
    (void)state;
    uint8_t sig[SIG_BYTES];
    struct statement said = make(REGISTER, here());
    statement_sign(sig, &said, ana.sign_sk);
    struct statement changed[] = {
        statement_register(here(), ben.sign_pk, ana.box_pk, STR("a credential")),
        statement_register(here(), ana.sign_pk, ben.box_pk, STR("a credential")),
        statement_register(here(), ana.sign_pk, ana.box_pk, STR("a Credential")),
        statement_register(here(), ana.sign_pk, ana.box_pk, STR("")),
    };
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        assert_false(statement_fits(sig, &changed[i], ana.sign_pk));
    }
    for (size_t i = 0; i < sizeof sig; i++) {
        sig[i] ^= 1;
        assert_false(statement_fits(sig, &said, ana.sign_pk));
        sig[i] ^= 1;
    }
    assert_true(statement_fits(sig, &said, ana.sign_pk));
}

static int make_people(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES] = {1};
    if (record_open() != ERR_OK) return -1;
    secret_identity_init(&ana, seed);
    seed[0] = 2;
    secret_identity_init(&ben, seed);
    memset(origin, 3, sizeof origin);
    memset(challenge, 4, sizeof challenge);
    memset(cred_id, 5, sizeof cred_id);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_signs_the_bytes_of_the_protocol),
        cmocka_unit_test(none_stands_for_another),
        cmocka_unit_test(none_is_good_at_another_server_or_a_second_time),
        cmocka_unit_test(every_word_of_it_counts),
    };
    return cmocka_run_group_tests(tests, make_people, NULL);
}
