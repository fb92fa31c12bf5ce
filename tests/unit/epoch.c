/* epoch.c -- a key reaches the member it was sealed to, and only the key that the record means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "record/epoch.h"
#include "record/secret.h"
#include "vectors/vector.h"

static struct secret_identity ana, ben;
static uint8_t key[KEY_BYTES], kid[HASH_BYTES];

static int make(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES] = {1};
    if (record_open() != ERR_OK) return -1;
    secret_identity_init(&ana, seed);
    seed[0] = 2;
    secret_identity_init(&ben, seed);
    for (size_t i = 0; i < sizeof key; i++) key[i] = (uint8_t)(0x20 + i);
    epoch_kid(kid, key);
    return 0;
}

static void assert_locked_out(const uint8_t *seal, const struct secret_identity *who, const uint8_t *wanted)
{
    uint8_t opened[KEY_BYTES];
    memset(opened, 0xa5, sizeof opened);
    assert_int_equal(epoch_open(seal, who->box_pk, who->box_sk, wanted, opened), ERR_LOCKED_OUT);
    for (size_t i = 0; i < sizeof opened; i++) assert_int_equal(opened[i], 0xa5);
}

static void a_seal_opens_for_its_member(void **state)
{
    (void)state;
    uint8_t seal[SEAL_BYTES], again[SEAL_BYTES], opened[KEY_BYTES];
    assert_int_equal(epoch_seal(seal, key, ana.box_pk), ERR_OK);
    assert_int_equal(epoch_open(seal, ana.box_pk, ana.box_sk, kid, opened), ERR_OK);
    assert_memory_equal(opened, key, sizeof key);
    assert_int_equal(epoch_seal(again, key, ana.box_pk), ERR_OK);
    assert_memory_not_equal(again, seal, sizeof seal);
    assert_locked_out(seal, &ben, kid);
}

static void M5_a_box_of_garbage_locks_out(void **state)
{
    (void)state;
    uint8_t seal[SEAL_BYTES] = {0};
    assert_locked_out(seal, &ana, kid);
    assert_int_equal(epoch_seal(seal, key, ana.box_pk), ERR_OK);
    for (size_t i = 0; i < sizeof seal; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            seal[i] ^= (uint8_t)(1u << bit);
            /* The highest bit of a box key has no meaning to X25519; but it is in the nonce's hash. */
            assert_locked_out(seal, &ana, kid);
            seal[i] ^= (uint8_t)(1u << bit);
        }
    }
}

static void M6_another_key_than_the_kid_says_locks_out(void **state)
{
    (void)state;
    uint8_t seal[SEAL_BYTES], other[KEY_BYTES], other_kid[HASH_BYTES];
    memcpy(other, key, sizeof key);
    other[31] ^= 1;
    epoch_kid(other_kid, other);
    assert_int_equal(epoch_seal(seal, other, ana.box_pk), ERR_OK);
    assert_locked_out(seal, &ana, kid);
    assert_int_equal(epoch_seal(seal, key, ana.box_pk), ERR_OK);
    assert_locked_out(seal, &ana, other_kid);
    assert_true(epoch_key_fits(key, kid));
    assert_false(epoch_key_fits(other, kid));
    assert_false(epoch_key_fits(key, other_kid));
}

/* The points of small order of Curve25519 and its twist, each also with the highest bit set. */
static const char *const low_order_hex[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static void M10_a_key_of_small_order_is_not_usable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof low_order_hex / sizeof low_order_hex[0]; i++) {
        for (int is_high = 0; is_high < 2; is_high++) {
            uint8_t pk[BOX_PK_BYTES], seal[SEAL_BYTES], before[SEAL_BYTES];
            memset(seal, 0xa5, sizeof seal);
            memset(before, 0xa5, sizeof before);
            vector_bytes(low_order_hex[i], pk, sizeof pk);
            if (is_high) pk[31] |= 0x80;
            assert_false(epoch_box_pk_is_usable(pk));
            assert_int_equal(epoch_seal(seal, key, pk), ERR_BAD_KEY);
            assert_memory_equal(seal, before, sizeof seal);
        }
    }
    assert_true(epoch_box_pk_is_usable(ana.box_pk));
    for (int i = 0; i < 200; i++) {
        uint8_t pk[BOX_PK_BYTES];
        random_fill(pk, sizeof pk);
        assert_true(epoch_box_pk_is_usable(pk));
    }
}

static void the_content_key_is_the_protocols(void **state)
{
    (void)state;
    uint8_t content_key[KEY_BYTES], expected[KEY_BYTES]; /* by another program */
    vector_bytes("8c9ebd80fb725c324c9bb52fe565ff8e917e6179dfb0a890a5701ee13ecc4495", expected, sizeof expected);
    epoch_content_key(content_key, key);
    assert_memory_equal(content_key, expected, sizeof expected);
}

/* ---- handing on earlier keys ----------------------------------------------------------------- */

static void keys_travel_as_a_list(void **state)
{
    (void)state;
    static struct epoch_key keys[EPOCH_KEYS], read[EPOCH_KEYS];
    static uint8_t room[4096];
    for (size_t i = 0; i < EPOCH_KEYS; i++) {
        keys[i].epoch = i * i * 1000;
        memset(keys[i].key, (int)i, KEY_BYTES);
    }
    for (size_t n = 1; n <= EPOCH_KEYS; n++) {
        size_t read_n = 0;
        struct out o = OUT_OVER(room);
        uint64_t type = 0;
        epoch_keys_put(&o, keys, n);
        assert_int_equal(payload_type(out_str(&o), &type), ERR_OK);
        assert_int_equal(type, 13);
        assert_int_equal(epoch_keys_read(out_str(&o), read, &read_n), ERR_OK);
        assert_int_equal(read_n, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(read[i].epoch, keys[i].epoch);
            assert_memory_equal(read[i].key, keys[i].key, KEY_BYTES);
        }
    }
    struct out o = OUT_OVER(room);
    epoch_keys_put(&o, keys, 1);
    assert_memory_equal(room, "\xa2\x01\x0d\x02\x81\x82\x00\x58\x20", 9);
}

static void assert_keys_unreadable(struct str text)
{
    static struct epoch_key read[EPOCH_KEYS], before[EPOCH_KEYS];
    size_t n = 99;
    assert_int_equal(epoch_keys_read(text, read, &n), ERR_UNREADABLE);
    assert_int_equal(n, 99);
    assert_memory_equal(read, before, sizeof read);
}

static void misshapen_keys_are_unreadable(void **state)
{
    (void)state;
    struct epoch_key two[2] = {{.epoch = 1}, {.epoch = 2}};
    uint8_t room[128], changed[128];
    struct out o = OUT_OVER(room);
    epoch_keys_put(&o, two, 2);
    for (size_t n = 0; n < o.len; n++) assert_keys_unreadable(str_at(room, n));
    static const struct {
        size_t at;
        uint8_t byte;
    } change[] = {
        {2, 2},     /* another type                                    */
        {3, 3},     /* another field                                   */
        {6, 2},     /* the epochs are 2, 2                             */
        {6, 3},     /* and 3, 2                                        */
        {6, 0x60},  /* an epoch that is a text                         */
        {7, 0x78},  /* a key that is a text                            */
        {8, 31},    /* a key of another length: nothing fits behind it */
    };
    for (size_t i = 0; i < sizeof change / sizeof change[0]; i++) {
        memcpy(changed, room, sizeof changed);
        changed[change[i].at] = change[i].byte;
        assert_keys_unreadable(str_at(changed, o.len));
    }
    assert_keys_unreadable(STR("\xa2\x01\x0d\x02\x80"));
    assert_keys_unreadable(STR("\xa2\x01\x0d\x02\x81\x81\x01"));
    assert_keys_unreadable(STR("\xa2\x01\x0d\x02\x81\x82\x01\x41\x01"));
    assert_keys_unreadable(STR("\xa2\x01\x0d\x02\x81\xa0"));
    assert_keys_unreadable(STR("\xa1\x01\x0d"));
}

static void put_no_key(void)
{
    uint8_t room[16];
    struct epoch_key none[1] = {{.epoch = 0}};
    struct out o = OUT_OVER(room);
    epoch_keys_put(&o, none, 0);
}

static void put_keys_out_of_order(void)
{
    uint8_t room[128];
    struct epoch_key two[2] = {{.epoch = 2}, {.epoch = 1}};
    struct out o = OUT_OVER(room);
    epoch_keys_put(&o, two, 2);
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(put_no_key));
    assert_true(aborts(put_keys_out_of_order));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seal_opens_for_its_member),
        cmocka_unit_test(M5_a_box_of_garbage_locks_out),
        cmocka_unit_test(M6_another_key_than_the_kid_says_locks_out),
        cmocka_unit_test(M10_a_key_of_small_order_is_not_usable),
        cmocka_unit_test(the_content_key_is_the_protocols),
        cmocka_unit_test(keys_travel_as_a_list),
        cmocka_unit_test(misshapen_keys_are_unreadable),
        cmocka_unit_test(misuse_is_stopped),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
