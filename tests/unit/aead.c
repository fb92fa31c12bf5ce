/* aead.c -- a box opens with its key, its nonce and its place, whole, and with nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "record/aead.h"

static uint8_t key[KEY_BYTES], nonce[AEAD_NONCE_BYTES];

static void a_box_opens_as_its_text(void **state)
{
    (void)state;
    for (size_t n = 0; n < 100; n++) {
        uint8_t text[100], box[100 + AEAD_TAG_BYTES], opened[100];
        memset(text, (int)n, sizeof text);
        aead_seal(box, str_at(text, n), nonce, key, CTX_WRAP, PARTS(STR("Ana"), STR("Ben")));
        assert_true(aead_open(opened, str_at(box, n + AEAD_TAG_BYTES), nonce, key, CTX_WRAP, PARTS(STR("AnaBen"))));
        assert_memory_equal(opened, text, n);
        memcpy(box, text, n);
        aead_seal(box, str_at(box, n), nonce, key, CTX_WRAP, PARTS(STR("Ana"), STR("Ben"))); /* where it lies */
        memset(opened, 0, sizeof opened);
        assert_true(aead_open(opened, str_at(box, n + AEAD_TAG_BYTES), nonce, key, CTX_WRAP, PARTS(STR("AnaBen"))));
        assert_memory_equal(opened, text, n);
    }
}

static void any_other_key_nonce_or_place_leaves_it_shut(void **state)
{
    (void)state;
    uint8_t box[5 + AEAD_TAG_BYTES], opened[5], other_key[KEY_BYTES] = {1}, other_nonce[AEAD_NONCE_BYTES] = {1};
    const struct str whole = STR_OF(box);
    aead_seal(box, STR("hello"), nonce, key, CTX_WRAP, PARTS(STR("Ana")));
    assert_true(aead_open(opened, whole, nonce, key, CTX_WRAP, PARTS(STR("Ana"))));
    assert_false(aead_open(opened, whole, nonce, other_key, CTX_WRAP, PARTS(STR("Ana"))));
    assert_false(aead_open(opened, whole, other_nonce, key, CTX_WRAP, PARTS(STR("Ana"))));
    assert_false(aead_open(opened, whole, nonce, key, CTX_CAPSULE, PARTS(STR("Ana"))));
    assert_false(aead_open(opened, whole, nonce, key, CTX_WRAP, PARTS(STR("Ben"))));
    assert_false(aead_open(opened, whole, nonce, key, CTX_WRAP, PARTS(STR("Ana"), STR("Ben"))));
    assert_false(aead_open(opened, whole, nonce, key, CTX_WRAP, PARTS(STR(""))));
}

static void a_changed_or_shorter_box_stays_shut(void **state)
{
    (void)state;
    uint8_t box[5 + AEAD_TAG_BYTES], opened[sizeof box];
    aead_seal(box, STR("hello"), nonce, key, CTX_WRAP, PARTS(STR("Ana")));
    for (size_t i = 0; i < sizeof box; i++) {
        assert_false(aead_open(opened, str_at(box, i), nonce, key, CTX_WRAP, PARTS(STR("Ana"))));
        for (unsigned bit = 0; bit < 8; bit++) {
            box[i] ^= (uint8_t)(1u << bit);
            assert_false(aead_open(opened, STR_OF(box), nonce, key, CTX_WRAP, PARTS(STR("Ana"))));
            box[i] ^= (uint8_t)(1u << bit);
        }
    }
    assert_true(aead_open(opened, STR_OF(box), nonce, key, CTX_WRAP, PARTS(STR("Ana"))));
}

static void seal_a_place_that_is_too_long(void)
{
    uint8_t box[AEAD_TAG_BYTES], place[AEAD_PLACE_BYTES - CTX_BYTES + 1] = {0};
    aead_seal(box, STR(""), nonce, key, CTX_WRAP, PARTS(STR_OF(place)));
}

static void seal_with_a_context_that_is_none(void)
{
    uint8_t box[AEAD_TAG_BYTES];
    aead_seal(box, STR(""), nonce, key, "troth1:short", PARTS(STR("")));
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(seal_a_place_that_is_too_long));
    assert_true(aborts(seal_with_a_context_that_is_none));
}

static int open_record(void **state)
{
    (void)state;
    return record_open() == ERR_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_opens_as_its_text),
        cmocka_unit_test(any_other_key_nonce_or_place_leaves_it_shut),
        cmocka_unit_test(a_changed_or_shorter_box_stays_shut),
        cmocka_unit_test(misuse_is_stopped),
    };
    return cmocka_run_group_tests(tests, open_record, NULL);
}
