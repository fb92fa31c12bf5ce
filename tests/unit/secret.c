/* secret.c -- keys from code and passphrase, and an identity that only they unwrap. The derivations are held
 * against an independent program's in tests/vectors/derivations.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/scarce.h"
#include "record/secret.h"
#include "vectors/vector.h"

/* Ana: made once, because each passphrase costs a tenth of a second. */
static uint8_t code[SECRET_BYTES];
static struct secret_access ana;
static struct secret_identity identity;
static uint8_t wrapped[SECRET_WRAPPED_BYTES];

static int make_ana(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES];
    if (record_open() != ERR_OK) return -1;
    for (size_t i = 0; i < sizeof code; i++) code[i] = (uint8_t)(0x10 + i);
    for (size_t i = 0; i < sizeof seed; i++) seed[i] = (uint8_t)(0x40 + i);
    secret_identity_init(&identity, seed);
    if (secret_access_init(&ana, code, STR("correct horse battery staple")) != ERR_OK) return -1;
    secret_wrap(wrapped, &ana, &identity);
    return 0;
}

static void assert_shut(const struct secret_access *access, struct str box, const uint8_t *sign_pk, enum err expected)
{
    struct secret_identity opened, before;
    memset(&opened, 0xa5, sizeof opened);
    before = opened;
    assert_int_equal(secret_unwrap(access, box, sign_pk, &opened), expected);
    assert_memory_equal(&opened, &before, sizeof opened);
}

static void the_wrapped_identity_opens(void **state)
{
    (void)state;
    uint8_t again[SECRET_WRAPPED_BYTES];
    struct secret_identity opened;
    assert_int_equal(secret_unwrap(&ana, STR_OF(wrapped), identity.sign_pk, &opened), ERR_OK);
    assert_memory_equal(&opened, &identity, sizeof opened);
    secret_wrap(again, &ana, &identity);
    assert_memory_not_equal(again, wrapped, sizeof again); /* another nonce, another box */
    assert_int_equal(secret_unwrap(&ana, STR_OF(again), identity.sign_pk, &opened), ERR_OK);
    secret_identity_fini(&opened);
}

static void one_changed_bit_leaves_it_shut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrapped; i++) {
        uint8_t changed[SECRET_WRAPPED_BYTES];
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(changed, wrapped, sizeof changed);
            changed[i] ^= (uint8_t)(1u << bit);
            assert_shut(&ana, STR_OF(changed), identity.sign_pk, ERR_WRONG_SECRET);
        }
    }
}

static void every_other_length_leaves_it_shut(void **state)
{
    (void)state;
    uint8_t longer[2 * SECRET_WRAPPED_BYTES] = {0};
    memcpy(longer, wrapped, sizeof wrapped);
    for (size_t n = 0; n <= sizeof longer; n++) {
        if (n != sizeof wrapped) assert_shut(&ana, str_at(longer, n), identity.sign_pk, ERR_WRONG_SECRET);
    }
}

static void another_code_or_passphrase_opens_nothing(void **state)
{
    (void)state;
    struct secret_access other;
    uint8_t other_code[SECRET_BYTES];
    memcpy(other_code, code, sizeof code);
    other_code[19] ^= 1;
    assert_int_equal(secret_access_init(&other, other_code, STR("correct horse battery staple")), ERR_OK);
    assert_memory_not_equal(other.cred_id, ana.cred_id, sizeof other.cred_id);
    assert_shut(&other, STR_OF(wrapped), identity.sign_pk, ERR_WRONG_SECRET);
    assert_int_equal(secret_access_init(&other, code, STR("correct horse battery Staple")), ERR_OK);
    assert_memory_equal(other.cred_id, ana.cred_id, sizeof other.cred_id); /* the code alone names it */
    assert_memory_not_equal(other.login_pk, ana.login_pk, sizeof other.login_pk);
    assert_shut(&other, STR_OF(wrapped), identity.sign_pk, ERR_WRONG_SECRET);
    secret_access_fini(&other);
}

static void another_persons_box_is_not_taken(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES] = {7}, bens[SECRET_WRAPPED_BYTES];
    struct secret_identity ben;
    secret_identity_init(&ben, seed);
    assert_shut(&ana, STR_OF(wrapped), ben.sign_pk, ERR_WRONG_SECRET); /* a server that names Ben's key for it */
    secret_wrap(bens, &ana, &ben);
    assert_shut(&ana, STR_OF(bens), identity.sign_pk, ERR_WRONG_SECRET);
}

static void a_seed_that_makes_another_key_is_outdated(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES] = {7}, false_box[SECRET_WRAPPED_BYTES];
    struct secret_identity mixed;
    secret_identity_init(&mixed, seed);
    memcpy(mixed.sign_pk, identity.sign_pk, sizeof mixed.sign_pk);
    secret_wrap(false_box, &ana, &mixed);
    assert_shut(&ana, STR_OF(false_box), identity.sign_pk, ERR_OUTDATED_KEY);
}

static void a_bare_code_has_keys_of_its_own(void **state)
{
    (void)state;
    struct secret_access bare;
    uint8_t expected[KEY_BYTES]; /* by another program */
    vector_bytes("5249d28427da954181b49e310fc244858c5160b5b70777b55ca146ae474e62d9", expected, sizeof expected);
    secret_access_init_bare(&bare, code);
    assert_memory_equal(bare.wrap_key, expected, sizeof expected);
    assert_memory_equal(bare.cred_id, ana.cred_id, sizeof bare.cred_id);
    assert_shut(&bare, STR_OF(wrapped), identity.sign_pk, ERR_WRONG_SECRET);
}

static void the_other_keys_of_an_identity(void **state)
{
    (void)state;
    uint8_t expected[KEY_BYTES]; /* by another program */
    vector_bytes("a01cdd2eea3cedea32bff1ddfbe0b4c031e860a2d61ee56b25402270ac438dc7", expected, sizeof expected);
    assert_memory_equal(identity.local_key, expected, sizeof expected);
    vector_bytes("551fd0bb6b69022ab7e845d834b00b47401fdd60e888cafd2ba7c649c59f205d", expected, sizeof expected);
    assert_memory_equal(identity.reveal_root, expected, sizeof expected);
}

static void no_passphrase_has_to_be_meant(void **state)
{
    (void)state;
    struct secret_access access, before;
    memset(&access, 0xa5, sizeof access);
    before = access;
    assert_int_equal(secret_access_init(&access, code, STR("")), ERR_BAD_FIELD);
    assert_memory_equal(&access, &before, sizeof access);
}

static void fini_wipes(void **state)
{
    (void)state;
    static const struct secret_access no_access;
    static const struct secret_identity nobody;
    struct secret_access access = ana;
    struct secret_identity gone = identity;
    secret_access_fini(&access);
    secret_identity_fini(&gone);
    assert_memory_equal(&access, &no_access, sizeof access);
    assert_memory_equal(&gone, &nobody, sizeof gone);
}

/* 0 if it says that there is too little, and gives out nothing. */
static int try_without_memory(void)
{
    struct secret_access access, before;
    memset(&access, 0xa5, sizeof access);
    before = access;
    if (secret_access_init(&access, code, STR("correct horse battery staple")) != ERR_NO_MEMORY) return 3;
    return memcmp(&access, &before, sizeof access) == 0 ? 0 : 4;
}

static void too_little_memory_is_told(void **state)
{
    (void)state;
    assert_int_equal(scarce_run(try_without_memory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wrapped_identity_opens),
        cmocka_unit_test(one_changed_bit_leaves_it_shut),
        cmocka_unit_test(every_other_length_leaves_it_shut),
        cmocka_unit_test(another_code_or_passphrase_opens_nothing),
        cmocka_unit_test(another_persons_box_is_not_taken),
        cmocka_unit_test(a_seed_that_makes_another_key_is_outdated),
        cmocka_unit_test(a_bare_code_has_keys_of_its_own),
        cmocka_unit_test(the_other_keys_of_an_identity),
        cmocka_unit_test(no_passphrase_has_to_be_meant),
        cmocka_unit_test(fini_wipes),
        cmocka_unit_test(too_little_memory_is_told),
    };
    return cmocka_run_group_tests(tests, make_ana, NULL);
}
