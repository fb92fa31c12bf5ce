/* out.c -- the builder: what it writes, and that it fails once, stays failed and never writes beyond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/out.h"

static void assert_built(const struct out *o, struct str expected)
{
    assert_false(o->is_full);
    struct str s = out_str(o);
    assert_int_equal(s.len, expected.len);
    assert_memory_equal(s.at, expected.at, expected.len);
}

static void pieces_stand_behind_one_another(void **state)
{
    (void)state;
    uint8_t room[64];
    struct out o = OUT_OVER(room);
    out_put(&o, STR("Ana"));
    out_put(&o, STR(""));
    out_put(&o, (struct str){0});
    out_text(&o, " & ");
    out_text(&o, "");
    out_put(&o, STR("B\0n"));
    out_put_byte(&o, 0);
    out_put_byte(&o, 255);
    assert_built(&o, STR("Ana & B\0n\0\xff"));
    assert_ptr_equal(out_str(&o).at, room);
}

static void a_number_in_eight_bytes_is_big_endian(void **state)
{
    (void)state;
    uint8_t room[24];
    struct out o = OUT_OVER(room);
    out_put_be64(&o, 0);
    out_put_be64(&o, UINT64_C(0x0102030405060708));
    out_put_be64(&o, UINT64_MAX);
    assert_built(&o, STR("\0\0\0\0\0\0\0\0\x01\x02\x03\x04\x05\x06\x07\x08\xff\xff\xff\xff\xff\xff\xff\xff"));
}

static void decimals_have_no_leading_zero(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        const char *text;
    } is[] = {
        {0, "0"},
        {1, "1"},
        {9, "9"},
        {10, "10"},
        {99, "99"},
        {100, "100"},
        {1000000, "1000000"},
        {UINT64_C(9007199254740991), "9007199254740991"},
        {UINT64_C(10000000000000000000), "10000000000000000000"},
        {UINT64_MAX, "18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
        uint8_t room[20];
        struct out o = OUT_OVER(room);
        out_put_decimal(&o, is[i].n);
        assert_built(&o, str_of_text(is[i].text));
    }
}

static void hexadecimals_are_lower_case_and_two_a_byte(void **state)
{
    (void)state;
    uint8_t every[256], room[512];
    for (unsigned i = 0; i < 256; i++) every[i] = (uint8_t)i;
    struct out o = OUT_OVER(room);
    out_put_hex(&o, STR_OF(every));
    assert_false(o.is_full);
    assert_int_equal(o.len, 512);
    for (unsigned i = 0; i < 256; i++) {
        static const char digit[] = "0123456789abcdef";
        assert_int_equal(room[2 * i], digit[i / 16]);
        assert_int_equal(room[2 * i + 1], digit[i % 16]);
    }
    struct out none = OUT_OVER(room);
    out_put_hex(&none, (struct str){0});
    assert_built(&none, STR(""));
}

/* Every writer, into every size of room that is too small and the first that is not. */
static void write_one(struct out *o, int which)
{
    switch (which) {
    case 0: out_put(o, STR("promise")); break;
    case 1: out_put_byte(o, 'p'); break;
    case 2: out_put_be64(o, 7); break;
    case 3: out_put_decimal(o, 1234567); break;
    case 4: out_put_hex(o, STR("\x01\x02\x03")); break;
    case 5: out_text(o, "kept"); break;
    default: fail();
    }
}

static void what_does_not_fit_is_never_written_beyond(void **state)
{
    (void)state;
    static const size_t bytes[] = {7, 1, 8, 7, 6, 4};
    for (int which = 0; which < 6; which++) {
        for (size_t cap = 0; cap <= bytes[which]; cap++) {
            uint8_t room[16];
            memset(room, 0xa5, sizeof room);
            struct out o = out_over(room, cap);
            write_one(&o, which);
            assert_int_equal(o.is_full, cap < bytes[which]);
            assert_true(o.len <= cap);
            for (size_t i = cap; i < sizeof room; i++) assert_int_equal(room[i], 0xa5);
            struct str s = out_str(&o);
            assert_int_equal(s.len, o.is_full ? 0 : cap);
            assert_ptr_equal(s.at, o.is_full ? NULL : room);
        }
    }
}

static void once_failed_it_stays_failed(void **state)
{
    (void)state;
    for (int which = 0; which < 6; which++) {
        uint8_t room[16];
        struct out o = out_over(room, 12);
        out_put(&o, STR("Ana"));
        out_put(&o, STR("far too long for this"));
        assert_true(o.is_full);
        assert_int_equal(o.len, 3);
        write_one(&o, which); /* would fit now, and would leave a hole in the message */
        out_put(&o, STR(""));
        assert_true(o.is_full);
        assert_int_equal(o.len, 3);
        assert_null(out_str(&o).at);
        assert_int_equal(out_str(&o).len, 0);
    }
}

static void a_length_near_the_largest_does_not_wrap(void **state)
{
    (void)state;
    uint8_t room[8];
    struct out o = OUT_OVER(room);
    out_put(&o, STR("Ana"));
    out_put(&o, str_at(room, SIZE_MAX));
    assert_true(o.is_full);
    struct out p = OUT_OVER(room);
    out_put(&p, STR("Ana"));
    out_put(&p, str_at(room, SIZE_MAX - 2)); /* 3 + this is 0 again */
    assert_true(p.is_full);
    assert_int_equal(p.len, 3);
}

static void no_room_at_all_holds_nothing(void **state)
{
    (void)state;
    struct out o = out_over(NULL, 0);
    out_put(&o, STR(""));
    assert_false(o.is_full);
    assert_int_equal(out_str(&o).len, 0);
    out_put_byte(&o, 1);
    assert_true(o.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_stand_behind_one_another),
        cmocka_unit_test(a_number_in_eight_bytes_is_big_endian),
        cmocka_unit_test(decimals_have_no_leading_zero),
        cmocka_unit_test(hexadecimals_are_lower_case_and_two_a_byte),
        cmocka_unit_test(what_does_not_fit_is_never_written_beyond),
        cmocka_unit_test(once_failed_it_stays_failed),
        cmocka_unit_test(a_length_near_the_largest_does_not_wrap),
        cmocka_unit_test(no_room_at_all_holds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
