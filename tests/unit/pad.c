/* pad.c -- sizes that many lengths share, and texts found again in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/aborts.h"
#include "record/pad.h"

static unsigned bits_of(size_t n)
{
    return n == 0 ? 0 : 1 + bits_of(n / 2);
}

static void a_size_is_never_less_and_at_most_12_percent_more(void **state)
{
    (void)state;
    size_t before = 0;
    for (size_t n = 0; n < 200000; n++) {
        size_t size = pad_padme(n);
        assert_true(size >= n && size >= PAD_LEAST_BYTES && size >= before);
        if (n > PAD_LEAST_BYTES) assert_true((size - n) * 100 <= 12 * n);
        assert_int_equal(pad_padme(size), size); /* a size is its own size */
        before = size;
    }
}

/* As Padmé is defined: of the bits of a size, only so many at the top are used as it takes to write the
 * position of the highest one. */
static void a_size_ends_in_zero_bits(void **state)
{
    (void)state;
    for (size_t n = PAD_LEAST_BYTES + 1; n < 200000; n += 7) {
        size_t size = pad_padme(n);
        unsigned highest = bits_of(size) - 1;
        size_t free_bits = highest - bits_of(highest);
        assert_int_equal(size % ((size_t)1 << free_bits), 0);
        assert_true(size - n < (size_t)1 << free_bits);
    }
}

static void known_sizes(void **state)
{
    (void)state;
    static const size_t text_n[] = {0, 9, 511, 512, 599, 999, 2047, 2048, 65535, 65536};
    static const size_t size[] = {512, 512, 512, 544, 608, 1024, 2048, 2176, 65536, 67584};
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) assert_int_equal(pad_bytes(text_n[i]), size[i]);
}

static void every_text_is_found_again(void **state)
{
    (void)state;
    uint8_t text[700], padded[700];
    for (size_t n = 0; n < sizeof text; n++) {
        struct str found;
        memset(text, n % 3 == 0 ? 0x80 : n % 3 == 1 ? 0 : 0xff, n); /* texts that look like padding too */
        for (size_t size = n + 1; size <= sizeof padded; size += 37) {
            memset(padded, 0xa5, sizeof padded);
            pad_put(padded, size, str_at(text, n));
            assert_true(pad_find(str_at(padded, size), &found));
            assert_int_equal(found.len, n);
            assert_ptr_equal(found.at, padded);
            assert_memory_equal(padded, text, n);
            assert_int_equal(padded[n], 0x80);
            for (size_t i = n + 1; i < size; i++) assert_int_equal(padded[i], 0);
            for (size_t i = size; i < sizeof padded; i++) assert_int_equal(padded[i], 0xa5);
        }
    }
}

static void what_was_not_padded_is_told(void **state)
{
    (void)state;
    uint8_t padded[64] = {0};
    struct str found = STR("untouched");
    assert_false(pad_find(str_at(padded, 0), &found));
    assert_false(pad_find(STR_OF(padded), &found)); /* zeros all the way */
    for (unsigned last = 1; last < 256; last++) {
        if (last == 0x80) continue;
        padded[40] = (uint8_t)last;
        assert_false(pad_find(STR_OF(padded), &found));
    }
    padded[40] = 0x80;
    padded[63] = 1;
    assert_false(pad_find(STR_OF(padded), &found));
    assert_true(str_is(found, STR("untouched")));
}

static void pad_a_text_that_leaves_no_room(void)
{
    uint8_t padded[5];
    pad_put(padded, sizeof padded, STR("hello"));
}

static void misuse_is_stopped(void **state)
{
    (void)state;
    assert_true(aborts(pad_a_text_that_leaves_no_room));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_is_never_less_and_at_most_12_percent_more),
        cmocka_unit_test(a_size_ends_in_zero_bits),
        cmocka_unit_test(known_sizes),
        cmocka_unit_test(every_text_is_found_again),
        cmocka_unit_test(what_was_not_padded_is_told),
        cmocka_unit_test(misuse_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
