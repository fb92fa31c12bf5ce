/* invite.c -- an invitation opens for whoever holds its secret, at the place its maker saw, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "record/epoch.h"
#include "record/invite.h"
#include "record/secret.h"
#include "vectors/vector.h"

static uint8_t secret[SECRET_BYTES], circle[HASH_BYTES], prev[HASH_BYTES], epoch_key[KEY_BYTES], kid[HASH_BYTES];
static uint8_t capsule[INVITE_CAPSULE_BYTES], payload_hash[HASH_BYTES];
static struct invite_keys keys;
static struct secret_identity ana, ben;
static struct invite_seen seen;

static void hash_payload(uint8_t hash[static HASH_BYTES], const uint8_t *bytes)
{
    hash_of(hash, "troth1:blob.....", PARTS(str_at(bytes, INVITE_CAPSULE_BYTES)));
}

static int make(void **state)
{
    (void)state;
    uint8_t seed[SEED_BYTES] = {1};
    if (record_open() != ERR_OK) return -1;
    secret_identity_init(&ana, seed);
    seed[0] = 2;
    secret_identity_init(&ben, seed);
    for (size_t i = 0; i < sizeof secret; i++) secret[i] = (uint8_t)(0x60 + i);
    memset(circle, 3, sizeof circle);
    memset(prev, 4, sizeof prev);
    memset(epoch_key, 5, sizeof epoch_key);
    epoch_kid(kid, epoch_key);
    invite_keys_init(&keys, secret);
    seen = (struct invite_seen){
        .place = {.circle = circle, .prev = prev, .author = ana.sign_pk, .seq = LIMIT_NUMBER, .epoch = LIMIT_NUMBER},
        .payload_hash = payload_hash,
        .kid = kid,
    };
    invite_capsule_make(capsule, &keys, &seen.place, epoch_key);
    hash_payload(payload_hash, capsule);
    return 0;
}

static void assert_shut(const struct invite_keys *with, struct str bytes, const struct invite_seen *where,
                        enum err expected)
{
    uint8_t key[KEY_BYTES];
    memset(key, 0xa5, sizeof key);
    assert_int_equal(invite_capsule_open(with, bytes, where, key), expected);
    for (size_t i = 0; i < sizeof key; i++) assert_int_equal(key[i], 0xa5);
}

static void it_opens_for_whoever_holds_the_secret(void **state)
{
    (void)state;
    uint8_t key[KEY_BYTES], expected[KEY_BYTES], again[INVITE_CAPSULE_BYTES];
    assert_int_equal(invite_capsule_open(&keys, STR_OF(capsule), &seen, key), ERR_OK);
    assert_memory_equal(key, epoch_key, sizeof key);
    invite_capsule_make(again, &keys, &seen.place, epoch_key);
    assert_memory_not_equal(again, capsule, AEAD_NONCE_BYTES);
    assert_int_equal(INVITE_CAPSULE_BYTES, 552); /* as long as any short entry */
    vector_bytes("f73c800327d82a77d342add058a63d5d519a90667a96b76400994e8db1e62168", expected, sizeof expected);
    assert_memory_equal(keys.capsule_key, expected, sizeof expected); /* by another program */
}

static void another_secret_does_not_open_it(void **state)
{
    (void)state;
    uint8_t other_secret[SECRET_BYTES];
    struct invite_keys other;
    memcpy(other_secret, secret, sizeof secret);
    other_secret[0] ^= 1;
    invite_keys_init(&other, other_secret);
    assert_shut(&other, STR_OF(capsule), &seen, ERR_UNREADABLE);
    other = keys;
    other.pk[0] ^= 1; /* the right key, but under another invite's name */
    assert_shut(&other, STR_OF(capsule), &seen, ERR_UNREADABLE);
}

static void what_is_not_the_entrys_payload_is_refused(void **state)
{
    (void)state;
    uint8_t longer[INVITE_CAPSULE_BYTES + 1] = {0};
    memcpy(longer, capsule, sizeof capsule);
    for (size_t n = 0; n <= sizeof longer; n++) {
        if (n != sizeof capsule) assert_shut(&keys, str_at(longer, n), &seen, ERR_PAYLOAD_MISMATCH);
    }
    longer[100] ^= 1;
    assert_shut(&keys, str_at(longer, sizeof capsule), &seen, ERR_PAYLOAD_MISMATCH);
}

/* A server that changes the capsule and the hash it shows for it. */
static void every_changed_bit_leaves_it_shut(void **state)
{
    (void)state;
    uint8_t changed[INVITE_CAPSULE_BYTES], hash[HASH_BYTES];
    struct invite_seen shown = seen;
    shown.payload_hash = hash;
    for (size_t i = 0; i < sizeof changed; i++) {
        memcpy(changed, capsule, sizeof changed);
        changed[i] ^= (uint8_t)(1u << i % 8);
        hash_payload(hash, changed);
        assert_shut(&keys, STR_OF(changed), &shown, ERR_UNREADABLE);
    }
}

static void I2_another_circle_is_told(void **state)
{
    (void)state;
    uint8_t other[HASH_BYTES] = {1};
    struct invite_seen shown = seen;
    shown.place.circle = other;
    assert_shut(&keys, STR_OF(capsule), &shown, ERR_WRONG_CIRCLE);
}

static void another_place_in_the_chain_is_told(void **state)
{
    (void)state;
    uint8_t other[HASH_BYTES] = {1};
    struct invite_seen shown[5];
    for (size_t i = 0; i < 5; i++) shown[i] = seen;
    shown[0].place.prev = other;
    shown[1].place.author = ben.sign_pk;
    shown[2].place.seq--;
    shown[3].place.epoch--;
    shown[4].place.epoch = 0;
    for (size_t i = 0; i < 5; i++) assert_shut(&keys, STR_OF(capsule), &shown[i], ERR_BROKEN_CHAIN);
}

static void I9_a_key_that_is_not_the_epochs_is_told(void **state)
{
    (void)state;
    uint8_t other_kid[HASH_BYTES];
    struct invite_seen shown = seen;
    memcpy(other_kid, kid, sizeof kid);
    other_kid[31] ^= 1;
    shown.kid = other_kid;
    assert_shut(&keys, STR_OF(capsule), &shown, ERR_BAD_KEY);
}

/* Sealed with the right key, but by a program that puts something else into it. */
static void what_is_no_capsule_is_unreadable(void **state)
{
    (void)state;
    static const struct str text[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\xa0", 1},
        {(const uint8_t *)"\xa6\x01\x00\x02\x00\x03\x00\x04\x00\x05\x00\x06\x00", 13},
        {(const uint8_t *)"\xa6\x01\x40\x02\x00\x03\x40\x04\x40\x05\x00\x06\x40", 13},
        {(const uint8_t *)"hello", 5},
    };
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        uint8_t bytes[INVITE_CAPSULE_BYTES] = {0}, hash[HASH_BYTES];
        struct invite_seen shown = seen;
        uint8_t *box = bytes + AEAD_NONCE_BYTES;
        pad_put(box, PAD_LEAST_BYTES, text[i]);
        aead_seal(box, str_at(box, PAD_LEAST_BYTES), bytes, keys.capsule_key, CTX_CAPSULE, PARTS(STR_OF(keys.pk)));
        hash_payload(hash, bytes);
        shown.payload_hash = hash;
        assert_shut(&keys, STR_OF(bytes), &shown, ERR_UNREADABLE);
    }
}

/* ---- proof ----------------------------------------------------------------------------------- */

static void I1_the_proof_fits_the_joiners_keys_only(void **state)
{
    (void)state;
    uint8_t proof[SIG_BYTES], hash[HASH_BYTES] = {9}, other[HASH_BYTES] = {1};
    invite_proof_make(proof, keys.sk, circle, hash, ben.sign_pk, ben.box_pk);
    assert_true(invite_proof_fits(proof, keys.pk, circle, hash, ben.sign_pk, ben.box_pk));
    assert_false(invite_proof_fits(proof, keys.pk, other, hash, ben.sign_pk, ben.box_pk));
    assert_false(invite_proof_fits(proof, keys.pk, circle, other, ben.sign_pk, ben.box_pk));
    assert_false(invite_proof_fits(proof, keys.pk, circle, hash, ana.sign_pk, ben.box_pk));
    assert_false(invite_proof_fits(proof, keys.pk, circle, hash, ben.sign_pk, ana.box_pk));
    assert_false(invite_proof_fits(proof, keys.pk, circle, hash, ben.box_pk, ben.sign_pk));
    assert_false(invite_proof_fits(proof, ana.sign_pk, circle, hash, ben.sign_pk, ben.box_pk));
    for (size_t i = 0; i < sizeof proof; i++) {
        proof[i] ^= 4;
        assert_false(invite_proof_fits(proof, keys.pk, circle, hash, ben.sign_pk, ben.box_pk));
        proof[i] ^= 4;
    }
}

/* ---- link ------------------------------------------------------------------------------------ */

static void assert_link(struct str text, struct str expected_server)
{
    uint8_t read[SECRET_BYTES];
    struct str server = {0};
    struct why why;
    assert_int_equal(invite_link_read(text, read, &server, &why), ERR_OK);
    assert_memory_equal(read, secret, sizeof read);
    assert_true(str_is(server, expected_server));
}

static void a_link_says_secret_and_server(void **state)
{
    (void)state;
    static const char link[] = "https://client.example/#J1-C1GP-4RV4-CNK6-ET39-D9NP-RVBE-DXR7-4WKM-";
    uint8_t room[256];
    struct out o = OUT_OVER(room);
    invite_link_put(&o, STR("https://client.example"), secret, STR("https://troth.example"));
    struct str made = out_str(&o);
    assert_true(made.len == 22 + 2 + CODE_TEXT_BYTES + 1 + 21);
    assert_memory_equal(made.at, link, 26 + 4 * 5); /* the first groups; the code itself is tested in code.c */
    assert_link(made, STR("https://troth.example"));
    assert_link(str_at(made.at + 24, made.len - 24), STR("https://troth.example"));
    out_put(&o, STR(" "));
    made = out_str(&o);
    assert_link(str_at(made.at + 24, made.len - 24), STR("https://troth.example"));
    o = OUT_OVER(room);
    out_put(&o, STR(" \n"));
    invite_link_put(&o, STR("http://localhost:8080"), secret, STR("http://127.0.0.1:8080"));
    out_put(&o, STR("\r\n"));
    assert_link(out_str(&o), STR("http://127.0.0.1:8080"));
}

static void assert_no_link(struct str text, const char *field)
{
    uint8_t read[SECRET_BYTES];
    struct str server = STR("untouched");
    struct why why = {0};
    memset(read, 0xa5, sizeof read);
    assert_int_equal(invite_link_read(text, read, &server, &why), ERR_BAD_CODE);
    assert_true(str_is(server, STR("untouched")));
    for (size_t i = 0; i < sizeof read; i++) assert_int_equal(read[i], 0xa5);
    assert_int_equal(why.code, ERR_BAD_CODE);
    assert_string_equal(why.field, field);
    assert_non_null(why.text);
}

static void garbage_is_no_link(void **state)
{
    (void)state;
    uint8_t room[256];
    struct out o = OUT_OVER(room);
    code_put(&o, CODE_INVITE, secret);
    size_t code_n = o.len;
    assert_no_link(STR(""), "server");
    assert_no_link(STR("#"), "server");
    assert_no_link(STR("@"), "server");
    assert_no_link(out_str(&o), "server");
    out_put(&o, STR("@"));
    assert_no_link(out_str(&o), "server");
    static const char *const server[] = {"troth.example", "https://", "https://troth.example/", "javascript:alert(1)",
                                         "https://a@b", "https://troth.example#"};
    for (size_t i = 0; i < sizeof server / sizeof server[0]; i++) {
        o.len = code_n + 1;
        out_text(&o, server[i]);
        assert_no_link(out_str(&o), "server");
    }
    o.len = code_n + 1;
    out_text(&o, "https://troth.example");
    assert_link(out_str(&o), STR("https://troth.example"));
    room[7] ^= 1;
    assert_no_link(out_str(&o), "invitation");
    room[7] ^= 1;
    room[0] = 'T'; /* an account code where an invitation belongs */
    assert_no_link(out_str(&o), "invitation");
    for (size_t n = 0; n < 200; n++) {
        uint8_t noise[200];
        random_fill(noise, sizeof noise);
        assert_no_link(str_at(noise, n), "server");
    }
}

static void put_a_link_to_no_origin(void)
{
    uint8_t room[256];
    struct out o = OUT_OVER(room);
    invite_link_put(&o, STR("https://client.example/"), secret, STR("https://troth.example"));
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(put_a_link_to_no_origin));
}

static void fini_wipes(void **state)
{
    (void)state;
    static const struct invite_keys none;
    struct invite_keys gone = keys;
    invite_keys_fini(&gone);
    assert_memory_equal(&gone, &none, sizeof gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_opens_for_whoever_holds_the_secret),
        cmocka_unit_test(another_secret_does_not_open_it),
        cmocka_unit_test(what_is_not_the_entrys_payload_is_refused),
        cmocka_unit_test(every_changed_bit_leaves_it_shut),
        cmocka_unit_test(I2_another_circle_is_told),
        cmocka_unit_test(another_place_in_the_chain_is_told),
        cmocka_unit_test(I9_a_key_that_is_not_the_epochs_is_told),
        cmocka_unit_test(what_is_no_capsule_is_unreadable),
        cmocka_unit_test(I1_the_proof_fits_the_joiners_keys_only),
        cmocka_unit_test(a_link_says_secret_and_server),
        cmocka_unit_test(garbage_is_no_link),
        cmocka_unit_test(misuse_is_stopped),
        cmocka_unit_test(fini_wipes),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
