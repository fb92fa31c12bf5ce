/* answer.c -- a sealed answer opens with the key that was committed to, as its author's, in its round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "record/answer.h"

enum { BUCKET = LIMIT_BUCKET_SMALL, CT_BYTES = BUCKET + AEAD_TAG_BYTES };

static uint8_t circle[HASH_BYTES], round_hash[HASH_BYTES], ana[SIGN_PK_BYTES], ben[SIGN_PK_BYTES];
static uint8_t reveal_root[KEY_BYTES], nonce[AEAD_NONCE_BYTES], key[KEY_BYTES], ct[CT_BYTES], com[HASH_BYTES];
static struct answer_place place = {.circle = circle, .round = round_hash, .author = ana};

static int make(void **state)
{
    (void)state;
    if (record_open() != ERR_OK) return -1;
    memset(circle, 1, sizeof circle);
    memset(round_hash, 2, sizeof round_hash);
    memset(ana, 3, sizeof ana);
    memset(ben, 4, sizeof ben);
    memset(reveal_root, 5, sizeof reveal_root);
    memset(nonce, 6, sizeof nonce);
    answer_key(key, reveal_root, &place, nonce);
    return answer_seal(ct, com, &place, key, nonce, STR("yes"), BUCKET) == ERR_OK ? 0 : -1;
}

static void assert_bad(const struct answer_place *where, const uint8_t *with, const uint8_t *n, struct str sealed,
                       const uint8_t *commitment)
{
    uint8_t memory[2 * CT_BYTES];
    struct str words = STR("untouched");
    assert_int_equal(answer_open(memory, where, with, n, sealed, commitment, &words), ERR_BAD_ANSWER);
    assert_true(str_is(words, STR("untouched")));
}

static void every_length_opens_again_and_looks_alike(void **state)
{
    (void)state;
    uint8_t words[BUCKET], sealed[CT_BYTES], commitment[HASH_BYTES], memory[CT_BYTES];
    memset(words, 'x', sizeof words);
    for (size_t n = 0; n < BUCKET; n++) {
        struct str opened = {0};
        assert_int_equal(answer_seal(sealed, commitment, &place, key, nonce, str_at(words, n), BUCKET), ERR_OK);
        assert_int_equal(answer_open(memory, &place, key, nonce, STR_OF(sealed), commitment, &opened), ERR_OK);
        assert_true(str_is(opened, str_at(words, n)));
    }
    memset(sealed, 0xa5, sizeof sealed);
    memset(commitment, 0xa5, sizeof commitment);
    assert_int_equal(answer_seal(sealed, commitment, &place, key, nonce, STR_OF(words), BUCKET), ERR_TOO_LARGE);
    for (size_t i = 0; i < sizeof sealed; i++) assert_int_equal(sealed[i], 0xa5);
    for (size_t i = 0; i < sizeof commitment; i++) assert_int_equal(commitment[i], 0xa5);
}

static void R10_the_key_follows_from_the_identity_and_the_nonce(void **state)
{
    (void)state;
    uint8_t again[KEY_BYTES], other[HASH_BYTES] = {9};
    struct answer_place elsewhere = place;
    answer_key(again, reveal_root, &place, nonce);
    assert_memory_equal(again, key, sizeof key);
    answer_key(again, other, &place, nonce);
    assert_memory_not_equal(again, key, sizeof key);
    answer_key(again, reveal_root, &place, other);
    assert_memory_not_equal(again, key, sizeof key);
    elsewhere.circle = other;
    answer_key(again, reveal_root, &elsewhere, nonce);
    assert_memory_not_equal(again, key, sizeof key);
    elsewhere = place;
    elsewhere.round = other;
    answer_key(again, reveal_root, &elsewhere, nonce);
    assert_memory_not_equal(again, key, sizeof key);
}

static void R2_it_is_nobody_elses_answer_and_to_nothing_else(void **state)
{
    (void)state;
    uint8_t other[HASH_BYTES] = {9}, other_com[HASH_BYTES], ct_hash[HASH_BYTES];
    struct answer_place elsewhere[3] = {place, place, place};
    elsewhere[0].author = ben;
    elsewhere[1].circle = other;
    elsewhere[2].round = other;
    answer_ct_hash(ct_hash, STR_OF(ct));
    for (size_t i = 0; i < 3; i++) {
        assert_bad(&elsewhere[i], key, nonce, STR_OF(ct), com);
        /* Even with a commitment of their own to the stolen box: the box itself names its author. */
        answer_commitment(other_com, &elsewhere[i], key, nonce, ct_hash);
        assert_memory_not_equal(other_com, com, sizeof com);
        assert_bad(&elsewhere[i], key, nonce, STR_OF(ct), other_com);
    }
}

static void any_changed_bit_is_told(void **state)
{
    (void)state;
    uint8_t changed[CT_BYTES], other[KEY_BYTES];
    for (size_t i = 0; i < sizeof ct; i++) {
        memcpy(changed, ct, sizeof ct);
        changed[i] ^= (uint8_t)(1u << i % 8);
        assert_bad(&place, key, nonce, STR_OF(changed), com);
        assert_bad(&place, key, nonce, str_at(ct, i), com);
    }
    for (size_t i = 0; i < KEY_BYTES; i++) {
        memcpy(other, key, sizeof key);
        other[i] ^= 1;
        assert_bad(&place, other, nonce, STR_OF(ct), com);
        memcpy(other, com, sizeof com);
        other[i] ^= 1;
        assert_bad(&place, key, nonce, STR_OF(ct), other);
    }
    for (size_t i = 0; i < sizeof nonce; i++) {
        memcpy(other, nonce, sizeof nonce);
        other[i] ^= 1;
        assert_bad(&place, key, other, STR_OF(ct), com);
    }
}

/* Committed to honestly, but never an answer: no padding, no UTF-8, or no box at all. */
static void garbage_that_was_committed_to_stays_garbage(void **state)
{
    (void)state;
    uint8_t text[BUCKET] = {0}, box[CT_BYTES], ct_hash[HASH_BYTES], commitment[HASH_BYTES];
    const struct str parts[] = {STR_OF(circle), STR_OF(round_hash), STR_OF(ana)};
    for (int is_padded = 0; is_padded < 2; is_padded++) {
        if (is_padded) pad_put(text, sizeof text, STR("\xc0\xaf"));
        aead_seal(box, STR_OF(text), nonce, key, CTX_ANSWER, parts, 3);
        answer_ct_hash(ct_hash, STR_OF(box));
        answer_commitment(commitment, &place, key, nonce, ct_hash);
        assert_bad(&place, key, nonce, STR_OF(box), commitment);
    }
    for (size_t n = 0; n < 2 * AEAD_TAG_BYTES; n++) {
        answer_ct_hash(ct_hash, str_at(box, n));
        answer_commitment(commitment, &place, key, nonce, ct_hash);
        assert_bad(&place, key, nonce, str_at(box, n), commitment);
    }
    aead_seal(box, STR(""), nonce, key, CTX_ANSWER, parts, 3); /* a box of nothing, not even padding */
    answer_ct_hash(ct_hash, str_at(box, AEAD_TAG_BYTES));
    answer_commitment(commitment, &place, key, nonce, ct_hash);
    assert_bad(&place, key, nonce, str_at(box, AEAD_TAG_BYTES), commitment);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_opens_again_and_looks_alike),
        cmocka_unit_test(R10_the_key_follows_from_the_identity_and_the_nonce),
        cmocka_unit_test(R2_it_is_nobody_elses_answer_and_to_nothing_else),
        cmocka_unit_test(any_changed_bit_is_told),
        cmocka_unit_test(garbage_that_was_committed_to_stays_garbage),
    };
    return cmocka_run_group_tests(tests, make, NULL);
}
