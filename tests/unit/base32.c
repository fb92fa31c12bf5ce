/* base32.c -- bytes as text for people: what is written, what is read back, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base32.h"

static void assert_text(struct str bytes, const char *text)
{
    uint8_t room[64], read[32];
    struct out o = OUT_OVER(room);
    base32_put(&o, bytes);
    assert_false(o.is_full);
    assert_int_equal(o.len, BASE32_TEXT_BYTES(bytes.len));
    assert_true(str_is(out_str(&o), str_of_text(text)));
    memset(read, 0xa5, sizeof read);
    assert_int_equal(base32_read(str_of_text(text), read, bytes.len), ERR_OK);
    assert_true(str_is(str_at(read, bytes.len), bytes));
    assert_int_equal(read[bytes.len], 0xa5);
}

/* The texts were made by another program. */
static void bytes_have_one_text(void **state)
{
    (void)state;
    assert_text(STR(""), "");
    assert_text(STR("\xf6"), "YR");
    assert_text(STR("\xf3\xf4"), "YFT0");
    assert_text(STR("\xf0\xf1\xf2"), "Y3RZ4");
    assert_text(STR("\xed\xee\xef\xf0"), "XQQEZW0");
    assert_text(STR("\xea\xeb\xec\xed\xee"), "XBNYSVFE");
    assert_text(STR("\xe7\xe8\xe9\xea\xeb\xec"), "WZMEKTQBXG");
    assert_text(STR("\xff\xff\xff\xff\xff"), "ZZZZZZZZ");
    assert_text(STR("\0\0\0\0\0"), "00000000");
    assert_text(STR("troth"), "EHS6YX38");
}

static void every_pair_of_bytes_comes_back(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 0x10000; n++) {
        uint8_t bytes[2] = {(uint8_t)(n >> 8), (uint8_t)n}, read[2], room[4];
        struct out o = OUT_OVER(room);
        base32_put(&o, STR_OF(bytes));
        assert_int_equal(base32_read(out_str(&o), read, sizeof read), ERR_OK);
        assert_memory_equal(read, bytes, sizeof read);
    }
}

static void exactly_the_letters_that_get_mistaken_have_two_readings(void **state)
{
    (void)state;
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    for (unsigned c = 0; c < 256; c++) {
        int value = -1;
        for (int i = 0; i < 32; i++) {
            bool is_letter = digits[i] >= 'A';
            if (c == (unsigned char)digits[i] || (is_letter && c == ((unsigned char)digits[i] | 0x20u))) value = i;
        }
        if (c == 'O' || c == 'o') value = 0;
        if (c == 'I' || c == 'i' || c == 'L' || c == 'l') value = 1;
        assert_int_equal(base32_value((uint8_t)c), value);
    }
    for (unsigned value = 0; value < 32; value++) {
        assert_int_equal(base32_digit(value), digits[value]);
    }
    uint8_t read[5];
    assert_int_equal(base32_read(STR("ehs6yx38"), read, sizeof read), ERR_OK);
    assert_memory_equal(read, "troth", 5);
    assert_int_equal(base32_read(STR("oOiIlL01"), read, sizeof read), ERR_OK);
    assert_memory_equal(read, "\x00\x02\x10\x84\x01", 5);
}

static void assert_refused(struct str text, size_t n)
{
    uint8_t read[64];
    memset(read, 0xa5, sizeof read);
    assert_int_equal(base32_read(text, read, n), ERR_BAD_CODE);
    for (size_t i = 0; i < sizeof read; i++) assert_int_equal(read[i], 0xa5);
}

static void what_is_no_text_of_n_bytes_is_refused(void **state)
{
    (void)state;
    assert_refused(STR(""), 1);
    assert_refused(STR("0"), 0);
    assert_refused(STR("YFT"), 2);
    assert_refused(STR("YFT00"), 2);
    assert_refused(STR("EHS6YX3"), 5);
    assert_refused(STR("EHS6-YX38"), 5);
    assert_refused(STR("EHS6UX38"), 5);
    assert_refused(STR("EHS6 X38"), 5);
    assert_refused(STR("EHS6\0X38"), 5);
    assert_refused(STR("EHS6YX3\xff"), 5);
    assert_refused(STR("EHS6YX38"), SIZE_MAX);
    assert_refused(STR("EHS6YX38"), SIZE_MAX / 8 + 5);
}

static void fill_bits_must_be_zero(void **state)
{
    (void)state;
    uint8_t read[1];
    assert_int_equal(base32_read(STR("YR"), read, 1), ERR_OK);
    assert_refused(STR("YS"), 1); /* the same eight bits, but another text */
    assert_refused(STR("YT"), 1);
    assert_refused(STR("YFT1"), 2);
    assert_refused(STR("YFT8"), 2);
    assert_refused(STR("Y3RZ5"), 3);
}

static void what_does_not_fit_fills_the_builder(void **state)
{
    (void)state;
    uint8_t room[7];
    struct out o = OUT_OVER(room);
    base32_put(&o, STR("troth"));
    assert_true(o.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_have_one_text),
        cmocka_unit_test(every_pair_of_bytes_comes_back),
        cmocka_unit_test(exactly_the_letters_that_get_mistaken_have_two_readings),
        cmocka_unit_test(what_is_no_text_of_n_bytes_is_refused),
        cmocka_unit_test(fill_bits_must_be_zero),
        cmocka_unit_test(what_does_not_fit_fills_the_builder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
