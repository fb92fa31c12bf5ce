/* walk.c -- what is walked over is in the strict subset of cbor.h, and reads the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "harness/random.h"
#include "practice/walk.h"

static void each_item_reads_as_it_was_put(void **state)
{
    (void)state;
    static const uint64_t number[] = {0, 23, 24, 255, 256, 65535, 65536, 4294967295, 4294967296, LIMIT_NUMBER};
    uint8_t room[256];
    struct out o = OUT_OVER(room);
    cbor_put_map(&o, 2);
    cbor_put_list(&o, sizeof number / sizeof *number);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) cbor_put_uint(&o, number[i]);
    cbor_put_text(&o, STR("Ana"));
    cbor_put_bytes(&o, STR("Ben"));
    cbor_put_bytes(&o, STR("Cleo"));
    struct walk w = walk_over(out_str(&o));
    assert_int_equal(walk_map(&w), 2);
    assert_int_equal(walk_list(&w), sizeof number / sizeof *number);
    for (size_t i = 0; i < sizeof number / sizeof *number; i++) assert_int_equal(walk_uint(&w), number[i]);
    assert_true(str_is(walk_text(&w), STR("Ana")) && str_is(walk_bytes(&w), STR("Ben")));
    assert_false(walk_is_whole(&w));
    const uint8_t *cleo = walk_bytes_n(&w, 4);
    assert_non_null(cleo);
    assert_true(walk_is_whole(&w));
    assert_int_equal(walk_uint(&w), 0);
    assert_true(w.has_failed && !walk_is_whole(&w));
}

/* One number: both take it, or neither does. */
static void what_cbor_refuses_is_refused(void **state)
{
    (void)state;
    struct random r;
    random_init(&r, "numbers and strings in any bytes");
    for (unsigned i = 0; i < 300000; i++) {
        uint8_t bytes[12];
        uint64_t number = 0;
        struct str string = {0}, whole = str_at(bytes, (size_t)random_below(&r, sizeof bytes + 1));
        random_bytes(&r, bytes, sizeof bytes);
        if (random_is_one_in(&r, 2)) bytes[0] = (uint8_t)(bytes[0] & 0x5f); /* numbers and byte strings */
        if (random_is_one_in(&r, 2)) bytes[1] = bytes[2] = 0;
        struct walk w = walk_over(whole), v = w;
        uint64_t walked = walk_uint(&w);
        assert_int_equal(walk_is_whole(&w), cbor_uint(whole, &number) == ERR_OK);
        if (walk_is_whole(&w)) assert_int_equal(walked, number);
        struct str passed = walk_bytes(&v);
        assert_int_equal(walk_is_whole(&v), cbor_bytes(whole, &string) == ERR_OK);
        if (walk_is_whole(&v)) assert_true(str_is(passed, string));
    }
}

static void it_fails_once_and_stays_failed(void **state)
{
    (void)state;
    struct walk w = walk_over(STR("\x18\x18\x01\x01"));
    assert_int_equal(walk_uint(&w), 24);
    assert_null(walk_bytes_n(&w, 1));
    assert_int_equal(walk_uint(&w), 0);
    assert_int_equal(walk_text(&w).len, 0);
    assert_true(w.has_failed);
    w = walk_over((struct str){0});
    assert_false(walk_is_whole(&w));
    w = walk_over(STR("\x98\x41")); /* more members than any list has */
    assert_int_equal(walk_list(&w), 0);
    assert_true(w.has_failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_item_reads_as_it_was_put),
        cmocka_unit_test(what_cbor_refuses_is_refused),
        cmocka_unit_test(it_fails_once_and_stays_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
