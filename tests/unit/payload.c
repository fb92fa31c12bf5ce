/* payload.c -- what people say opens where it was said, whole, and nowhere else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/payload.h"

static uint8_t circle[HASH_BYTES], author[SIGN_PK_BYTES], id[ID_BYTES], content_key[KEY_BYTES];
static const struct payload_place place = {.circle = circle, .author = author, .id = id, .epoch = 7};

/* { 1: 2, 2: a byte string of n } */
static struct str note(struct arena *a, size_t n)
{
    uint8_t *words = arena_take(a, n), *room = arena_take(a, n + 16);
    struct out o = out_over(room, n + 16);
    assert_non_null(words);
    cbor_put_map(&o, 2);
    cbor_put_uint(&o, PAYLOAD_KEY_TYPE);
    cbor_put_uint(&o, PAYLOAD_NOTE);
    cbor_put_uint(&o, 2);
    cbor_put_bytes(&o, str_at(words, n));
    return out_str(&o);
}

static int make(void **state)
{
    static struct arena a;
    if (record_open() != ERR_OK) return -1;
    arena_init(&a, 1024 * 1024);
    memset(circle, 1, sizeof circle);
    memset(author, 2, sizeof author);
    memset(id, 3, sizeof id);
    memset(content_key, 4, sizeof content_key);
    *state = &a;
    return 0;
}

static int unmake(void **state)
{
    arena_fini(*state);
    return 0;
}

static void assert_unreadable(struct arena *a, const struct payload_place *where, const uint8_t *key,
                              struct str payload)
{
    struct str text = STR("untouched");
    assert_int_equal(payload_open(a, where, key, payload, &text), ERR_UNREADABLE);
    assert_true(str_is(text, STR("untouched")));
}

static void a_text_of_every_size_opens_again(void **state)
{
    struct arena *a = *state;
    for (size_t n = 0; n < 1500; n += 13) {
        struct str text = note(a, n), payload = {0}, opened = {0};
        assert_int_equal(payload_seal(a, &place, content_key, text, &payload), ERR_OK);
        assert_int_equal(payload.len, pad_bytes(text.len) + PAYLOAD_OVERHEAD_BYTES);
        assert_int_equal(payload_open(a, &place, content_key, payload, &opened), ERR_OK);
        assert_true(str_is(opened, text));
        arena_fini(a);
    }
}

/* What is sealed may be "yes" or "no": nobody can tell by its length. */
static void B7_short_texts_are_equally_long(void **state)
{
    struct arena *a = *state;
    struct str yes = {0}, no = {0};
    assert_int_equal(payload_seal(a, &place, content_key, STR("\xa2\x01\x02\x02\x63yes"), &yes), ERR_OK);
    assert_int_equal(payload_seal(a, &place, content_key, STR("\xa2\x01\x02\x02\x62no"), &no), ERR_OK);
    assert_int_equal(yes.len, 552);
    assert_int_equal(no.len, 552);
    assert_memory_not_equal(yes.at, no.at, AEAD_NONCE_BYTES);
}

static void the_longest_text_fits_and_no_longer_one(void **state)
{
    struct arena *a = *state;
    struct str payload = {0}, opened = {0}, kept;
    struct str longest = note(a, PAYLOAD_TEXT_BYTES - 7); /* seven bytes of map, keys and heads around it */
    assert_int_equal(longest.len, PAYLOAD_TEXT_BYTES);
    assert_int_equal(payload_seal(a, &place, content_key, longest, &payload), ERR_OK);
    assert_int_equal(payload.len, LIMIT_PAYLOAD_BYTES);
    assert_int_equal(payload_open(a, &place, content_key, payload, &opened), ERR_OK);
    assert_true(str_is(opened, longest));
    kept = payload;
    struct str longer = note(a, PAYLOAD_TEXT_BYTES);
    assert_true(longer.len > PAYLOAD_TEXT_BYTES);
    assert_int_equal(payload_seal(a, &place, content_key, longer, &payload), ERR_TOO_LARGE);
    assert_true(str_is(payload, kept));
    uint8_t *huge = arena_take(a, LIMIT_PAYLOAD_BYTES + 1);
    memcpy(huge, payload.at, payload.len);
    assert_unreadable(a, &place, content_key, str_at(huge, LIMIT_PAYLOAD_BYTES + 1));
}

static void K14_another_place_leaves_it_shut(void **state)
{
    struct arena *a = *state;
    struct str payload = {0};
    uint8_t other[HASH_BYTES], other_key[KEY_BYTES] = {9};
    memset(other, 8, sizeof other);
    assert_int_equal(payload_seal(a, &place, content_key, note(a, 20), &payload), ERR_OK);
    struct payload_place elsewhere[5];
    for (size_t i = 0; i < 5; i++) elsewhere[i] = place;
    elsewhere[0].circle = other;
    elsewhere[1].author = other;
    elsewhere[2].id = other;
    elsewhere[3].epoch = 8;
    elsewhere[4].epoch = place.epoch << 8;
    for (size_t i = 0; i < 5; i++) assert_unreadable(a, &elsewhere[i], content_key, payload);
    assert_unreadable(a, &place, other_key, payload);
}

static void a_changed_bit_leaves_it_shut(void **state)
{
    struct arena *a = *state;
    struct str payload = {0};
    uint8_t changed[552];
    struct arena each;
    assert_int_equal(payload_seal(a, &place, content_key, note(a, 20), &payload), ERR_OK);
    assert_int_equal(payload.len, sizeof changed);
    for (size_t i = 0; i < sizeof changed; i++) {
        arena_init(&each, 8 * 1024);
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(changed, payload.at, sizeof changed);
            changed[i] ^= (uint8_t)(1u << bit);
            assert_unreadable(&each, &place, content_key, STR_OF(changed));
        }
        arena_fini(&each);
    }
}

static void cut_anywhere_it_stays_shut(void **state)
{
    struct arena *a = *state;
    struct str payload = {0};
    struct arena each;
    assert_int_equal(payload_seal(a, &place, content_key, note(a, 20), &payload), ERR_OK);
    for (size_t n = 0; n < payload.len; n++) {
        arena_init(&each, 1024);
        assert_unreadable(&each, &place, content_key, str_at(payload.at, n));
        arena_fini(&each);
    }
    assert_unreadable(a, &place, content_key, (struct str){0}); /* an erased one */
}

/* Seals whatever lies in padded, as a malicious member's own program might. */
static struct str seal_raw(struct arena *a, struct str padded)
{
    uint8_t *box = arena_take(a, padded.len + PAYLOAD_OVERHEAD_BYTES);
    static const uint8_t epoch[8] = {0, 0, 0, 0, 0, 0, 0, 7};
    assert_non_null(box);
    memset(box, 5, AEAD_NONCE_BYTES);
    aead_seal(box + AEAD_NONCE_BYTES, padded, box, content_key, CTX_PAYLOAD,
              PARTS(STR_OF(circle), STR_OF(author), STR_OF(epoch), STR_OF(id)));
    return str_at(box, padded.len + PAYLOAD_OVERHEAD_BYTES);
}

static void only_the_one_padding_is_read(void **state)
{
    struct arena *a = *state;
    const struct str text = STR("\xa2\x01\x02\x02\x62no");
    struct str opened = {0};
    uint8_t padded[1024] = {0};
    pad_put(padded, 512, text);
    assert_int_equal(payload_open(a, &place, content_key, seal_raw(a, str_at(padded, 512)), &opened), ERR_OK);
    assert_true(str_is(opened, text)); /* so seal_raw makes what would be read, if it were right */
    static const size_t wrong_size[] = {0, 1, 16, 511, 513, 544, 1024};
    for (size_t i = 0; i < sizeof wrong_size / sizeof wrong_size[0]; i++) {
        size_t n = wrong_size[i];
        if (n > text.len) pad_put(padded, n, text);
        assert_unreadable(a, &place, content_key, seal_raw(a, str_at(padded, n)));
    }
    pad_put(padded, 512, text);
    padded[511] = 1; /* no padding at all */
    assert_unreadable(a, &place, content_key, seal_raw(a, str_at(padded, 512)));
    memset(padded, 0, sizeof padded);
    assert_unreadable(a, &place, content_key, seal_raw(a, str_at(padded, 512)));
}

/* C7 among them: text that is not UTF-8 is stored by a server, and shown as unreadable by clients. */
static void C7_a_text_that_is_no_map_is_unreadable(void **state)
{
    struct arena *a = *state;
    static const struct str bad[] = {
        {(const uint8_t *)"", 0},
        {(const uint8_t *)"\xa0", 1},                             /* without a type       */
        {(const uint8_t *)"\xa1\x02\x02", 3},                     /* the same             */
        {(const uint8_t *)"\xa1\x01\x61y", 4},                    /* its type is a text   */
        {(const uint8_t *)"\x81\x02", 2},                         /* a list               */
        {(const uint8_t *)"\x02", 1},                             /* a number             */
        {(const uint8_t *)"\xa1\x01\x02\x00", 4},                 /* something behind it  */
        {(const uint8_t *)"\xa2\x01\x02\x01\x02", 5},             /* a key twice          */
        {(const uint8_t *)"\xa1\x01\x18\x02", 4},                 /* a longer head        */
        {(const uint8_t *)"\xa2\x01\x02\x02\x62\xc0\xaf", 7},     /* overlong UTF-8       */
        {(const uint8_t *)"\xa2\x01\x02\x02\xf6", 5},             /* null                 */
        {(const uint8_t *)"\xa2\x01\x02\x02\x81\x81\x81\x81\x00", 9}, /* nested too deep  */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint8_t padded[512];
        struct str payload = STR("untouched");
        uint64_t type = 99;
        pad_put(padded, sizeof padded, bad[i]);
        assert_unreadable(a, &place, content_key, seal_raw(a, STR_OF(padded)));
        assert_int_equal(payload_seal(a, &place, content_key, bad[i], &payload), ERR_BAD_CBOR);
        assert_true(str_is(payload, STR("untouched")));
        assert_int_equal(payload_type(bad[i], &type), ERR_UNREADABLE);
        assert_int_equal(type, 99);
    }
}

static void the_type_is_told_also_of_a_newer_troth(void **state)
{
    (void)state;
    uint64_t type = 0;
    assert_int_equal(payload_type(STR("\xa1\x01\x0e"), &type), ERR_OK);
    assert_int_equal(type, PAYLOAD_RESIDUE);
    assert_int_equal(payload_type(STR("\xa2\x01\x19\x03\xe8\x17\x00"), &type), ERR_OK);
    assert_int_equal(type, 1000);
}

static void fields_are_those_of_the_type_and_when_it_was_written(void **state)
{
    (void)state;
    struct cbor_map map;
    uint32_t two = CBOR_KEY(2), three = CBOR_KEY(3);
    const struct str text = STR("\xa2\x01\x02\x02\x62no"), written = STR("\xa3\x01\x02\x02\x62no\x17\x05");
    assert_int_equal(payload_fields(text, PAYLOAD_NOTE, two, 0, &map), ERR_OK);
    assert_int_equal(payload_fields(text, PAYLOAD_NOTE, two, three, &map), ERR_OK);
    assert_int_equal(payload_fields(written, PAYLOAD_NOTE, two, 0, &map), ERR_OK);
    assert_true(cbor_map_has(&map, PAYLOAD_KEY_WRITTEN));
    assert_int_equal(payload_fields(text, PAYLOAD_PROMISE, two, 0, &map), ERR_UNREADABLE);
    assert_int_equal(payload_fields(text, PAYLOAD_NOTE, 0, 0, &map), ERR_UNREADABLE);
    assert_int_equal(payload_fields(text, PAYLOAD_NOTE, two | three, 0, &map), ERR_UNREADABLE);
    assert_int_equal(payload_fields(STR("\xa3\x01\x02\x02\x62no\x17\x60"), PAYLOAD_NOTE, two, 0, &map),
                     ERR_UNREADABLE);
    assert_int_equal(payload_fields(STR("\xa0"), PAYLOAD_NOTE, 0, 0, &map), ERR_UNREADABLE);
}

static void too_little_memory_is_told(void **state)
{
    struct arena *a = *state;
    struct arena small;
    struct str payload = {0}, kept, text = STR("untouched");
    assert_int_equal(payload_seal(a, &place, content_key, note(a, 20), &payload), ERR_OK);
    arena_init(&small, 500);
    assert_int_equal(payload_open(&small, &place, content_key, payload, &text), ERR_NO_MEMORY);
    assert_true(str_is(text, STR("untouched")));
    kept = payload;
    assert_int_equal(payload_seal(&small, &place, content_key, note(a, 20), &payload), ERR_NO_MEMORY);
    assert_true(str_is(payload, kept));
    arena_fini(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_every_size_opens_again),
        cmocka_unit_test(B7_short_texts_are_equally_long),
        cmocka_unit_test(the_longest_text_fits_and_no_longer_one),
        cmocka_unit_test(K14_another_place_leaves_it_shut),
        cmocka_unit_test(a_changed_bit_leaves_it_shut),
        cmocka_unit_test(cut_anywhere_it_stays_shut),
        cmocka_unit_test(only_the_one_padding_is_read),
        cmocka_unit_test(C7_a_text_that_is_no_map_is_unreadable),
        cmocka_unit_test(the_type_is_told_also_of_a_newer_troth),
        cmocka_unit_test(fields_are_those_of_the_type_and_when_it_was_written),
        cmocka_unit_test(too_little_memory_is_told),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
