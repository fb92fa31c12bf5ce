/* str.c -- borrowed bytes: comparing them, and telling UTF-8 from what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

static const struct str nothing = {0}; /* no address at all, as an empty str may have */

static void a_literal_has_no_nul(void **state)
{
    (void)state;
    struct str s = STR("a\0b");
    assert_int_equal(s.len, 3);
    assert_memory_equal(s.at, "a\0b", 3);
    assert_int_equal(STR("").len, 0);
    uint8_t bytes[5] = {1, 2, 3, 4, 5};
    assert_int_equal(STR_OF(bytes).len, 5);
    assert_ptr_equal(STR_OF(bytes).at, bytes);
    assert_int_equal(str_of_text("Ana").len, 3);
    assert_int_equal(str_of_text("").len, 0);
}

static void is_means_same_length_and_bytes(void **state)
{
    (void)state;
    assert_true(str_is(STR("Ana"), STR("Ana")));
    assert_false(str_is(STR("Ana"), STR("Anb")));
    assert_false(str_is(STR("Ana"), STR("Bna")));
    assert_false(str_is(STR("Ana"), STR("Anas")));
    assert_false(str_is(STR("Anas"), STR("Ana")));
    assert_false(str_is(STR("a\0b"), STR("a\0c")));
    assert_true(str_is(nothing, nothing));
    assert_true(str_is(nothing, STR("")));
    assert_false(str_is(nothing, STR("a")));
    assert_false(str_is(STR("a"), nothing));
}

static void starts_looks_at_the_front_only(void **state)
{
    (void)state;
    assert_true(str_starts(STR("Ana and Ben"), STR("Ana")));
    assert_true(str_starts(STR("Ana"), STR("Ana")));
    assert_true(str_starts(STR("Ana"), STR("")));
    assert_true(str_starts(nothing, nothing));
    assert_true(str_starts(STR("Ana"), nothing));
    assert_false(str_starts(nothing, STR("A")));
    assert_false(str_starts(STR("An"), STR("Ana")));
    assert_false(str_starts(STR("Ana and Ben"), STR("Ben")));
    assert_false(str_starts(STR("Ana"), STR("ana")));
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void compare_orders_bytewise_and_a_prefix_first(void **state)
{
    (void)state;
    const struct str ascending[] = {nothing,     STR("\0"),       STR("\0\0"), STR("\x01"),    STR("A"),
                                    STR("Ana"),  STR("Anb"),      STR("B"),    STR("a"),       STR("\x7f"),
                                    STR("\x80"), STR("\xc3\xa4"), STR("\xff"), STR("\xff\xff")};
    int n = (int)(sizeof ascending / sizeof *ascending);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            assert_int_equal(sign(str_compare(ascending[i], ascending[j])), sign(i - j));
        }
    }
    assert_int_equal(str_compare(nothing, STR("")), 0);
}

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

/* One character as RFC 3629 section 3 defines it, by arithmetic: the expectation against which the
 * tables of str.c are held. Gives its length. */
static size_t encode(uint32_t point, uint8_t out[static 4])
{
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    size_t n = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, point >>= 6) out[i] = (uint8_t)(0x80 | (point & 0x3f));
    out[0] = (uint8_t)(lead[n] | point);
    return n;
}

static bool is_character(uint32_t point)
{
    return point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

/* Whether n bytes are well formed, by decoding without any check and encoding again. */
static bool expected_utf8(const uint8_t *at, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint8_t lead = at[i], again[4];
        size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (length > n - i) return false;
        uint32_t point = length == 1 ? lead : lead & (0x7fu >> length);
        for (size_t j = 1; j < length; j++) point = point << 6 | (at[i + j] & 0x3f);
        if (!is_character(point) || encode(point, again) != length) return false;
        if (memcmp(at + i, again, length) != 0) return false;
        i += length;
    }
    return true;
}

static void every_character_is_utf8_and_no_surrogate_is(void **state)
{
    (void)state;
    size_t characters_n = 0;
    for (uint32_t point = 0; point < 0x200000; point++) {
        uint8_t bytes[4];
        size_t n = encode(point, bytes);
        bool is = str_is_utf8(str_at(bytes, n));
        if (is != is_character(point)) fail_msg("U+%04X", point);
        characters_n += is;
        for (size_t cut = 1; cut < n; cut++) {
            if (str_is_utf8(str_at(bytes, cut))) fail_msg("U+%04X cut to %zu bytes", point, cut);
        }
    }
    assert_int_equal(characters_n, 0x110000 - 0x800);
}

static void all_strings_of_up_to_three_bytes_agree_with_arithmetic(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 0x1000000; i++) {
        const uint8_t bytes[3] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};
        for (size_t n = i > 0xffff ? 3 : i > 0xff ? 2 : 1; n <= 3; n++) {
            if (str_is_utf8(str_at(bytes, n)) == expected_utf8(bytes, n)) continue;
            fail_msg("%02x %02x %02x, %zu bytes", bytes[0], bytes[1], bytes[2], n);
        }
    }
}

static void four_bytes_agree_with_arithmetic(void **state)
{
    (void)state;
    static const uint8_t last[] = {0x00, 0x3f, 0x7f, 0x80, 0xbf, 0xc0, 0xff};
    for (uint32_t i = 0; i < 0x10 * 0x100 * sizeof last * sizeof last; i++) {
        const uint8_t bytes[4] = {(uint8_t)(0xf0 | (i & 0xf)), (uint8_t)(i >> 4), last[(i >> 12) % sizeof last],
                                  last[(i >> 12) / sizeof last]};
        if (str_is_utf8(str_at(bytes, 4)) == expected_utf8(bytes, 4)) continue;
        fail_msg("%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
    }
}

static void known_bad_forms_are_refused_wherever_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *what, *bytes;
        size_t n;
    } bad[] = {
        {"overlong /, two bytes", "\xc0\xaf", 2},
        {"overlong NUL", "\xc0\x80", 2},
        {"overlong DEL", "\xc1\xbf", 2},
        {"overlong /, three bytes", "\xe0\x80\xaf", 3},
        {"overlong U+07FF", "\xe0\x9f\xbf", 3},
        {"overlong U+FFFF", "\xf0\x8f\xbf\xbf", 4},
        {"U+D800", "\xed\xa0\x80", 3},
        {"U+DFFF", "\xed\xbf\xbf", 3},
        {"a pair of surrogates", "\xed\xa0\x81\xed\xb0\x80", 6},
        {"U+110000", "\xf4\x90\x80\x80", 4},
        {"a lead of five bytes", "\xf8\x88\x80\x80\x80", 5},
        {"0xfe", "\xfe", 1},
        {"0xff", "\xff", 1},
        {"a tail alone", "\x80", 1},
        {"two bytes, cut", "\xc3", 1},
        {"three bytes, cut", "\xe6\xb0", 2},
        {"four bytes, cut", "\xf0\x90\x85", 3},
        {"ASCII for a tail", "\xc3\x28", 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t text[16] = "Ana";
        if (str_is_utf8(str_at(bad[i].bytes, bad[i].n))) fail_msg("%s", bad[i].what);
        memcpy(text + 3, bad[i].bytes, bad[i].n);
        if (str_is_utf8(str_at(text, 3 + bad[i].n))) fail_msg("%s, at the end", bad[i].what);
        memcpy(text + 3 + bad[i].n, "Ben", 3);
        if (str_is_utf8(str_at(text, 6 + bad[i].n))) fail_msg("%s, in the middle", bad[i].what);
        assert_true(str_is_utf8(str_at(text, 3)));
    }
}

static void good_text_is_utf8(void **state)
{
    (void)state;
    assert_true(str_is_utf8(nothing));
    assert_true(str_is_utf8(STR("")));
    assert_true(str_is_utf8(STR("\0")));
    assert_true(str_is_utf8(STR("Ana und Bj\xc3\xb6rn \xe6\xb0\xb4 \xf0\x90\x85\x91 \xef\xbf\xbf")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_literal_has_no_nul),
        cmocka_unit_test(is_means_same_length_and_bytes),
        cmocka_unit_test(starts_looks_at_the_front_only),
        cmocka_unit_test(compare_orders_bytewise_and_a_prefix_first),
        cmocka_unit_test(every_character_is_utf8_and_no_surrogate_is),
        cmocka_unit_test(all_strings_of_up_to_three_bytes_agree_with_arithmetic),
        cmocka_unit_test(four_bytes_agree_with_arithmetic),
        cmocka_unit_test(known_bad_forms_are_refused_wherever_they_stand),
        cmocka_unit_test(good_text_is_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
