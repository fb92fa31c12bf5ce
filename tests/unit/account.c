/* account.c -- origins, credentials as they travel, logins that do not tell who exists, tokens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "record/account.h"
#include "vectors/vector.h"

/* ---- origins --------------------------------------------------------------------------------- */

static void origins_are_what_browsers_write(void **state)
{
    (void)state;
    static const char *const good[] = {
        "https://troth.example", "http://localhost:8080", "http://127.0.0.1:1", "https://[::1]:8443",
        "http://[fe80::1]",
        "https://xn--bcher-kva.example", "https://a", "https://troth.example:65535", "http://troth.example:443",
        "https://my_host.lan:80", "http://az-09.example:10909", "https://[abcdef:0129::a]",
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (!account_is_origin(str_of_text(good[i]))) fail_msg("%s is an origin", good[i]);
    }
}

static void everything_else_is_no_origin(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "https", "https://", "http://", "troth.example", "ftp://troth.example", "HTTPS://troth.example",
        "https://Troth.example", "https://troth.example/", "https://troth.example/x", "https://troth.example?x",
        "https://troth.example#x", "https://ana@troth.example", "https://troth.example:", "https://troth.example:0",
        "https://troth.example:080", "https://troth.example:443", "http://troth.example:80",
        "https://troth.example:65536", "https://troth.example:123456", "https://troth.example:8o", "https://:8080",
        "https://troth.example:1:2", "https://[::1", "https://[]", "https://[::g]", "https://::1", "https://[::1]x",
        "https://troth example", " https://troth.example", "https://troth.example ", "https://z\xc3\xbcrich.example",
        "https://troth.example\\x", "https:/troth.example", "https:///troth.example",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (account_is_origin(str_of_text(bad[i]))) fail_msg("%s is no origin", bad[i]);
    }
    assert_false(account_is_origin(STR("https://troth\0.example")));
    assert_false(account_is_origin((struct str){0}));
}

static void an_origin_has_a_greatest_length(void **state)
{
    (void)state;
    uint8_t text[ACCOUNT_ORIGIN_BYTES + 1];
    memset(text, 'a', sizeof text);
    memcpy(text, "https://", 8);
    assert_true(account_is_origin(str_at(text, ACCOUNT_ORIGIN_BYTES)));
    assert_false(account_is_origin(STR_OF(text)));
}

static void an_origin_is_named_by_its_hash(void **state)
{
    (void)state;
    uint8_t origin[HASH_BYTES], expected[HASH_BYTES]; /* by another program */
    vector_bytes("f85496b07caf46ff4ba425e03a8744f370cc20f0dbc5b93a217e49f8280fec24", expected, sizeof expected);
    account_origin(origin, STR("https://troth.example"));
    assert_memory_equal(origin, expected, sizeof origin);
}

/* ---- credentials ----------------------------------------------------------------------------- */

static void sample_fill(struct account_cred *cred, uint8_t name)
{
    account_dummy_pk(cred->login_pk); /* any key that is one */
    memset(cred->cred_id, name, sizeof cred->cred_id);
    memset(cred->wrapped, 0x77, sizeof cred->wrapped);
}

static void a_credential_travels_as_a_map(void **state)
{
    (void)state;
    uint8_t room[ACCOUNT_CRED_TEXT_BYTES];
    struct account_cred cred, read;
    struct out o = OUT_OVER(room);
    sample_fill(&cred, 1);
    account_cred_put(&o, &cred);
    assert_int_equal(out_str(&o).len, ACCOUNT_CRED_TEXT_BYTES);
    assert_memory_equal(room, "\xa3\x01\x50", 3);
    assert_memory_equal(room + 3, cred.cred_id, ID_BYTES);
    assert_memory_equal(room + 19, "\x02\x58\x20", 3);
    assert_memory_equal(room + 22, cred.login_pk, SIGN_PK_BYTES);
    assert_memory_equal(room + 54, "\x03\x58\x48", 3);
    assert_memory_equal(room + 57, cred.wrapped, SECRET_WRAPPED_BYTES);
    assert_int_equal(account_cred_read(out_str(&o), &read), ERR_OK);
    assert_memory_equal(&read, &cred, sizeof read);
}

static void assert_cred_refused(struct str item, enum err expected)
{
    struct account_cred read, before;
    memset(&read, 0xa5, sizeof read);
    before = read;
    assert_int_equal(account_cred_read(item, &read), expected);
    assert_memory_equal(&read, &before, sizeof read);
}

static void a_misshapen_credential_is_refused(void **state)
{
    (void)state;
    uint8_t room[ACCOUNT_CRED_TEXT_BYTES + 1] = {0}, changed[sizeof room];
    struct account_cred cred;
    struct out o = OUT_OVER(room);
    sample_fill(&cred, 1);
    account_cred_put(&o, &cred);
    for (size_t n = 0; n < ACCOUNT_CRED_TEXT_BYTES; n++) assert_cred_refused(str_at(room, n), ERR_BAD_CBOR);
    assert_cred_refused(STR_OF(room), ERR_BAD_CBOR); /* a byte behind it */
    static const struct {
        size_t at;
        uint8_t byte;
        enum err e;
    } change[] = {
        {1, 0, ERR_BAD_FIELD}, {2, 0x70, ERR_BAD_FIELD}, {18 + 1, 4, ERR_BAD_CBOR}, {54, 4, ERR_BAD_FIELD},
    };
    for (size_t i = 0; i < sizeof change / sizeof change[0]; i++) {
        memcpy(changed, room, sizeof changed);
        changed[change[i].at] = change[i].byte;
        assert_cred_refused(str_at(changed, ACCOUNT_CRED_TEXT_BYTES), change[i].e);
    }
    assert_cred_refused(STR("\xa0"), ERR_BAD_FIELD);
    assert_cred_refused(STR("\x80"), ERR_BAD_FIELD);
    assert_cred_refused(STR("\xa3\x01\x01\x02\x01\x03\x01"), ERR_BAD_FIELD);
    assert_cred_refused(STR("\xa3\x01\x41\x01\x02\x41\x01\x03\x41\x01"), ERR_BAD_FIELD);
}

/* Points of small order, and numbers that name no point or name it in a second form. */
static const char *const bad_pk_hex[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0200000000000000000000000000000000000000000000000000000000000000",
};

static void a_login_key_must_be_usable(void **state)
{
    (void)state;
    struct account_cred cred;
    sample_fill(&cred, 1);
    assert_true(account_pk_is_usable(cred.login_pk));
    for (size_t i = 0; i < sizeof bad_pk_hex / sizeof bad_pk_hex[0]; i++) {
        uint8_t room[ACCOUNT_CRED_TEXT_BYTES];
        struct out o = OUT_OVER(room);
        vector_bytes(bad_pk_hex[i], cred.login_pk, sizeof cred.login_pk);
        assert_false(account_pk_is_usable(cred.login_pk));
        account_cred_put(&o, &cred);
        assert_cred_refused(out_str(&o), ERR_BAD_KEY);
    }
}

static void all_ways_in_travel_as_a_list(void **state)
{
    (void)state;
    for (size_t n = 1; n <= LIMIT_CREDENTIALS; n++) {
        uint8_t room[ACCOUNT_CREDS_TEXT_BYTES];
        struct account_creds creds = {.version = LIMIT_NUMBER, .cred_n = n}, read = {.cred_n = 0};
        struct out o = OUT_OVER(room);
        for (size_t i = 0; i < n; i++) sample_fill(&creds.cred[i], (uint8_t)i);
        account_creds_put(&o, &creds);
        assert_false(o.is_full);
        assert_int_equal(account_creds_read(out_str(&o), &read), ERR_OK);
        assert_int_equal(read.version, creds.version);
        assert_int_equal(read.cred_n, n);
        assert_memory_equal(read.cred, creds.cred, n * sizeof creds.cred[0]);
        for (size_t cut = 0; cut < o.len; cut++) {
            assert_int_equal(account_creds_read(str_at(room, cut), &read), ERR_BAD_CBOR);
        }
    }
}

static void assert_list_refused(struct str item, enum err expected)
{
    struct account_creds read, before;
    memset(&read, 0xa5, sizeof read);
    before = read;
    assert_int_equal(account_creds_read(item, &read), expected);
    assert_memory_equal(&read, &before, sizeof read);
}

static void a_list_with_none_too_many_or_one_twice_is_refused(void **state)
{
    (void)state;
    uint8_t room[2 * ACCOUNT_CREDS_TEXT_BYTES];
    struct account_cred cred;
    struct account_creds twice = {.version = 2, .cred_n = 2};
    struct out o = OUT_OVER(room);
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, 1);
    cbor_put_uint(&o, 1);
    cbor_put_uint(&o, 2);
    cbor_put_list(&o, LIMIT_CREDENTIALS + 1);
    for (uint8_t i = 0; i <= LIMIT_CREDENTIALS; i++) {
        sample_fill(&cred, i);
        account_cred_put(&o, &cred);
    }
    assert_list_refused(out_str(&o), ERR_BAD_FIELD);
    assert_list_refused(STR("\xa2\x01\x01\x02\x80"), ERR_BAD_FIELD);
    assert_list_refused(STR("\xa1\x01\x01"), ERR_BAD_FIELD);
    assert_list_refused(STR("\xa2\x01\x60\x02\x80"), ERR_BAD_FIELD);
    assert_list_refused(STR("\xa2\x01\x01\x02\x81\xa0"), ERR_BAD_FIELD);
    assert_list_refused(STR("\xa3\x01\x01\x02\x80\x03\x00"), ERR_BAD_FIELD);
    sample_fill(&twice.cred[0], 1);
    sample_fill(&twice.cred[1], 1);
    o = OUT_OVER(room);
    account_creds_put(&o, &twice);
    assert_list_refused(out_str(&o), ERR_BAD_FIELD);
}

static void put_no_credential(void)
{
    uint8_t room[64];
    struct account_creds none = {.version = 1};
    struct out o = OUT_OVER(room);
    account_creds_put(&o, &none);
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(put_no_credential));
}

/* ---- signing in ------------------------------------------------------------------------------ */

static void a_login_fits_its_own_key_only(void **state)
{
    (void)state;
    static const uint8_t origin[HASH_BYTES], challenge[CHALLENGE_BYTES], cred_id[ID_BYTES];
    uint8_t seed[SEED_BYTES] = {1}, sig[SIG_BYTES], dummy_pk[SIGN_PK_BYTES], other_pk[SIGN_PK_BYTES];
    struct secret_identity ana;
    struct statement login = statement_login((struct statement_to){.origin = origin, .challenge = challenge}, cred_id);
    secret_identity_init(&ana, seed);
    account_dummy_pk(dummy_pk);
    account_dummy_pk(other_pk);
    assert_memory_not_equal(dummy_pk, other_pk, sizeof dummy_pk);
    statement_sign(sig, &login, ana.sign_sk);
    assert_true(account_login_fits(sig, &login, ana.sign_pk, dummy_pk));
    assert_false(account_login_fits(sig, &login, other_pk, dummy_pk));
    assert_false(account_login_fits(sig, &login, NULL, dummy_pk));
    assert_false(account_login_fits(sig, &login, NULL, ana.sign_pk)); /* even a signature by the dummy itself */
    sig[0] ^= 1;
    assert_false(account_login_fits(sig, &login, ana.sign_pk, dummy_pk));
}

static void a_token_is_kept_as_its_hash(void **state)
{
    (void)state;
    uint8_t token[ACCOUNT_TOKEN_BYTES], hash[HASH_BYTES], expected[HASH_BYTES]; /* by another program */
    for (size_t i = 0; i < sizeof token; i++) token[i] = (uint8_t)i;
    vector_bytes("4dfc37f9f7e894205220c030df041683f5400f10ee521850a2d8fbe10fd5043f", expected, sizeof expected);
    account_token_hash(hash, token);
    assert_memory_equal(hash, expected, sizeof hash);
}

static int open_record(void **state)
{
    (void)state;
    return record_open() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_are_what_browsers_write),
        cmocka_unit_test(everything_else_is_no_origin),
        cmocka_unit_test(an_origin_has_a_greatest_length),
        cmocka_unit_test(an_origin_is_named_by_its_hash),
        cmocka_unit_test(a_credential_travels_as_a_map),
        cmocka_unit_test(a_misshapen_credential_is_refused),
        cmocka_unit_test(a_login_key_must_be_usable),
        cmocka_unit_test(all_ways_in_travel_as_a_list),
        cmocka_unit_test(a_list_with_none_too_many_or_one_twice_is_refused),
        cmocka_unit_test(misuse_is_stopped),
        cmocka_unit_test(a_login_fits_its_own_key_only),
        cmocka_unit_test(a_token_is_kept_as_its_hash),
    };
    return cmocka_run_group_tests(tests, open_record, NULL);
}
